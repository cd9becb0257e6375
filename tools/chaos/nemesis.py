"""Kills processes of the system, one after another, as a seed says, and notes how long each was away."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.local.state import start_mark

TARGETS = (
    "auth",
    "catalog",
    "orders",
    "payments",
    "staff",
    "realtime",
    "gateway",
    "nats",
    "postgres",
    "valkey",
)
INTERVAL_SECONDS = (1.0, 2.0)
POLL_SECONDS = 0.05
BACK_SECONDS = 60.0

State = Callable[[], Mapping[str, Any]]


@dataclass(slots=True)
class Kill:
    """One process killed. ``away_seconds`` until the supervisor found its successor ready; None: never."""

    process: str
    pid: int
    at_seconds: float
    away_seconds: float | None = None


class Nemesis:
    """``state`` reads the supervisor's run.json: the only source of process ids, so that nothing but
    processes of this system is ever killed.
    """

    def __init__(
        self,
        state: State,
        rng: random.Random,
        targets: Sequence[str] = TARGETS,
        interval_seconds: tuple[float, float] = INTERVAL_SECONDS,
    ) -> None:
        self.kills: list[Kill] = []
        self._state = state
        self._rng = rng
        self._targets = targets
        self._interval_seconds = interval_seconds
        self._bag: list[str] = []
        self._watching: set[asyncio.Task[None]] = set()
        self._began = time.monotonic()

    async def run(self, seconds: float) -> None:
        """Kills for ``seconds``; returns when what was killed last is back, or has not come in time."""
        self._began = time.monotonic()
        while time.monotonic() < self._began + seconds:
            await asyncio.sleep(self._rng.uniform(*self._interval_seconds))
            self.strike(self._next())
        if self._watching:
            await asyncio.wait(self._watching, timeout=BACK_SECONDS)

    def _next(self) -> str:
        """Every process once, in random order, then again: each gets its share. One that serves goes first:
        to kill what is only starting breaks less.
        """
        if not self._bag:
            self._bag = self._rng.sample(list(self._targets), len(self._targets))
        processes = self._state()["processes"]
        serving = (name for name in reversed(self._bag) if processes.get(name, {}).get("state") == "ready")
        chosen = next(serving, self._bag[-1])
        self._bag.remove(chosen)
        return chosen

    def strike(self, name: str) -> bool:
        """SIGKILL for one process; False where it does not run at the moment."""
        process = self._state()["processes"].get(name, {})
        pid, started = process.get("pid"), process.get("started")
        # A process id may belong to a stranger by now; the moment of its start tells.
        if not pid or started is None or start_mark(pid) != started:
            return False
        os.kill(pid, signal.SIGKILL)
        kill = Kill(name, pid, round(time.monotonic() - self._began, 2))
        self.kills.append(kill)
        task = asyncio.create_task(self._watch(kill))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return True

    async def _watch(self, kill: Kill) -> None:
        killed = time.monotonic()
        while time.monotonic() < killed + BACK_SECONDS:
            await asyncio.sleep(POLL_SECONDS)
            process = self._state()["processes"].get(kill.process, {})
            if process.get("state") == "ready" and process.get("pid") not in (None, kill.pid):
                kill.away_seconds = round(time.monotonic() - killed, 2)
                return
