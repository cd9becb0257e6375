"""What single pieces of a call cost in CPU time of one process; the least of many rounds counts.

Settings: {jwks, tokens, seconds}: the keys of tokens, tokens to verify for the first time, how long each piece is
tried. Reports microseconds by piece.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fynlo.orders.v1 import orders_service_pb2 as orders_api

from bench.alone import messages
from bench.generator.talk import Talk, run
from chassis.auth import Revocations, TokenVerifier
from chassis.clock import SystemClock
from chassis.rpc.validation import check

ROUND_CALLS = 200


async def measure(talk: Talk) -> dict[str, Any]:
    """Each piece in turn."""
    asked = await talk.order()
    clock, tokens, seconds = SystemClock(), asked["tokens"], asked["seconds"]
    verifier = TokenVerifier(lambda: _keys(asked), clock, known_keys=asked["jwks"])
    found = {"token_new_us": await _first_times(tokens, verifier.verify)}
    principal, revocations = await verifier.verify(tokens[0]), Revocations(clock)
    request, reply = messages.place_order(), orders_api.PlaceOrderResponse(order=messages.order())
    request_bytes, reply_bytes = request.SerializeToString(), reply.SerializeToString()
    pieces: dict[str, Callable[[], Any]] = {
        "token_known_us": lambda: verifier.remembered(tokens[0]),
        "revocations_us": lambda: revocations.check(principal),
        "rules_place_order_us": lambda: check(request),
        "request_written_us": request.SerializeToString,
        "request_read_us": lambda: orders_api.PlaceOrderRequest.FromString(request_bytes),
        "reply_written_us": reply.SerializeToString,
        "reply_read_us": lambda: orders_api.PlaceOrderResponse.FromString(reply_bytes),
    }
    talk.say("ready")
    return found | {name: _least(piece, seconds) for name, piece in pieces.items()}


async def _first_times(tokens: Sequence[str], verify: Callable[[str], Awaitable[Any]]) -> float:
    took = []
    for token in tokens:
        began = time.process_time()
        await verify(token)
        took.append(time.process_time() - began)
    return round(min(took) * 1e6, 2)


def _least(piece: Callable[[], Any], seconds: float) -> float:
    took, until = [], time.process_time() + seconds
    while time.process_time() < until:
        began = time.process_time()
        for _ in range(ROUND_CALLS):
            piece()
        took.append((time.process_time() - began) / ROUND_CALLS)
    return round(min(took) * 1e6, 2)


async def _keys(asked: dict[str, Any]) -> dict[str, Any]:
    return dict(asked["jwks"])


if __name__ == "__main__":
    run(measure)
