"""Whether a sale can be made now."""

import asyncio
from typing import Any

from fastapi import Request
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from starlette.responses import JSONResponse, Response

from chassis.errors import Problem
from gateway import examples, problems
from gateway.calls import Gateway, gateway_of
from gateway.models.answers import HealthOut
from gateway.spec import router, spec

routes = router()

CHECK_SECONDS = 1.0
# Without these no sale can be made; the others only make it less comfortable.
NEEDED = ("auth", "catalog", "orders", "payments", "realtime")


def _described(summary: str, *errors: tuple[str, str]) -> dict[str, Any]:
    return spec(
        summary, tag="health", permission=None, answer=HealthOut, example=examples.HEALTH, errors=errors
    )


@routes.get("/health", **_described("Can a sale be made", ("503", "service_unavailable")))
async def health(request: Request) -> Response:
    """200 when every part that a sale needs is up, with each part's state."""
    parts = await _parts(gateway_of(request))
    return _answer(parts, [name for name in NEEDED if parts[name] != "up"])


@routes.get("/health/live", **_described("Is the gateway running"))
async def live(_: Request) -> Response:
    """Always 200 from a gateway that can answer at all."""
    return JSONResponse({"status": "up", "parts": {}})


@routes.get("/health/ready", **_described("Is the gateway ready", ("503", "service_unavailable")))
async def ready(request: Request) -> Response:
    """200 while the gateway can prove who calls and is not stopping."""
    parts = await _parts(gateway_of(request))
    return _answer(parts, [name for name in ("auth",) if parts[name] != "up"])


def _answer(parts: dict[str, str], down: list[str]) -> Response:
    if not down:
        return JSONResponse({"status": "up", "parts": parts})
    detail = f"down: {', '.join(down)}"
    return problems.answer(problems.document(503, "service_unavailable", detail, extra={"parts": parts}))


async def _parts(gateway: Gateway) -> dict[str, str]:
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
