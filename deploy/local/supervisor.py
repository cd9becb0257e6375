"""Keeps a set of programs running: stage by stage up, restarts what dies, stage by stage down.

What the programs are is data (`Stage`); this file knows nothing of Fynlo.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chassis.process.cancellation import stop_if_cancelled
from deploy.local.console import Console
from deploy.local.embedded import ServerFailed
from deploy.local.process import Child, Command, LineSink, launch_reading
from deploy.local.state import DoneSteps, start_mark

READY_POLL_SECONDS = 0.05
STAGE_TIMEOUT_SECONDS = 120.0
STEP_TIMEOUT_SECONDS = 600.0
FIRST_START_ATTEMPTS = 3
"""A program that has never been ready and ends this often has a fault that restarting does not mend."""
BACKOFF_FIRST_SECONDS = 0.25
BACKOFF_LIMIT_SECONDS = 10.0
CALM_SECONDS = 30.0
"""Running this long makes the next crash a first one again."""
SERVED_LIMIT_SECONDS = 1.0
"""The longest delay after a life in which the program has served: it can start, so somebody waits for it."""


class StartFailed(Exception):
    """The system cannot come up. The text names the program or step and shows its last words."""


class Program(Protocol):
    """Something to keep running."""

    @property
    def name(self) -> str: ...

    @property
    def ports(self) -> Mapping[str, int]: ...

    async def launch(self, on_line: LineSink) -> Child:
        """Start it, without waiting. May raise ServerFailed."""

    async def ready(self) -> bool:
        """Whether it serves."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command that runs to its end between stages. With a fingerprint it is skipped while that stays
    the same.
    """

    command: Command
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Programs that start and stop side by side; when all are ready, `steps` run one after the other."""

    programs: Sequence[Program]
    steps: Sequence[Step] = ()
    timeout_seconds: float = STAGE_TIMEOUT_SECONDS


@dataclass(slots=True)
class Backoff:
    """Doubling delays between restarts, from the beginning again after a calm time."""

    delay_seconds: float = BACKOFF_FIRST_SECONDS

    def next(self, ran_seconds: float, *, served: bool = False) -> float:
        if ran_seconds >= CALM_SECONDS:
            self.delay_seconds = BACKOFF_FIRST_SECONDS
        if served:
            self.delay_seconds = min(self.delay_seconds, SERVED_LIMIT_SECONDS)
        delay, self.delay_seconds = self.delay_seconds, min(self.delay_seconds * 2, BACKOFF_LIMIT_SECONDS)
        return delay


@dataclass(slots=True)
class Keeper:
    """Keeps one program running until told to stop."""

    program: Program
    console: Console
    on_change: Callable[[], None]
    state: str = "starting"
    restarts: int = 0
    child: Child | None = None
    was_ready: asyncio.Event = field(default_factory=asyncio.Event)
    backoff: Backoff = field(default_factory=Backoff)

    async def run(self) -> None:
        """Never returns; ends by cancellation or, before the first readiness, with StartFailed."""
        attempts = 0
        while True:
            attempts += 1
            began = time.monotonic()
            reason = await self._live()
            if not self.was_ready.is_set() and attempts >= FIRST_START_ATTEMPTS:
                raise StartFailed(f"{self.program.name} does not start: {reason}{self._last_words()}")
            self.restarts += 1
            delay = self.backoff.next(time.monotonic() - began, served=self.state == "ready")
            self._change("restarting")
            # A port in use at first may be one that is just given up; if it is not, the failure says so.
            if self.child is not None:
                self.console.note(f"{self.program.name} {reason}; next start in {delay:.2f} s", "warning")
            await asyncio.sleep(delay)
            self._change("starting")

    async def stop(self) -> None:
        """Stop the program. Call it after `run` has been cancelled."""
        if self.child is not None:
            self._change("stopping")
            await self.child.stop()
        self._change("stopped")

    def facts(self) -> dict[str, object]:
        """What run.json says of it."""
        pid = self.child.pid if self.child and self.child.exit_code is None else None
        # A process can be gone a moment before we have noticed it ourselves.
        state = "restarting" if self.state == "ready" and pid is None else self.state
        facts: dict[str, object] = {"pid": pid, "started": start_mark(pid) if pid else None}
        return facts | {"ports": dict(self.program.ports), "state": state, "restarts": self.restarts}

    async def _live(self) -> str:
        """One life of the program; returns how it ended."""
        name = self.program.name
        try:
            self.child = await self.program.launch(lambda text: self.console.line(name, text))
        except ServerFailed as error:
            return f"could not start: {error}"
        self._change("starting")
        watching = asyncio.create_task(self._watch_readiness())
        try:
            code = await self.child.wait()
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        await self.child.stop()
        return f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}"

    async def _watch_readiness(self) -> None:
        # The life that is watched may end in the middle of a probe, and a probe may swallow being cancelled.
        while not await self.program.ready():
            stop_if_cancelled()
            await asyncio.sleep(READY_POLL_SECONDS)
        stop_if_cancelled()
        self._change("ready")
        if self.restarts:
            self.console.note(f"{self.program.name} is back")
        self.was_ready.set()

    def _change(self, state: str) -> None:
        self.state = state
        self.on_change()

    def _last_words(self) -> str:
        lines = list(self.child.last_lines) if self.child else []
        return "".join(f"\n    {line}" for line in lines)


async def _all_ready(keepers: Sequence[Keeper]) -> None:
    for keeper in keepers:
        await keeper.was_ready.wait()


class Supervisor:
    """Brings stages up in order and down in reverse order."""

    def __init__(self, console: Console, done: DoneSteps, on_change: Callable[[], None]) -> None:
        self._console = console
        self._done = done
        self._on_change = on_change
        self._stages: list[list[tuple[Keeper, asyncio.Task[None]]]] = []

    @property
    def keepers(self) -> list[Keeper]:
        return [keeper for stage in self._stages for keeper, _ in stage]

    async def start(self, *stages: Stage) -> None:
        """Start the programs of all `stages` side by side; then, stage by stage, wait until they serve and
        run its steps. They are stopped one stage after the other, the last first. Raises StartFailed.
        """
        begun = [(stage, self._begin(stage)) for stage in stages]
        for stage, running in begun:
            await self._until_ready(running, stage.timeout_seconds)
            for step in stage.steps:
                await self._run_step(step)

    def _begin(self, stage: Stage) -> list[tuple[Keeper, asyncio.Task[None]]]:
        keepers = [Keeper(program, self._console, self._on_change) for program in stage.programs]
        running = [(keeper, asyncio.create_task(keeper.run())) for keeper in keepers]
        self._stages.append(running)
        return running

    async def watch(self) -> None:
        """Run for ever. Raises what ends a keeper, which restarts everything it can, so it is a
        fault of ours.
        """
        tasks = [task for stage in self._stages for _, task in stage]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Stop everything, the last stage first; the programs of one stage side by side."""
        for stage in reversed(self._stages):
            for _, task in stage:
                task.cancel()
            await asyncio.gather(*(task for _, task in stage), return_exceptions=True)
            await asyncio.gather(*(keeper.stop() for keeper, _ in stage))

    def kill(self) -> None:
        """End everything at once, without asking."""
        for keeper in self.keepers:
            if keeper.child is not None and keeper.child.exit_code is None:
                keeper.child.process.send_signal(keeper.child.command.death_signal)

    async def _until_ready(
        self, running: list[tuple[Keeper, asyncio.Task[None]]], timeout_seconds: float
    ) -> None:
        tasks = [task for _, task in running]
        waiting = asyncio.create_task(_all_ready([keeper for keeper, _ in running]))  # noqa: RUF006 - kept below
        watched = [waiting, *tasks]
        try:
            await asyncio.wait(watched, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        for task in tasks:
            if task.done():
                task.result()
        late = [keeper.program.name for keeper, _ in running if not keeper.was_ready.is_set()]
        if late:
            raise StartFailed(f"Not ready after {timeout_seconds:.0f} s: {', '.join(late)}.")

    async def _run_step(self, step: Step) -> None:
        name = step.command.name
        if step.fingerprint is not None and self._done.done(name, step.fingerprint):
            return
        child = launch_reading(step.command, lambda text: self._console.line(name, text))
        try:
            async with asyncio.timeout(STEP_TIMEOUT_SECONDS):
                code = await child.wait()
        except TimeoutError as error:
            raise StartFailed(f"{name} did not end within {STEP_TIMEOUT_SECONDS:.0f} s.") from error
        finally:
            await child.stop()
        if code != 0:
            words = "".join(f"\n    {line}" for line in child.last_lines)
            raise StartFailed(f"{name} failed with code {code}:{words}")
        if step.fingerprint is not None:
            self._done.record(name, step.fingerprint)
