"""A whole process for the tests of the runtime: ``python -m chassis.tests.runtime_probe``."""

import asyncio
from pathlib import Path

from chassis.auth import Revocations, ServiceIdentity, TokenVerifier
from chassis.clock import SystemClock
from chassis.process.runtime import Service, run
from chassis.process.settings import ServiceSettings
from chassis.rpc import RpcServer
from chassis.telemetry import get_logger
from chassis.tests.rpc_probe import Probe, Request, Response, register, reply

_log = get_logger("probe")


class ProbeSettings(ServiceSettings):
    """How the process is to behave."""

    service_name: str = "probe"
    dependency_file: Path | None = None
    """What the process waits for."""
    background_dies_after_seconds: float | None = None
    call_seconds: float = 0


async def build(settings: ProbeSettings) -> Service:
    """The composition root."""
    service = Service(settings)
    clock = SystemClock()
    if settings.dependency_file is not None:
        needed = settings.dependency_file
        await service.wait_for("file", lambda: _read(needed))
        service.ready_check("file", lambda: _read(needed))
    service.on_stop("first opened", lambda: _say("closed first opened"))
    service.on_stop("last opened", lambda: _say("closed last opened"))
    service.on_drain("sockets", lambda: _say("drained sockets"))
    service.add_background("ticker", lambda: _tick(settings.background_dies_after_seconds))

    async def slow(request: Request) -> Response:
        await _say("called")
        await asyncio.sleep(settings.call_seconds)
        return reply(request.request_id)

    async def no_keys() -> dict[str, object]:
        return {"keys": []}

    rpc = RpcServer(
        settings,
        verifier=TokenVerifier(no_keys, clock),
        revocations=Revocations(clock),
        identity=ServiceIdentity.of(settings, clock),
        clock=clock,
    )
    rpc.add(register, Probe(slow))
    service.serve(rpc)
    return service


async def _read(path: Path) -> None:
    with path.open():
        return


async def _say(what: str) -> None:
    _log.info(what)


async def _tick(dies_after_seconds: float | None) -> None:
    try:
        await asyncio.sleep(3600 if dies_after_seconds is None else dies_after_seconds)
        raise RuntimeError("the ticker broke")
    finally:
        _log.info("ticker ended")


if __name__ == "__main__":
    run(ProbeSettings, build)
