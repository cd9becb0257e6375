"""Whether a sale can be made now.

Anybody may ask, so a question costs little: the services are asked at most once in FRESH_SECONDS,
whoever and however many want to know.
"""

import asyncio

from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chassis.errors import Problem
from gateway import problems
from gateway.calls import Gateway, gateway_of
from gateway.plain import Handler

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
    parts = dict(await gateway.health.get())
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
    parts = await gateway_of(request).health.get()
    return _answer(parts, [name for name in ("auth",) if parts[name] != "up"])


def _answer(parts: dict[str, str], down: list[str]) -> Response:
    if not down:
        return JSONResponse({"status": "up", "parts": parts})
    detail = f"down: {', '.join(down)}"
    body = problems.document(503, "service_unavailable", detail, extra={"parts": parts})
    return problems.answer(body, {"Retry-After": str(problems.RETRY_AFTER_SECONDS)})


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


HANDLERS: dict[str, Handler] = {
    f"{PREFIX}/health": health,
    f"{PREFIX}/health/live": live,
    f"{PREFIX}/health/ready": ready,
}
