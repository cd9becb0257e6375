"""Whether a sale can be made now.

Anybody may ask, so a question costs little: the services are asked at most once in FRESH_SECONDS,
whoever and however many want to know.
"""

import asyncio
from collections.abc import Awaitable, Callable

from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chassis.errors import Problem
from gateway import problems
from gateway.calls import Gateway, gateway_of

PREFIX = "/api/v2"
CHECK_SECONDS = 1.0
FRESH_SECONDS = 1.0
SETUP = "setup"
"""The part that is up when whoever sets the system up has said so."""
# Without these no sale can be made; the others only make it less comfortable.
NEEDED = ("auth", "catalog", "orders", "payments", "realtime")


async def health(request: Request) -> Response:
    """200 when every part that a sale needs is up, with each part's state."""
    gateway = gateway_of(request)
    parts = dict(await _known(gateway).parts())
    done = gateway.settings.setup_done_file
    if done is not None:
        # Not kept: it is one look at a folder, and whoever made the file asks at once.
        parts[SETUP] = "up" if await asyncio.to_thread(done.exists) else "down"
    return _answer(parts, [name for name in (*NEEDED, SETUP) if parts.get(name, "up") != "up"])


async def live(_: Request) -> Response:
    """Always 200 from a gateway that can answer at all."""
    return JSONResponse({"status": "up", "parts": {}})


async def ready(request: Request) -> Response:
    """200 while the gateway can prove who calls and is not stopping."""
    parts = await _known(gateway_of(request)).parts()
    return _answer(parts, [name for name in ("auth",) if parts[name] != "up"])


def _answer(parts: dict[str, str], down: list[str]) -> Response:
    if not down:
        return JSONResponse({"status": "up", "parts": parts})
    detail = f"down: {', '.join(down)}"
    body = problems.document(503, "service_unavailable", detail, extra={"parts": parts})
    return problems.answer(body, {"Retry-After": str(problems.RETRY_AFTER_SECONDS)})


class Known:
    """What is known of the parts; ``ask`` finds it out."""

    def __init__(self, ask: Callable[[], Awaitable[dict[str, str]]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[dict[str, str]] | None = None
        self._fresh_until = 0.0

    async def parts(self) -> dict[str, str]:
        """State by part, at most FRESH_SECONDS old; all who ask meanwhile wait for one answer."""
        loop = asyncio.get_running_loop()
        if self._asking is None or (self._asking.done() and loop.time() >= self._fresh_until):
            self._asking = loop.create_task(self._find_out())
        # Whoever asked first may leave; the others still want to know.
        return await asyncio.shield(self._asking)

    async def _find_out(self) -> dict[str, str]:
        try:
            return dict(await self._ask())
        finally:
            self._fresh_until = asyncio.get_running_loop().time() + FRESH_SECONDS


def _known(gateway: Gateway) -> Known:
    known: Known = gateway.caches["health"]
    return known


async def parts_of(gateway: Gateway) -> dict[str, str]:
    """Asks every service and Valkey: "up" or "down" by name."""
    names = list(gateway.services.channels)
    states = await asyncio.gather(*(_state(gateway, name) for name in names))
    valkey = "up" if await gateway.limiter.ping() else "down"
    return {**dict(zip(names, states, strict=True)), "valkey": valkey}


async def _state(gateway: Gateway, name: str) -> str:
    stub = HealthStub(gateway.services.channels[name])
    try:
        reply = await stub.Check(health_pb2.HealthCheckRequest(), timeout=CHECK_SECONDS)
    except Problem:
        return "down"
    return "up" if reply.status == health_pb2.HealthCheckResponse.SERVING else "down"


Handler = Callable[[Request], Awaitable[Response]]
HANDLERS: dict[str, Handler] = {
    f"{PREFIX}/health": health,
    f"{PREFIX}/health/live": live,
    f"{PREFIX}/health/ready": ready,
}
