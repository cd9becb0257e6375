"""The supervisor with stand-in programs: what it does when they misbehave."""

import asyncio
import contextlib
import io
import sys
from pathlib import Path

import pytest

from deploy.local import supervisor as supervision
from deploy.local.console import Console
from deploy.local.embedded import free_port
from deploy.local.plan import OwnProgram
from deploy.local.process import Command
from deploy.local.settings import process_environment
from deploy.local.state import DoneSteps
from deploy.local.supervisor import Backoff, Stage, StartFailed, Step, Supervisor

PROBE_SECONDS = 1.0
"""Longer than a stand-in takes to crash."""
START_SECONDS = 60.0
STAND_IN = Path(__file__).with_name("stand_in.py")


class Bench:
    """A supervisor whose log can be read."""

    def __init__(self, folder: Path) -> None:
        self.log = io.StringIO()
        self.supervisor = Supervisor(Console(self.log, colour=False), DoneSteps(folder), lambda: None)

    async def start(self, *programs: OwnProgram, steps: tuple[Step, ...] = ()) -> None:
        await self.supervisor.start(Stage(programs, steps))


def stand_in(name: str, *words: str, grace_seconds: float = 10) -> OwnProgram:
    port = free_port()
    command = Command(
        name,
        (sys.executable, str(STAND_IN), name, str(port), *words),
        process_environment({}),
        stop_grace_seconds=grace_seconds,
    )
    return OwnProgram(command, {"admin": port})


def step(name: str, script: str, fingerprint: str | None = None) -> Step:
    return Step(Command(name, ("/bin/sh", "-c", script), process_environment({})), fingerprint)


async def test_a_crash_during_the_start_is_survived(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.start(stand_in("orders", "--crash-once", str(tmp_path / "crashed")))
    [keeper] = bench.supervisor.keepers
    assert (keeper.state, keeper.restarts) == ("ready", 1)
    await bench.supervisor.stop()
    assert "a planted crash" in bench.log.getvalue()


class Deaf(OwnProgram):
    """Its probe takes a cancellation for an answer, as nats-py does."""

    async def ready(self) -> bool:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(PROBE_SECONDS)
            return await super().ready()
        return False


async def test_a_program_that_dies_while_it_is_probed_is_started_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    crashing = stand_in("nats", "--crash-once", str(tmp_path / "crashed"))
    async with asyncio.timeout(START_SECONDS):
        await bench.start(Deaf(crashing.command, crashing.ports))
    [keeper] = bench.supervisor.keepers
    assert (keeper.state, keeper.restarts) == ("ready", 1)
    await bench.supervisor.stop()


async def test_a_program_that_never_starts_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    broken = Command("orders", ("/bin/sh", "-c", "echo the reason; exit 3"), {})
    with pytest.raises(StartFailed, match="orders does not start: ended with code 3\n    the reason"):
        await bench.start(OwnProgram(broken, {"admin": free_port()}), stand_in("auth"))
    await bench.supervisor.stop()
    assert [keeper.state for keeper in bench.supervisor.keepers] == ["stopped", "stopped"]
    assert all(
        keeper.child is None or keeper.child.exit_code is not None for keeper in bench.supervisor.keepers
    )


async def test_a_program_that_ignores_the_stop_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.start(stand_in("orders", "--ignore-term", grace_seconds=0.2))
    [keeper] = bench.supervisor.keepers
    await bench.supervisor.stop()
    assert keeper.child is not None
    assert keeper.child.exit_code == -9


async def test_a_failing_step_stops_the_start_and_shows_why(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with pytest.raises(StartFailed, match="migrate failed with code 7:\n    no such column"):
        await bench.start(steps=(step("migrate", "echo no such column; exit 7", "1"),))
    ran = tmp_path / "ran"
    await bench.start(steps=(step("migrate", f"echo ran >> {ran}", "1"),))
    assert ran.read_text() == "ran\n", "a step that failed does not count as done"


async def test_a_step_runs_once_for_each_fingerprint_and_always_without_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    ran = tmp_path / "ran"
    for fingerprint in ("1", "1", "2", None, None):
        await bench.start(steps=(step("migrate", f"echo {fingerprint} >> {ran}", fingerprint),))
    assert ran.read_text().split() == ["1", "2", "None", "None"]


async def test_a_program_that_is_never_ready_is_named_when_the_time_is_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program = stand_in("orders", "--never-ready")
    with pytest.raises(StartFailed, match=r"Not ready after 1 s: orders\."):
        await bench.supervisor.start(Stage([program], timeout_seconds=1))
    await bench.supervisor.stop()
    assert bench.supervisor.keepers[0].child is not None
    assert bench.supervisor.keepers[0].child.exit_code is not None


def test_restart_delays_double_up_to_a_limit_and_calm_starts_them_again() -> None:
    backoff = Backoff()
    delays = [backoff.next(ran_seconds=1) for _ in range(8)]
    assert delays == [0.25, 0.5, 1, 2, 4, 8, 10, 10]
    assert backoff.next(ran_seconds=supervision.CALM_SECONDS) == 0.25


def test_a_program_that_has_served_is_back_soon_however_often_it_dies() -> None:
    backoff = Backoff()
    assert [backoff.next(ran_seconds=1, served=True) for _ in range(5)] == [0.25, 0.5, 1, 1, 1]
    assert [backoff.next(ran_seconds=1) for _ in range(3)] == [2, 4, 8]
