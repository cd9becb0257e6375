"""What the relay's leader does beside publishing: measure, keep house, compare the outbox with the stream.

On a connection of its own, one chore after another, each bounded in rows and time. A chore that fails is
tried again later: whatever it runs into, it neither ends the lead nor keeps an event waiting.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import asyncpg
import nats.errors
import structlog
from nats.js.errors import Error as JetStreamError
from prometheus_client import Counter, Gauge

from chassis.clock import Clock
from chassis.db.ddl import ROLLED, SWEPT
from chassis.db.errors import UNREACHABLE
from chassis.process.cancellation import stop_if_cancelled
from chassis.process.reconciler import Leader, Reconciler

RECONNECT_SECONDS = 1.0
RECONCILE_SECONDS = 30.0
MEASURE_SECONDS = 5.0
ROLL_SECONDS = 3600.0
SWEEP_SECONDS = 60.0
PUT_OFF_SECONDS = 60.0
"""When a chore that timed out is tried again."""
AWAY_SECONDS = 1.0
"""The same for one that found NATS away."""
SWEEP_ROWS = 5_000
SWEEP_ROUND_ROWS = 100_000
SWEEP_ROUND_SECONDS = 2.0
SWEEP_PAUSE_SECONDS = 0.1
BACKLOG_ROWS = 10_001
"""Where counting the backlog stops."""

UNREACHABLE_OR_WRONG = (*UNREACHABLE, asyncpg.PostgresError)

_BACKLOG = "SELECT waiting, oldest FROM outbox_backlog($1)"
_ROLL = "SELECT chassis_roll($1, $2)"
_SWEEP = "SELECT chassis_sweep_rows($1, $2, $3)"

_log = structlog.get_logger(__name__)
_backlog = Gauge("fynlo_outbox_backlog", "Unpublished events, at most 10,001 are counted", ["schema"])
_age = Gauge("fynlo_outbox_oldest_unpublished_seconds", "Age of the oldest unpublished event", ["schema"])
_swept = Counter("fynlo_swept_rows_total", "Rows deleted because they were past their time", ["table"])
_put_off = Counter("fynlo_relay_chores_put_off_total", "Chores that failed and are tried again", ["chore"])


Open = Callable[[], "contextlib.AbstractAsyncContextManager[Leader]"]
Chore = Callable[[Leader], Awaitable[float]]
"""Does a bounded piece of work; seconds until the next one."""


class Chores:
    """The chores of one lead. ``run()`` returns only by being cancelled, or where another relay leads."""

    def __init__(
        self,
        open_connection: Open,
        reconciler: Reconciler,
        schema: str,
        clock: Clock,
        *,
        reconcile_seconds: float = RECONCILE_SECONDS,
    ) -> None:
        self._open = open_connection
        self._reconciler = reconciler
        self._schema = schema
        self._clock = clock
        self._reconcile_seconds = reconcile_seconds
        self._wake = asyncio.Event()
        self._chores: dict[str, Chore] = {
            "measure": self._measure,
            "roll": self._roll,
            "sweep": self._sweep,
            "reconcile": self._reconcile,
        }
        self._due = dict.fromkeys(self._chores, 0.0)

    def suspect_stream(self) -> None:
        """Has the outbox compared with the stream now."""
        self._reconciler.suspect()
        self._due["reconcile"] = 0.0
        self._wake.set()

    async def run(self) -> None:
        """Does what is due, for ever. Raises what ``open_connection`` says ends the lead."""
        while True:
            stop_if_cancelled()
            try:
                async with self._open() as leader:
                    await self._work(leader)
            except UNREACHABLE_OR_WRONG as error:
                _log.warning("chores_lost_database", schema=self._schema, error=repr(error))
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _work(self, leader: Leader) -> None:
        while not leader.connection.is_closed():
            stop_if_cancelled()
            self._wake.clear()
            for name in self._chores:
                if self._due[name] <= time.monotonic():
                    self._due[name] = time.monotonic() + await self._attempt(name, leader)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(self._due.values()) - time.monotonic())):
                    await self._wake.wait()

    async def _attempt(self, name: str, leader: Leader) -> float:
        """Seconds until the chore is due again."""
        try:
            return await self._chores[name](leader)
        except (nats.errors.Error, JetStreamError, OSError) as error:
            wait, what = AWAY_SECONDS, error
        except asyncpg.PostgresError as error:
            wait, what = (AWAY_SECONDS if leader.connection.is_closed() else PUT_OFF_SECONDS), error
        _put_off.labels(name).inc()
        _log.warning("chore_put_off", schema=self._schema, chore=name, error=repr(what))
        return wait

    async def _measure(self, leader: Leader) -> float:
        row = await leader.connection.fetchrow(_BACKLOG, BACKLOG_ROWS)
        age = (self._clock.now() - row["oldest"]).total_seconds() if row["oldest"] else 0.0
        _backlog.labels(self._schema).set(row["waiting"])
        _age.labels(self._schema).set(max(0.0, age))
        return MEASURE_SECONDS

    async def _roll(self, leader: Leader) -> float:
        for parent in ROLLED:
            await leader.connection.fetchval(_ROLL, parent, self._clock.now())
        return ROLL_SECONDS

    async def _sweep(self, leader: Leader) -> float:
        """Deletes what is past its time until nothing is, in rounds of bounded rows and time."""
        until = time.monotonic() + SWEEP_ROUND_SECONDS
        left, tables = SWEEP_ROUND_ROWS, list(SWEPT)
        while tables:
            for table in tuple(tables):
                if left <= 0 or time.monotonic() >= until:
                    return SWEEP_PAUSE_SECONDS
                deleted = await leader.connection.fetchval(_SWEEP, table, self._clock.now(), SWEEP_ROWS)
                _swept.labels(f"{self._schema}.{table}").inc(deleted)
                left -= deleted
                if deleted < SWEEP_ROWS:
                    tables.remove(table)
        return SWEEP_SECONDS

    async def _reconcile(self, leader: Leader) -> float:
        more = await self._reconciler.step(leader)
        if self._reconciler.suspected:
            return 0.0
        return self._reconcile_seconds if more is None else more
