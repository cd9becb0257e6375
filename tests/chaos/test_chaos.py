"""The short form of `make chaos`, and the proof that its checkers find what is broken."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.state import start_mark
from tests.system import System, running_system
from tools.chaos.checkers import Violation
from tools.chaos.devices import Habits
from tools.chaos.planted import plant
from tools.chaos.run import Result, Run, Scenario
from tools.chaos.supervise import PLANTED

START_SECONDS = 60.0
CALM = Habits(pay_first=0.2, tracked=0.0, cancel=0.0, walk_away=0.0, serve=0.0)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own, because its processes are killed; mistakes can be planted in it."""
    folder: Path = tmp_path_factory.mktemp("chaos") / "data"
    with running_system(folder, {"FYNLO_RATE_LOGIN_BURST": "2000"}, "tools.chaos.supervise") as it:
        yield it


@pytest.fixture
def planted(system: System, request: pytest.FixtureRequest) -> Iterator[str]:
    """A service and the mistake with which its process runs until the test is over."""
    service, mistake = request.param
    plant(system.data_dir / PLANTED, {f"services.{service}": mistake})
    restart(system, service)
    yield mistake
    plant(system.data_dir / PLANTED, {})
    restart(system, service)


def restart(system: System, name: str) -> None:
    """Kills one process of ``system`` and waits for the next one."""

    def process() -> dict[str, object]:
        processes = system.state()["processes"]
        assert isinstance(processes, dict)
        found: dict[str, object] = processes[name]
        return found

    pid, started = process()["pid"], process()["started"]
    assert isinstance(pid, int)
    assert start_mark(pid) == started
    os.kill(pid, signal.SIGKILL)
    give_up_at = time.monotonic() + START_SECONDS
    while process()["pid"] in (pid, None) or process()["state"] != "ready":
        assert time.monotonic() < give_up_at, f"{name} does not come back: {process()}"
        time.sleep(0.05)


def run(system: System, scenario: Scenario, folder: Path) -> Result:
    return asyncio.run(Run(system.base_url, system.state, scenario, folder).run())


def told(violations: list[Violation]) -> str:
    return "\n".join(f"{one.invariant} {one.what} {' '.join(one.ids)}" for one in violations[:20])


def test_every_promise_is_kept_while_processes_are_killed(system: System, tmp_path: Path) -> None:
    scenario = Scenario(seed=20, seconds=20.0, orders=120, devices=6, displays=2)
    result = run(system, scenario, tmp_path)
    assert len(result.kills) >= 8
    assert sum(op.accepted for op in result.operations if op.kind == "place") >= 120
    assert not result.violations, told(result.violations)


@pytest.mark.parametrize("planted", [("orders", "no-claim")], indirect=True)
def test_a_key_that_is_not_claimed_is_found(planted: str, system: System, tmp_path: Path) -> None:
    habits = Habits(repeat=0.6, id_from_server=0.6)
    scenario = Scenario(
        3,
        2.0,
        30,
        3,
        displays=1,
        targets=(),
        cut_seconds=0.0,
        settle_seconds=10.0,
        stranger=False,
        habits=habits,
    )
    broken = {one.invariant for one in run(system, scenario, tmp_path).violations}
    assert "I1" in broken, broken
    assert "I2" in broken, broken


@pytest.mark.parametrize("planted", [("realtime", "resume-off-by-one")], indirect=True)
def test_an_event_that_is_left_out_at_a_resume_is_found(planted: str, system: System, tmp_path: Path) -> None:
    scenario = Scenario(
        4,
        4.0,
        45,
        3,
        displays=1,
        targets=(),
        cut_seconds=0.1,
        settle_seconds=4.0,
        stranger=False,
        habits=CALM,
    )
    violations = run(system, scenario, tmp_path).violations
    assert "I3" in {one.invariant for one in violations}, told(violations)
    assert any("the server left out" in one.what for one in violations), told(violations)


@pytest.mark.parametrize("planted", [("orders", "ack-before-commit")], indirect=True)
def test_an_event_that_is_acknowledged_too_early_is_found(
    planted: str, system: System, tmp_path: Path
) -> None:
    scenario = Scenario(
        5,
        5.0,
        45,
        3,
        displays=1,
        targets=("orders",),
        interval_seconds=(2.0, 2.5),
        cut_seconds=0.0,
        settle_seconds=15.0,
        stranger=False,
        habits=CALM,
    )
    violations = run(system, scenario, tmp_path).violations
    assert "I5" in {one.invariant for one in violations}, told(violations)
    assert any("is on the order" in one.what for one in violations), told(violations)
