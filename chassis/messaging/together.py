"""Events of many restaurants that have their effect in one transaction: one commit and one wait for the disk.

For subscriptions that keep what is newer (``versioned``), so that neither the order of events nor a second
effect matters. The first event after a quiet time is handled at once; those that arrive within
SPACING_SECONDS of the last transaction are handled together when that is over, or when they fill a batch.

A batch that fails leaves nothing behind, and each of its events is handled alone then, with all that the
inbox has for one that fails: nobody waits for another restaurant's poison or lock twice.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Histogram

from chassis.db import Database, Transaction
from chassis.messaging.stream import EventContext
from chassis.process.cancellation import stop_if_cancelled
from chassis.telemetry import work_scope

SPACING_SECONDS = 0.1
"""From the beginning of one batch to that of the next, while events arrive faster than that."""
BATCH_MAX_EVENTS = 32
"""As many are not waited for: half of what a pull subscription has in hand."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event that concerns this service, with what its headers say."""

    event: Any
    context: EventContext


HandleTogether = Callable[[Transaction, Sequence[Arrival]], Awaitable[None]]
"""``async def on_orders(tx, arrivals)``: the effect of all of them on ``tx``, which is of no restaurant."""

_log = structlog.get_logger(__name__)
_sizes = Histogram(
    "fynlo_inbox_batch_events",
    "Events that had their effect in one transaction",
    ["consumer"],
    buckets=(1, 2, 4, 8, 16, 32),
)


class Gathering:
    """What waits for one handler, and the task that handles it. ``slots`` bounds the connections in use."""

    def __init__(
        self, db: Database, handle: HandleTogether, *, consumer: str, slots: asyncio.Semaphore
    ) -> None:
        self._db = db
        self._handle = handle
        self._consumer = consumer
        self._slots = slots
        self._waiting: list[tuple[Arrival, asyncio.Future[bool]]] = []
        self._any = asyncio.Event()
        self._full = asyncio.Event()
        self._next_at = 0.0

    async def committed(self, arrival: Arrival) -> bool:
        """Waits for the batch of ``arrival``. False: it had no effect, and must be handled alone."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, done))
        self._any.set()
        if len(self._waiting) >= BATCH_MAX_EVENTS:
            self._full.set()
        return await done

    async def run(self) -> None:
        """Handles what waits, until cancelled."""
        while True:
            stop_if_cancelled()
            await self._any.wait()
            if len(self._waiting) < BATCH_MAX_EVENTS:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(self._next_at):
                        await self._full.wait()
            # With a free slot in hand, for those that arrive while it is waited for come along.
            async with self._slots:
                batch, self._waiting = self._waiting[:BATCH_MAX_EVENTS], self._waiting[BATCH_MAX_EVENTS:]
                if not self._waiting:
                    self._any.clear()
                if len(self._waiting) < BATCH_MAX_EVENTS:
                    self._full.clear()
                self._next_at = asyncio.get_running_loop().time() + SPACING_SECONDS
                await self._commit(batch)

    async def _commit(self, batch: Sequence[tuple[Arrival, asyncio.Future[bool]]]) -> None:
        committed = False
        try:
            with work_scope():
                async with self._db.transaction(None) as tx:
                    await self._handle(tx, [arrival for arrival, _ in batch])
            committed = True
            _sizes.labels(self._consumer).observe(len(batch))
        except Exception as error:  # each tells what is wrong with it when it is handled alone
            _log.warning("handled_alone", consumer=self._consumer, events=len(batch), error=repr(error))
        finally:
            for _, done in batch:
                if not done.done():
                    done.set_result(committed)
