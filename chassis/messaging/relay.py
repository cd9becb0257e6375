"""The relay gives committed events their positions and carries them from the outbox to JetStream.

A round is one round trip to Postgres: what JetStream took is marked, what was committed is numbered, what
comes next is given. Numbers are on disk before anything is published: a relay that dies in between, or finds
that nothing was taken, publishes the same numbers again. Numbering is fenced like marking.

Every replica of a service runs one; a session advisory lock makes one of them the leader. A leader that was
paused past its lock can only publish duplicates, which JetStream and every inbox drop: it cannot mark rows,
because marking happens on the connection that holds the lock and checks the generation of the leader.

Per restaurant the order of the outbox is kept (one message in flight); restaurants run side by side. A row
that could not be published is tried again for ever: poll, nudge after each commit, back-off while NATS is
away. What else the leader does (chassis.process.chores) has a connection and a task of its own.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import nats.errors
import structlog
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.js.api import PubAck
from nats.js.errors import NoStreamResponseError
from nats.js.errors import NotFoundError as StreamNotFound
from prometheus_client import Counter, Gauge

from chassis.clock import Clock
from chassis.db import Database, connection_options, prepare_connection
from chassis.messaging.reader import RELAY, OwnEvents
from chassis.messaging.stream import MSG_ID, STREAM, ensure_stream, event_headers, subject_of
from chassis.process.cancellation import stop_if_cancelled
from chassis.process.chores import RECONCILE_SECONDS, Chores
from chassis.process.reconciler import Reconciler

BATCH_ROWS = 256
"""Rows per round, and so the bound on messages in flight."""
POLL_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 2.0
LEADER_RETRY_SECONDS = 1.0
PUBLISH_TIMEOUT_SECONDS = 5.0
MAX_RENAMED = 8
"""How often an event is published under another id in one attempt."""
SUPERSEDED = "FY001"
KEEPALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
"""Postgres gives the lock of a vanished machine away after 25 s instead of two hours."""
UNHURRIED = {"synchronous_commit": "off"}
"""A mark that a crash takes back publishes its event once more, and every inbox drops it: marks need not wait
for the disk. Numbers do, by the function that gives them."""

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('fynlo-relay:' || $1, 0))"
_NEXT = "SELECT id AS turn, * FROM outbox_next($1, $2, $3, $4, $5)"
"""The id of what is to be published is its place in the order of publication: what a mark names it by."""

_log = structlog.get_logger(__name__)
_published = Counter("fynlo_outbox_published_total", "Events acknowledged by JetStream", ["schema"])
_failed = Counter("fynlo_outbox_publish_failures_total", "Attempts that JetStream did not take", ["schema"])
_leading = Gauge("fynlo_outbox_leader", "1 where this process leads the relay", ["schema"])


Acked = list[tuple[int, int]]
"""(turn, sequence in the stream) of events that JetStream has and the outbox does not know of yet."""


class NotTaken(nats.errors.Error):
    """JetStream says again and again that it has an event which it has lost."""


class Superseded(Exception):
    """Another relay leads; what this one did since can only have been duplicates."""


@dataclass(slots=True)
class Leadership:
    """A connection that holds the lock, and the generation that its marks carry."""

    connection: Any
    generation: int

    async def call(self, function: str, *args: object) -> Any:
        """Runs ``SELECT function(generation, ...)``. Raises Superseded."""
        places = "".join(f", ${index}" for index in range(2, len(args) + 2))
        [row] = await self._fetch(f"SELECT {function}($1{places})", *args)
        return row[0]

    async def next(self, acked: Acked, at: datetime) -> list[Any]:
        """Marks what JetStream took, numbers up to BATCH_ROWS rows that have no positions, and gives up to
        BATCH_ROWS unpublished ones. Raises Superseded.
        """
        turns, seqs = zip(*acked, strict=True) if acked else ((), ())
        return await self._fetch(_NEXT, turns, seqs, at, BATCH_ROWS)

    async def _fetch(self, sql: str, *args: object) -> list[Any]:
        try:
            rows: list[Any] = await self.connection.fetch(sql, self.generation, *args)
        except asyncpg.PostgresError as error:
            if error.sqlstate == SUPERSEDED:
                raise Superseded from error
            raise
        return rows


class OutboxRelay:
    """Publishes the outbox of ``db``'s schema. ``run()`` never returns; cancel it to stop."""

    def __init__(
        self,
        db: Database,
        nats: NatsClient,
        clock: Clock,
        *,
        replicas: int = 1,
        poll_seconds: float = POLL_SECONDS,
        reconcile_seconds: float = RECONCILE_SECONDS,
    ) -> None:
        self._db = db
        self._nats = nats
        self._jetstream = nats.jetstream(timeout=PUBLISH_TIMEOUT_SECONDS)
        self._own = OwnEvents(nats, db.schema, RELAY)
        self._clock = clock
        self._replicas = replicas
        self._poll_seconds = poll_seconds
        self._reconcile_seconds = reconcile_seconds
        self._wake = asyncio.Event()
        self._leads = False
        self._nudging: asyncio.Task[None] | None = None
        self._nudge_subject = f"fynlo-nudge.{db.schema}"
        self._highest_seq = 0
        self._doubtful = True
        """Something may have happened to the stream."""
        self._reconnects_seen = 0
        db.on_emitted(self.nudge)

    @property
    def leads(self) -> bool:
        """Whether this relay is the one that publishes."""
        return self._leads

    def nudge(self) -> None:
        """There is work: wakes the leader, here or in another replica. Cheap, never fails, may be lost."""
        self._wake.set()
        if not self._leads and self._nats.is_connected and (self._nudging is None or self._nudging.done()):
            self._nudging = asyncio.get_running_loop().create_task(self._nudge_others())

    async def run(self) -> None:
        """Leads or waits to lead, until cancelled."""

        async def on_nudge(_: Msg) -> None:
            self._wake.set()

        subscription = await self._nats.subscribe(self._nudge_subject, cb=on_nudge)
        try:
            while True:
                stop_if_cancelled()
                try:
                    async with self._leadership() as leadership:
                        await self._lead(leadership)
                except Superseded:
                    _log.warning("relay_superseded", schema=self._db.schema)
                except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                    _log.warning("relay_lost_database", schema=self._db.schema, error=repr(error))
                except (OSError, nats.errors.Error) as error:
                    _log.warning("relay_interrupted", schema=self._db.schema, error=repr(error))
                await asyncio.sleep(LEADER_RETRY_SECONDS)
        finally:
            with contextlib.suppress(nats.errors.Error):  # a closed client has no subscriptions
                await subscription.unsubscribe()

    @contextlib.asynccontextmanager
    async def _connection(self, **settings: str) -> AsyncIterator[Any]:
        options = connection_options(self._db.schema)
        options["server_settings"] |= KEEPALIVE | settings
        connection = await asyncpg.connect(self._db.url, **options)
        try:
            await prepare_connection(connection)
            yield connection
        finally:
            # Not close(): that waits for the server, and a stopping process gives the lock away at once.
            connection.terminate()

    @contextlib.asynccontextmanager
    async def _leadership(self) -> AsyncIterator[Leadership]:
        """Waits for the lock on a connection of its own."""
        async with self._connection(**UNHURRIED) as connection:
            try:
                while not await connection.fetchval(_LOCK, self._db.schema):  # noqa: ASYNC110 - another process's
                    await asyncio.sleep(LEADER_RETRY_SECONDS)
                generation = await connection.fetchval("SELECT outbox_lead()")
                self._leads = True
                _leading.labels(self._db.schema).set(1)
                _log.info("relay_leads", schema=self._db.schema, generation=generation)
                yield Leadership(connection, generation)
            finally:
                self._leads = False
                _leading.labels(self._db.schema).set(0)

    async def _lead(self, leadership: Leadership) -> None:
        """Publishes, and does the chores beside it, until the lead is lost."""

        @contextlib.asynccontextmanager
        async def beside() -> AsyncIterator[Leadership]:
            async with self._connection() as connection:
                yield Leadership(connection, leadership.generation)

        reconciler = Reconciler(self._nats, self._db.schema, self._clock, replicas=self._replicas)
        chores = Chores(
            beside, reconciler, self._db.schema, self._clock, reconcile_seconds=self._reconcile_seconds
        )
        doing = asyncio.create_task(self._until_superseded(chores))
        try:
            await self._publish_for_ever(leadership, chores)
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)

    async def _until_superseded(self, chores: Chores) -> None:
        try:
            await chores.run()
        except Superseded:
            _log.warning("relay_superseded", schema=self._db.schema)

    async def _publish_for_ever(self, leadership: Leadership, chores: Chores) -> None:
        self._doubtful, backoff = True, POLL_SECONDS
        acked: Acked = []
        while True:
            stop_if_cancelled()
            self._wake.clear()
            if not self._nats.is_connected:
                # A channel's replay and snapshot go on without NATS.
                if await leadership.call("outbox_number", BATCH_ROWS) < BATCH_ROWS:
                    await self._rest(MAX_BACKOFF_SECONDS / 4)
                continue
            taken, failed = 0, 1
            try:
                await self._see_to_stream(chores)
                acked, failed = await self._round(leadership, acked)
                taken = len(acked)
            except nats.errors.Error as error:
                _log.warning("relay_waits_for_nats", schema=self._db.schema, error=repr(error))
            if failed:
                backoff = POLL_SECONDS if taken else min(2 * backoff, MAX_BACKOFF_SECONDS)
                await asyncio.sleep(backoff)
            elif taken < BATCH_ROWS:
                # What JetStream took is marked by the next round, which the next event begins: a round trip
                # an event and not two. A leader that stops in between leaves duplicates, which inboxes drop.
                backoff = POLL_SECONDS
                await self._rest(self._poll_seconds)

    async def _see_to_stream(self, chores: Chores) -> None:
        """After whatever may have happened to the stream: that it is there, and whether it is whole."""
        reconnects = self._nats.stats["reconnects"]
        if self._doubtful or reconnects != self._reconnects_seen:
            await ensure_stream(self._nats, replicas=self._replicas)
            self._doubtful, self._reconnects_seen, self._highest_seq = False, reconnects, 0
            chores.suspect_stream()

    async def _rest(self, seconds: float) -> None:
        """Sleeps until nudged, at most ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _round(self, leadership: Leadership, acked: Acked) -> tuple[Acked, int]:
        """Marks what the last round published and publishes the next up to BATCH_ROWS rows.

        What JetStream took of them, to be marked by the next round, and how many restaurants failed.
        """
        rows = await leadership.next(acked, self._clock.now())
        lanes: dict[UUID | None, list[Any]] = defaultdict(list)
        for row in rows:
            lanes[row["restaurant_id"]].append(row)
        taken: Acked = []
        outcomes = await asyncio.gather(*(self._publish_lane(lane, taken) for lane in lanes.values()))
        if taken:
            _published.labels(self._db.schema).inc(len(taken))
        return taken, sum(not outcome for outcome in outcomes)

    async def _publish_lane(self, rows: Sequence[Any], acked: Acked) -> bool:
        """One restaurant's rows, one after another; False where one was not taken, the rest has to wait."""
        highest_before = self._highest_seq
        for row in rows:
            try:
                ack = await self._publish(row)
            except (OSError, nats.errors.Error) as error:
                if isinstance(error, NoStreamResponseError | StreamNotFound):
                    self._doubtful = True
                _failed.labels(self._db.schema).inc()
                _log.warning("publish_failed", schema=self._db.schema, turn=row["turn"], error=repr(error))
                return False
            if ack.seq <= highest_before and not ack.duplicate:
                # The stream counts again from below: it was restored or recreated, and has lost its tail.
                self._doubtful = True
            self._highest_seq = max(self._highest_seq, ack.seq)
            acked.append((row["turn"], ack.seq))
        return True

    async def _publish(self, row: Any) -> PubAck:
        """Publishes one row; where the stream has it. Raises nats.errors.Error where it was not taken.

        Inside its window of duplicates JetStream remembers the ids of messages that it has lost, and takes no
        second one for them. Such an event goes by another id, the same whoever publishes it; consumers know
        events by ``ce-id``.
        """
        headers = event_headers(row, self._db.schema)
        subject = subject_of(row["type"], row["restaurant_id"])
        for _ in range(MAX_RENAMED):
            ack = await self._jetstream.publish(subject, row["payload"], stream=STREAM, headers=headers)
            if not ack.duplicate or await self._own.has(ack.seq, row["msg_id"]):
                return ack
            headers[MSG_ID] = f"{row['msg_id']}:{ack.seq}"
        raise NotTaken

    async def _nudge_others(self) -> None:
        with contextlib.suppress(nats.errors.Error):  # a lost nudge costs one poll interval
            await self._nats.publish(self._nudge_subject)
