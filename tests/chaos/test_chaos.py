"""The short form of `make chaos`, and the proof that its checkers find what is broken."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local.state import start_mark
from tests.system import System
from tools.chaos.devices import Habits
from tools.chaos.evidence import Violation
from tools.chaos.faults import KILL_NUMBERING
from tools.chaos.nemesis import EVERYTHING
from tools.chaos.network import Network
from tools.chaos.planted import MISTAKES, plant
from tools.chaos.run import Result, Run, Scenario
from tools.chaos.supervise import PLANTED
from tools.chaos.system import breakable_system

START_SECONDS = 60.0
CALM = Habits(
    pay_first=0.2,
    tracked=0.0,
    cancel=0.0,
    walk_away=0.0,
    serve=0.0,
    change=0.0,
    by_check=0.0,
    allergy=0.0,
    start=0.0,
    recall=0.0,
    store_seconds=0.0,
)
Broken = tuple[System, Network]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    """A system of its own, because it is broken; mistakes can be planted in it."""
    with breakable_system(tmp_path_factory.mktemp("chaos") / "data") as it:
        yield it


@contextmanager
def planted(system: System, negative: "Negative") -> Iterator[None]:
    """A service's process runs with a mistake until the block is over."""
    plant(system.data_dir / PLANTED, {f"services.{negative.service}": negative.mistake})
    restart(system, negative.service)
    try:
        yield
    finally:
        plant(system.data_dir / PLANTED, {})
        restart(system, negative.service)


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


def run(system: System, scenario: Scenario, folder: Path, between: Network) -> Result:
    return asyncio.run(Run(system.base_url, system.state, scenario, folder, between).run())


def told(violations: list[Violation]) -> str:
    return "\n".join(f"{one.invariant} {one.what} {' '.join(one.ids)}" for one in violations[:20])


@pytest.mark.parametrize("seed", [20, 21])
def test_every_promise_is_kept_while_the_system_is_broken(seed: int, broken: Broken, tmp_path: Path) -> None:
    """Processes die and stand still, links are cut and frozen, NATS loses its store."""
    system, between = broken
    scenario = Scenario(seed, seconds=25.0, orders=120, devices=6, displays=2, mix=EVERYTHING)
    result = run(system, scenario, tmp_path, between)
    assert len(result.strikes) >= 8
    assert sum(op.accepted for op in result.operations if op.kind == "place") >= 120
    assert not result.violations, told(result.violations)


def test_every_promise_is_kept_while_relays_die_in_the_middle_of_numbering(
    broken: Broken, tmp_path: Path
) -> None:
    system, between = broken
    scenario = Scenario(
        22,
        *(24.0, 110, 6),
        displays=2,
        targets=("orders",),
        mix={KILL_NUMBERING: 1.0},
        interval_seconds=(2.5, 3.5),
    )
    result = run(system, scenario, tmp_path, between)
    assert sum(strike.kind == KILL_NUMBERING for strike in result.strikes) >= 2
    assert not result.violations, told(result.violations)


QUIET = Scenario(
    1, 4.0, 45, 3, displays=1, targets=(), cut_seconds=0.0, settle_seconds=10.0, stranger=False, habits=CALM
)
"""Nothing is struck: what goes wrong is the mistake's own doing."""


@dataclass(frozen=True)
class Negative:
    """A mistake, the service that has it, where it shows, and a run that brings it out."""

    mistake: str
    service: str
    shows: frozenset[str]
    scenario: Scenario


NEGATIVES = [
    Negative(
        "no-claim",
        "payments",  # of orders the ids derive from the key: claimed or not, the second one is the first
        frozenset({"I2"}),
        replace(QUIET, orders=30, habits=replace(CALM, repeat=0.6, id_from_server=0.6, split=0.5)),
    ),
    Negative("resume-off-by-one", "realtime", frozenset({"I3"}), replace(QUIET, cut_seconds=0.1)),
    Negative(
        "ack-before-commit",
        "orders",
        frozenset({"I5"}),
        replace(QUIET, seconds=5.0, targets=("orders",), interval_seconds=(2.0, 2.5), settle_seconds=15.0),
    ),
    Negative("no-inbox", "orders", frozenset({"I5"}), replace(QUIET, settle_seconds=20.0)),
    Negative(
        "publish-before-commit",
        "orders",
        frozenset({"I4"}),
        replace(QUIET, seconds=8.0, targets=("orders",), interval_seconds=(1.5, 2.0), settle_seconds=15.0),
    ),
    Negative(
        "bigserial-poller",
        "orders",
        frozenset({"I7"}),
        replace(QUIET, orders=60, devices=6, stranger=True, stranger_share=0.5, settle_seconds=15.0),
    ),
    Negative(
        "numbers-given-twice",
        "orders",
        frozenset({"I3"}),
        replace(QUIET, seconds=8.0, orders=80, devices=8, settle_seconds=15.0),
    ),
    Negative("drop-on-slow-consumer", "realtime", frozenset({"I3"}), QUIET),
    Negative(
        "stock-read-modify-write",
        "catalog",
        frozenset({"I6"}),
        replace(QUIET, orders=60, devices=6, habits=replace(CALM, tracked=1.0)),
    ),
    Negative("payment-without-ledger", "payments", frozenset({"I5"}), replace(QUIET, orders=15)),
    Negative("options-not-charged", "orders", frozenset({"I12"}), QUIET),
    Negative(
        "voids-not-reckoned",
        "orders",
        frozenset({"I12"}),
        replace(QUIET, orders=20, habits=replace(CALM, pay_first=0.0, change=1.0)),
    ),
    Negative(
        "checks-paid-again",
        "payments",
        frozenset({"I5"}),
        replace(QUIET, orders=20, habits=replace(CALM, by_check=1.0, rival=1.0)),
    ),
    Negative("lines-lost-on-tickets", "orders", frozenset({"I4"}), replace(QUIET, orders=15)),
    Negative(
        "deliveries-booked-twice",
        "catalog",
        frozenset({"I6"}),
        replace(QUIET, orders=9, habits=replace(CALM, store_seconds=0.2)),
    ),
]


def test_every_mistake_that_can_be_planted_is_looked_for() -> None:
    assert {one.mistake for one in NEGATIVES} == set(MISTAKES)


@pytest.mark.parametrize("negative", NEGATIVES, ids=lambda one: one.mistake)
def test_a_planted_mistake_is_found(negative: Negative, broken: Broken, tmp_path: Path) -> None:
    system, between = broken
    with planted(system, negative):
        violations = run(system, negative.scenario, tmp_path, between).violations
    assert negative.shows <= {one.invariant for one in violations}, told(violations)
