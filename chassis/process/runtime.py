"""The life of a process: wait for what it needs, serve, drain, stop. The same for production and for tests.

A composition root builds a ``Service`` (see chassis.process.composition); ``run`` is the main of its process.
"""

import asyncio
import gc
import platform
import random
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import grpc
import uvloop
from pydantic import ValidationError

from chassis.errors import Unavailable
from chassis.messaging.bus import ServerTooOld
from chassis.process.admin import AdminServer
from chassis.process.health import Check, Readiness
from chassis.process.settings import ProcessSettings
from chassis.rpc import RpcServer
from chassis.telemetry import configure_telemetry, get_logger, shut_down_tracing

WAIT_FIRST_SECONDS = 0.2
WAIT_MAX_SECONDS = 3.0
WAIT_ATTEMPT_SECONDS = 10.0
BACKGROUND_STOP_SECONDS = 5.0
CLOSE_SECONDS = 5.0
HEALTH_EVERY_SECONDS = 2.0

EXIT_CLEAN = 0
EXIT_FAILED = 1

_T = TypeVar("_T")
_S = TypeVar("_S", bound=ProcessSettings)
Step = Callable[[], Awaitable[None]]

_log = get_logger("runtime")


class Service:
    """One running deployable: its servers, its background work, and the order in which they start and stop.

    Start: background work, gRPC port, ready. Stop: not ready, drain steps and gRPC (calls in flight end),
    background work (last added first), closing steps (last added first), admin port.
    """

    def __init__(self, settings: ProcessSettings) -> None:
        self.settings = settings
        self.readiness = Readiness()
        self._admin = AdminServer(settings.bind_host, settings.admin_port, self.readiness)
        self._admin_started = False
        self._rpc: RpcServer | None = None
        self._backgrounds: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._drains: list[tuple[str, Step]] = []
        self._closes: list[tuple[str, Step]] = []
        self._born = time.monotonic()

    @property
    def grpc_port(self) -> int:
        """Where gRPC is served; 0 without a server or before the start."""
        return 0 if self._rpc is None else self._rpc.port

    @property
    def admin_port(self) -> int:
        """Where /live, /ready and /metrics are served."""
        return self._admin.port

    async def wait_for(
        self, what: str, connect: Callable[[], Awaitable[_T]], *, at_most_seconds: float = float("inf")
    ) -> _T:
        """What ``connect`` gives, tried again until it succeeds or ``dependency_wait_seconds`` are over, or
        ``at_most_seconds`` where that is less.

        Meanwhile the admin port answers "not ready, waiting for ``what``". Raises Unavailable
        (DEPENDENCY_UNAVAILABLE) in the end, and ServerTooOld at once.
        """
        await self._start_admin()
        self.readiness.enter(f"waiting for {what}")
        give_up_at = time.monotonic() + min(self.settings.dependency_wait_seconds, at_most_seconds)
        pause = WAIT_FIRST_SECONDS
        while True:
            try:
                async with asyncio.timeout(
                    min(WAIT_ATTEMPT_SECONDS, max(0.1, give_up_at - time.monotonic()))
                ):
                    connected = await connect()
            except ServerTooOld:
                raise
            except Exception as error:
                left = give_up_at - time.monotonic()
                if left <= 0:
                    raise Unavailable(
                        f"{what} cannot be reached: {type(error).__name__}: {error}",
                        reason="DEPENDENCY_UNAVAILABLE",
                        metadata={"dependency": what},
                    ) from error
                wrong = str(error) or type(error).__name__
                _log.warning(
                    "waiting for a dependency", dependency=what, error=wrong, seconds_left=round(left)
                )
                await asyncio.sleep(min(left, pause * random.uniform(0.5, 1)))  # noqa: S311 - jitter
                pause = min(pause * 2, WAIT_MAX_SECONDS)
            else:
                self.readiness.enter("starting")
                return connected

    def serve(self, rpc: RpcServer) -> None:
        """Serves gRPC while the service runs."""
        self._rpc = rpc

    def add_background(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs ``work`` until it is cancelled at the stop. If it ends by itself, so does the process."""
        self._backgrounds.append((name, work))

    def on_drain(self, name: str, step: Step) -> None:
        """Awaits ``step`` beside the draining of gRPC: for other servers that let go of their callers."""
        self._drains.append((name, step))

    def on_stop(self, name: str, step: Step) -> None:
        """Awaits ``step`` when all work has ended: for connections to be closed."""
        self._closes.append((name, step))

    def ready_check(self, name: str, check: Check) -> None:
        """Lets the process be ready only while ``check`` returns (it raises what is wrong)."""
        self.readiness.add(name, check)

    async def start(self) -> None:
        """Starts everything that was added."""
        await self._start_admin()
        for name, work in self._backgrounds:
            self._tasks.append(asyncio.create_task(work(), name=name))
        if self._rpc is not None:
            await self._rpc.start()
            self._tasks.append(asyncio.create_task(self._tell_health(self._rpc), name="health"))
        self.readiness.enter("running")
        _log.info(
            "serving",
            grpc_port=self.grpc_port or None,
            admin_port=self.admin_port,
            build=self.settings.build_version,
            python=platform.python_version(),
            grpc=grpc.__version__,
            started_in_seconds=round(time.monotonic() - self._born, 2),
        )

    async def stop(self) -> None:
        """Drains and stops. Goes through to the end whatever a step raises; what it raised is logged."""
        self.readiness.enter("draining")
        grace = self.settings.drain_grace_seconds
        if self._rpc is not None:
            await self._rpc.report_serving(False)
        await asyncio.sleep(self.settings.drain_delay_seconds)
        drains = [_attempt(name, step(), grace) for name, step in self._drains]
        if self._rpc is not None:
            drains.append(_attempt("grpc", self._rpc.stop(grace), grace + CLOSE_SECONDS))
        await asyncio.gather(*drains)
        for task in reversed(self._tasks):
            await _end(task)
        for name, step in reversed(self._closes):
            await _attempt(name, step(), CLOSE_SECONDS)
        await _attempt("admin", self._admin.stop(), CLOSE_SECONDS)

    async def run(self, stop: asyncio.Event) -> int:
        """Serves until ``stop`` is set or background work ends; the exit code of the process."""
        stopped = asyncio.create_task(stop.wait())
        try:
            await self.start()
            # Start-up made many objects that live as long as the process: the collector need not look at them
            # again.
            gc.collect()
            gc.freeze()
            ended, _ = await asyncio.wait([stopped, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
            dead = [task.get_name() for task in ended if task is not stopped]
            if dead:
                _log.error("background work ended, so the process does", work=dead)
        finally:
            stopped.cancel()
            await self.stop()
        return EXIT_FAILED if dead else EXIT_CLEAN

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start_admin(self) -> None:
        if not self._admin_started:
            self._admin_started = True
            await self._admin.start()

    async def _tell_health(self, rpc: RpcServer) -> None:
        while True:
            await rpc.report_serving((await self.readiness.report()).ready)
            await asyncio.sleep(HEALTH_EVERY_SECONDS)


def run(settings_type: type[_S], build: Callable[[_S], Awaitable[Service]]) -> None:
    """The main of a process. Exits: 0 after a stop signal, 1 after a failure or for bad settings."""
    try:
        # Required fields come from the environment, which the type of the class cannot say.
        settings = cast(Callable[[], _S], settings_type)()
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        sys.exit("settings are wrong (environment variables FYNLO_*):\n  " + "\n  ".join(wrong))
    configure_telemetry(settings)
    open_as_many_files_as_allowed()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_main(settings, build))
    shut_down_tracing()
    sys.exit(code)


def open_as_many_files_as_allowed() -> int:
    """How many files this process may have open, every socket being one. Shells often start a process with
    1,024 although they would allow more, and a listener without files accepts nobody.
    """
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    return open_files_max()


def open_files_max() -> int:
    """How many files this process may have open now."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


async def _main(settings: _S, build: Callable[[_S], Awaitable[Service]]) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    building = asyncio.ensure_future(build(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([building, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not building.done():
        building.cancel()
        await asyncio.wait([building])
        return EXIT_CLEAN
    try:
        code = await building.result().run(stop)
    except Unavailable as problem:
        _log.error("could not start", reason=problem.reason, detail=problem.detail)
        return EXIT_FAILED
    except ServerTooOld as error:
        _log.error("could not start", detail=str(error))
        return EXIT_FAILED
    except Exception as error:
        _log.error("could not start", exc_info=error)
        return EXIT_FAILED
    _log.info("stopped", code=code)
    return code


async def _attempt(name: str, step: Awaitable[None], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await step
    except Exception as error:
        _log.error("a step of stopping failed", step=name, exc_info=error)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    _, running = await asyncio.wait([task], timeout=BACKGROUND_STOP_SECONDS)
    if running:
        _log.error("background work does not end", work=task.get_name(), seconds=BACKGROUND_STOP_SECONDS)
    elif not task.cancelled() and task.exception() is not None:
        _log.error("background work failed", work=task.get_name(), exc_info=task.exception())
