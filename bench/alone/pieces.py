"""What single pieces of a call cost in CPU time of one process; the least of many rounds counts.

Settings: {jwks, tokens, seconds}: the keys of tokens, tokens to verify for the first time, how long each is
tried. Reports microseconds by piece.
"""

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fynlo.orders.v1 import orders_service_pb2 as orders_api

from bench.alone import messages
from bench.alone.canned import CannedContext, CannedServices, guarded, http_scope
from bench.alone.gateway import settings_of
from bench.generator.talk import Talk, run
from chassis.auth import Revocations, ServiceIdentity, TokenVerifier
from chassis.clock import SystemClock
from chassis.rpc import Refusals
from chassis.rpc.admission import Admission as RpcAdmission
from chassis.rpc.validation import check
from chassis.telemetry import new_trace
from gateway.admission import Admission
from gateway.app import dispatch_of, served_app
from gateway.calls import Gateway, Limits
from gateway.edge import Edge
from gateway.limits import RateLimiter
from harness.rpc import settings_for_tests

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
    layers = {
        **_gateway_layers(verifier, revocations, tokens[0]),
        "guard_place_order_us": _guard_layer(verifier, revocations, tokens[0]),
    }
    talk.say("ready")
    found |= {name: _least(piece, seconds) for name, piece in pieces.items()}
    return found | {name: await _least_awaited(layer, seconds) for name, layer in layers.items()}


def _gateway_layers(
    verifier: TokenVerifier, revocations: Revocations, token: str
) -> dict[str, Callable[[], Awaitable[Any]]]:
    """From uvicorn's scope to grpc.aio and back: edge, dispatch, token, limits, body, our channel, answer."""
    clock = SystemClock()
    settings = settings_of(port=0, orders=0, redis_url=None)
    gateway = Gateway(
        settings,
        CannedServices(ServiceIdentity.of(settings, clock)),
        verifier,
        revocations,
        RateLimiter(None),
        Limits.of(settings),
        Refusals(clock),
    )
    limit = gateway.limits.address
    edge = Edge(dispatch_of(served_app(gateway)), Admission(address=limit, requests=10), tls_terminated=False)
    body = json.dumps(
        {
            "service_flow": "pay_later",
            "order_type": "takeaway",
            "menu_version": 1,
            "lines": [{"item_id": line.item_id, "quantity": 1} for line in messages.order().lines],
        }
    ).encode()
    headers = {"host": "127.0.0.1:8080", "authorization": f"Bearer {token}"}
    post = {
        **headers,
        "content-type": "application/json",
        "content-length": str(len(body)),
        "idempotency-key": "b.1764230400000000000.1.1",
    }
    return {
        "gateway_place_order_us": lambda: _asked(edge, http_scope("POST", "/api/v2/orders", post), body, 201),
        "gateway_get_order_us": lambda: _asked(
            edge, http_scope("GET", f"/api/v2/orders/{messages.ORDER_ID}", headers), b"", 200
        ),
    }


async def _asked(edge: Edge, scope: dict[str, Any], body: bytes, status: int) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message.get("status", status) != status:
            raise ValueError(f"{scope['path']} was answered with {message['status']}")

    await edge(scope, receive, send)


def _guard_layer(
    verifier: TokenVerifier, revocations: Revocations, token: str
) -> Callable[[], Awaitable[Any]]:
    clock = SystemClock()
    identity = ServiceIdentity.of(settings_for_tests(), clock)
    admission = RpcAdmission(verifier, revocations, identity, clock)
    serve = guarded(admission, Refusals(clock), "PlaceOrder")
    context = CannedContext(
        {
            "traceparent": new_trace().traceparent,
            "x-request-id": messages.ORDER_ID,
            "authorization": f"Bearer {token}",
            "user-agent": "grpc-python-asyncio",
        }
    )
    request = messages.place_order()
    return lambda: serve(request, context)


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


async def _least_awaited(layer: Callable[[], Awaitable[Any]], seconds: float) -> float:
    took, until = [], time.process_time() + seconds
    while time.process_time() < until:
        began = time.process_time()
        for _ in range(ROUND_CALLS):
            await layer()
        took.append((time.process_time() - began) / ROUND_CALLS)
    return round(min(took) * 1e6, 2)


async def _keys(asked: dict[str, Any]) -> dict[str, Any]:
    return dict(asked["jwks"])


if __name__ == "__main__":
    run(measure)
