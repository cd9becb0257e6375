"""Strikes the system, one fault after another, as a seed says."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence

from tools.chaos.faults import KILL_NUMBERING, LOSE_STORE, Faults
from tools.chaos.network import random_harm

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
NUMBERING = frozenset({"catalog", "orders", "payments"})
"""Those whose relay has something to number while shops sell."""
INTERVAL_SECONDS = (1.0, 2.0)
STOP_SECONDS = (3.0, 30.0)
HARM_SECONDS = (3.0, 15.0)
MAX_STOPPED = 2
"""Processes that stand still at the same time."""

KILLS: Mapping[str, float] = {"kill": 1.0}
EVERYTHING: Mapping[str, float] = {
    "kill": 0.64,
    KILL_NUMBERING: 0.08,
    "stop": 0.1,
    "harm": 0.14,
    LOSE_STORE: 0.04,
}
"""How often which fault; parts of 1."""


class Nemesis:
    """Chooses what ``faults`` does. ``mix`` says how often which fault."""

    def __init__(
        self,
        faults: Faults,
        rng: random.Random,
        targets: Sequence[str] = TARGETS,
        interval_seconds: tuple[float, float] = INTERVAL_SECONDS,
        mix: Mapping[str, float] = KILLS,
    ) -> None:
        self._faults = faults
        self._rng = rng
        self._targets = targets
        self._interval_seconds = interval_seconds
        self._mix = mix
        self._bags: dict[str, list[str]] = {}

    async def run(self, seconds: float) -> None:
        """Strikes for ``seconds``; returns when what was struck last is back, or has not come in time."""
        self._faults.begin()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(self._rng.uniform(*self._interval_seconds))
            self._strike()
        await self._faults.over()

    def _strike(self) -> None:
        [kind] = self._rng.choices(list(self._mix), list(self._mix.values()))
        if kind == "stop" and self._faults.stopped < MAX_STOPPED:
            self._faults.stop(self._next("stop"), self._rng.uniform(*STOP_SECONDS))
        elif kind == "harm" and (links := self._faults.used_links()):
            client, server = self._rng.choice(sorted(links))
            self._faults.harm(client, server, random_harm(self._rng), self._rng.uniform(*HARM_SECONDS))
        elif kind == LOSE_STORE:
            self._faults.lose_store()
        elif kind == KILL_NUMBERING and (relays := sorted(NUMBERING & set(self._targets))):
            self._faults.kill_numbering(self._next(kind, relays))
        else:
            self._faults.kill(self._next("kill"))

    def _next(self, kind: str, among: Sequence[str] | None = None) -> str:
        """Every process once, in random order, then again: each gets its share of each fault. One that serves
        goes first: to strike what is only starting breaks less. ``among`` None: all targets.
        """
        bag = self._bags.setdefault(kind, [])
        if not bag:
            chosen_from = list(self._targets if among is None else among)
            bag += self._rng.sample(chosen_from, len(chosen_from))
        chosen = next(reversed(self._faults.serving(bag)), bag[-1])
        bag.remove(chosen)
        return chosen
