"""What one call costs in CPU time, where nothing else of the system runs: a bare call of grpc.aio, ours with
all that stands around a method, a request through the gateway, and our own layers with nothing below them.
CPU and not wall time: other work of the machine makes a call wait long, and costs it less.
"""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.alone.messages import ORDER_ID, ORDER_LINES
from bench.bars import Account
from bench.drive import Generator, generator
from bench.effort import thread_seconds_of
from chassis.clock import SystemClock
from deploy.local.embedded import EmbeddedValkey, free_port
from harness.rpc import TokenMint
from tests.system import ROOT

ROUNDS = 4
CALLS = 1_000
HTTP_SECONDS = 1.5
HTTP_CLIENTS = (1, 16)
PIECE_SECONDS = 0.4
NEW_TOKENS = 200
PERMISSIONS = frozenset({"orders.place", "orders.read"})


def call(tree: Path = ROOT) -> Account:
    """CPU microseconds per call by who spends them: the least of ROUNDS rounds, each of which runs every kind
    once. ``tree``: whose code runs.
    """
    mint = TokenMint(SystemClock())
    trust = {"jwks": mint.jwks()}
    tokens = [mint.token(mint.principal(permissions=PERMISSIONS)) for _ in range(NEW_TOKENS)]
    ports = {name: free_port() for name in ("ours", "bare", "gateway")}
    with ExitStack() as stack:

        def alone(part: str, settings: Mapping[str, Any]) -> Generator:
            process = stack.enter_context(generator(part, package="bench.alone", tree=tree))
            process.order(settings)
            return process

        redis_url = stack.enter_context(_valkey())
        orders = alone("orders", trust | ports)
        caller = alone("caller", ports | {"token": tokens[0]})
        where = {"port": ports["gateway"], "orders": ports["ours"], "redis_url": redis_url}
        gateway = alone("gateway", trust | where)
        rounds = [
            _calls(caller, orders) | _requests(gateway, orders, ports["gateway"], tokens[0])
            for _ in range(ROUNDS)
        ]
        pieces = alone("pieces", trust | {"tokens": tokens, "seconds": PIECE_SECONDS}).account()
    figures = {name: round(min(each[name] for each in rounds), 1) for name in rounds[0]}
    account: Account = {"us": figures | pieces, "rounds": rounds}
    account["beside"] = "; ".join(f"{name} {value:.0f}" for name, value in figures.items()) + " us"
    return account


@contextmanager
def _valkey() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="bench-call-") as folder:
        server = EmbeddedValkey(Path(folder) / "valkey", free_port())
        asyncio.run(server.start())
        try:
            yield server.url
        finally:
            asyncio.run(server.stop())


def _calls(caller: Generator, orders: Generator) -> dict[str, float]:
    found: dict[str, float] = {}
    for channel in ("bare", "ours"):
        for method in ("PlaceOrder", "GetOrder"):
            sides = {"caller": caller, "server": orders}
            used = _used(sides, lambda: caller.order({"channel": channel, "method": method, "calls": CALLS}))  # noqa: B023
            found |= {f"{channel} {method} {side}": used[side] / CALLS * 1e6 for side in sides}
    return found


def _requests(gateway: Generator, orders: Generator, port: int, token: str) -> dict[str, float]:
    """POST and GET of an order, and a GET that is refused before any call: HTTP, token and limits alone."""
    found: dict[str, float] = {}
    kinds = {
        "POST": _post(port, token),
        "GET": _get(port, token, ORDER_ID),
        "404": _get(port, token, "nothing"),
    }
    for kind, request in kinds.items():
        for clients in HTTP_CLIENTS:
            sides = {"gateway": gateway, "server": orders}
            with generator("http") as devices:
                devices.order(
                    {
                        "host": "127.0.0.1",
                        "port": port,
                        "seconds": HTTP_SECONDS,
                        "clients": [[request]] * clients,
                    }
                )
                heard: dict[str, Any] = {}
                used = _used(sides, lambda: heard.update(_account(devices)))  # noqa: B023
            answers = sum(heard["statuses"].values())
            assert set(heard["statuses"]) == {
                "404" if kind == "404" else "201" if kind == "POST" else "200"
            }, heard
            found |= {f"{kind} x{clients} {side}": used[side] / answers * 1e6 for side in sides}
    return found


def _account(devices: Generator) -> dict[str, Any]:
    devices.go()
    return devices.account()


def _used(sides: Mapping[str, Generator], work: Callable[[], object]) -> dict[str, float]:
    before = {side: thread_seconds_of(process.pid) for side, process in sides.items()}
    work()
    return {side: thread_seconds_of(process.pid) - before[side] for side, process in sides.items()}


def _post(port: int, token: str) -> str:
    lines = [
        {"item_id": f"0198f0a0-0000-7000-8000-00000000000{number}", "quantity": 1 + number % 2}
        for number in range(ORDER_LINES)
    ]
    order = {"service_flow": "pay_later", "order_type": "takeaway", "menu_version": 1, "lines": lines}
    body = json.dumps(order, separators=(",", ":"))
    return (
        f"POST /api/v2/orders HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Idempotency-Key: {{key}}\r\n\r\n{body}"
    )


def _get(port: int, token: str, order_id: str) -> str:
    return (
        f"GET /api/v2/orders/{order_id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {token}\r\nAccept-Encoding: gzip\r\n\r\n"
    )
