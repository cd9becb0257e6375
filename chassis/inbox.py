"""Events arrive through an inbox: each has its effect once, whatever is delivered how often.

A durable pull consumer on JetStream, one for each type of event, hands an event to its handler inside a
transaction that also holds the event's inbox row: effect and row commit together, a second delivery finds
the row and does nothing, and only then is the delivery acknowledged. An acknowledgement that is lost costs
one more delivery, so nobody waits for its receipt. Events of one restaurant are handled in the order of
their delivery, but a failed one is tried again later, behind others: handlers compare versions.

A Subscription spares what an event does not need: the transaction where it concerns nobody here, the row
where its effect is a comparison of versions.

An event that fails MAX_DELIVERIES times is parked with its error and stands in nobody's way; while something
is Unavailable, that does not count. To try it again:
``UPDATE <schema>.inbox_parked SET retry_at = now() WHERE msg_id = '...'``. While the database is away nothing
is parked: such failures wait for ever.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg
import nats.errors
import structlog
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from prometheus_client import Counter, Gauge

from chassis.cancellation import stop_if_cancelled
from chassis.db import Database, Transaction
from chassis.errors import Unavailable
from chassis.pull import PullLoop
from chassis.stream import STREAM, EventContext, durable_of, ensure_stream, event_context
from chassis.telemetry import work_scope

MAX_DELIVERIES = 8
FIRST_DELAY_SECONDS = 1.0
MAX_DELAY_SECONDS = 300.0
MAX_UNAVAILABLE_DELAY_SECONDS = 5.0
"""What is away comes back for all events at once: none of them should sleep through it."""
ACK_WAIT_SECONDS = 6.0
"""When a process dies, what it held is delivered again after this long; a living one asks for more time."""
HOLDS_PER_ACK_WAIT = 3
MAX_ACK_PENDING = 256
MAX_EXCUSED = 4 * MAX_ACK_PENDING
PARALLEL_RESTAURANTS = 4
"""Connections of the service's pool that its consumer uses at most."""
DRAIN_SECONDS = 5.0
RETRY_POLL_SECONDS = 30.0
MAX_ERROR_CHARACTERS = 2_000

Handler = Callable[[Transaction, Any, EventContext], Awaitable[None]]
"""``async def on_order_placed(tx, event, context)``: its effect on ``tx``; raising rolls it back."""


def _all(_: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a service does with one kind of event, where more is known of it than its handler.

    ``concerns``: an event for which it is False is acknowledged without a transaction. It looks at nothing
    but the event, so that its answer is the same for every delivery.
    ``versioned``: the handler emits nothing and keeps what is newer, so that an event that comes twice or
    late changes nothing; it goes without an inbox row.
    """

    handle: Handler
    concerns: Callable[[Any], bool] = _all
    versioned: bool = False


_RECEIVE = """
INSERT INTO inbox (consumer, msg_id, status, received_at, handled_at, attempts)
VALUES ($1, $2, 'handled', $3, $3, $4) ON CONFLICT (consumer, msg_id) DO NOTHING RETURNING true
"""
_PARK = """
WITH row AS (
    INSERT INTO inbox (consumer, msg_id, status, received_at, attempts, error)
    VALUES ($1, $2, 'parked', $3, $4, $5) ON CONFLICT (consumer, msg_id) DO NOTHING RETURNING msg_id
)
INSERT INTO inbox_parked
    (consumer, msg_id, subject, headers, payload, attempts, error, parked_at)
SELECT $1, msg_id, $6, $7, $8, $4, $5, $3 FROM row
"""
_TO_RETRY = "SELECT msg_id FROM inbox_parked WHERE consumer = $1 AND retry_at <= $2 LIMIT 100"
_PARKED = "SELECT subject, headers, payload, attempts FROM inbox_parked WHERE consumer = $1 AND msg_id = $2"
_UNPARK = "DELETE FROM inbox_parked WHERE consumer = $1 AND msg_id = $2 RETURNING true"
_UNPARKED = """
UPDATE inbox SET status = 'handled', handled_at = $3, error = NULL WHERE consumer = $1 AND msg_id = $2
"""
_STAYS_PARKED = """
UPDATE inbox_parked SET retry_at = NULL, attempts = attempts + 1, error = $3
WHERE consumer = $1 AND msg_id = $2
"""

_log = structlog.get_logger(__name__)
_outcomes = Counter("fynlo_inbox_events_total", "Deliveries by outcome", ["consumer", "outcome"])
_lag = Gauge("fynlo_inbox_lag_events", "Events that wait in the stream for this consumer", ["consumer"])


class Consumer:
    """The inbox of one service. ``run()`` never returns; cancel it to stop.

    ``handlers`` maps an event's message class to what is done with it. Several replicas share its durable
    consumers, whose names begin with ``durable``.
    """

    def __init__(
        self,
        db: Database,
        nats: NatsClient,
        *,
        durable: str,
        handlers: Mapping[type[Message], Handler | Subscription],
        max_deliveries: int = MAX_DELIVERIES,
        first_delay_seconds: float = FIRST_DELAY_SECONDS,
        ack_wait_seconds: float = ACK_WAIT_SECONDS,
        retry_poll_seconds: float = RETRY_POLL_SECONDS,
        replicas: int = 1,
    ) -> None:
        self._db = db
        self._nats = nats
        self._durable = durable
        self._handlers = {
            kind.DESCRIPTOR.full_name: (
                kind,
                handler if isinstance(handler, Subscription) else Subscription(handler),
            )
            for kind, handler in handlers.items()
        }
        self._max_deliveries = max_deliveries
        self._first_delay_seconds = first_delay_seconds
        self._ack_wait_seconds = ack_wait_seconds
        self._retry_poll_seconds = retry_poll_seconds
        self._replicas = replicas
        self._slots = asyncio.Semaphore(PARALLEL_RESTAURANTS)
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._running: dict[asyncio.Task[None], Msg] = {}
        self._excused: dict[int, int] = {}
        """Deliveries, by sequence in the stream, that failed through no fault of their event."""

    async def run(self) -> None:
        """Handles events until cancelled; then lets running handlers end, DRAIN_SECONDS long."""
        retries = asyncio.create_task(self._retry_parked_when_asked())
        holding = asyncio.create_task(self._hold_what_waits())
        try:
            async with asyncio.TaskGroup() as pulling:
                for event_type in self._handlers:
                    pulling.create_task(self._pull(event_type))
        finally:
            retries.cancel()
            if self._running:
                await asyncio.wait(self._running, timeout=DRAIN_SECONDS)
            ending = [retries, holding, *self._running]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    async def _pull(self, event_type: str) -> None:
        name = durable_of(self._durable, event_type)
        pull = PullLoop(self._nats, STREAM, name, lambda: self._ensure_consumer(name, event_type))
        async for msg in pull.messages(lambda: len(self._running)):
            self._take(msg)

    async def _ensure_consumer(self, name: str, event_type: str) -> None:
        await ensure_stream(self._nats, replicas=self._replicas)
        await self._nats.jetstream().add_consumer(
            STREAM,
            ConsumerConfig(
                name=name,
                durable_name=name,
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=self._ack_wait_seconds,
                max_deliver=-1,
                max_ack_pending=MAX_ACK_PENDING,
                filter_subject=f"{event_type}.*",
            ),
        )

    def _take(self, msg: Msg) -> None:
        """Queues a message behind its restaurant's earlier ones."""
        restaurant = msg.subject.rsplit(".", 1)[-1]
        task = asyncio.create_task(self._in_turn(self._lanes.get(restaurant), msg))
        self._lanes[restaurant] = task
        self._running[task] = msg

        def forget(done: asyncio.Task[None]) -> None:
            self._running.pop(done, None)
            if self._lanes.get(restaurant) is done:
                del self._lanes[restaurant]

        task.add_done_callback(forget)

    async def _hold_what_waits(self) -> None:
        """Tells JetStream that what is in hand is not lost: a long queue is no reason to deliver it again."""
        while True:
            await asyncio.sleep(self._ack_wait_seconds / HOLDS_PER_ACK_WAIT)
            for msg in list(self._running.values()):
                with contextlib.suppress(nats.errors.Error):  # then it comes again, and the inbox knows
                    await msg.in_progress()

    async def _in_turn(self, earlier: asyncio.Task[None] | None, msg: Msg) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        async with self._slots:
            try:
                await self._settle(msg)
            except (
                Exception
            ) as error:  # the delivery stays unacknowledged: it comes again, and the inbox knows
                _log.warning("not_settled", consumer=self._durable, subject=msg.subject, error=repr(error))

    async def _settle(self, msg: Msg) -> None:
        metadata = msg.metadata
        _lag.labels(metadata.consumer).set(metadata.num_pending)
        delivery, seq = metadata.num_delivered, metadata.sequence.stream
        try:
            await self._handle(msg.subject, msg.headers or {}, msg.data, delivery)
        except Unavailable as error:
            _outcomes.labels(self._durable, "unavailable").inc()
            _log.warning("handler_unavailable", consumer=self._durable, subject=msg.subject, error=str(error))
            self._excuse(seq)
            await msg.nak(delay=min(self._delay(self._excused[seq]), MAX_UNAVAILABLE_DELAY_SECONDS))
        except Exception as error:  # whatever a handler raises is recorded with its event
            failures = delivery - self._excused.get(seq, 0)
            _outcomes.labels(self._durable, "failed").inc()
            _log.warning(
                "handler_failed",
                consumer=self._durable,
                subject=msg.subject,
                delivery=delivery,
                error=repr(error),
            )
            if failures < self._max_deliveries:
                await msg.nak(delay=self._delay(failures))
            elif await self._park(msg, delivery, error):
                await self._done(msg, seq)
            else:
                await msg.nak(delay=MAX_UNAVAILABLE_DELAY_SECONDS)
        else:
            await self._done(msg, seq)

    async def _done(self, msg: Msg, seq: int) -> None:
        self._excused.pop(seq, None)
        await msg.ack()

    def _excuse(self, seq: int) -> None:
        """One more delivery that does not count against the event."""
        self._excused[seq] = self._excused.pop(seq, 0) + 1
        if len(self._excused) > MAX_EXCUSED:
            # Another replica has settled it, or will count anew: it is parked a little sooner, no more.
            del self._excused[next(iter(self._excused))]

    async def _handle(self, subject: str, headers: Mapping[str, str], payload: bytes, delivery: int) -> None:
        """Inbox row and effect in one transaction; nothing where the row is there already."""
        kind, subscription = self._handlers[subject.rsplit(".", 1)[0]]
        event = kind.FromString(payload)
        if not subscription.concerns(event):
            _outcomes.labels(self._durable, "no_concern").inc()
            return
        context = event_context(subject, headers, delivery)
        restaurant = str(context.restaurant_id or "")
        with work_scope(context.traceparent, restaurant_id=restaurant):
            async with self._db.transaction(context.restaurant_id) as tx:
                fresh = subscription.versioned or await self._receive(tx, context.msg_id, delivery)
                if fresh:
                    await subscription.handle(tx, event, context)
        _outcomes.labels(self._durable, "handled" if fresh else "duplicate").inc()

    async def _receive(self, tx: Transaction, msg_id: UUID, delivery: int) -> bool:
        """True for an event that is not in the inbox yet."""
        now = self._db.clock.now()
        return bool(await tx.fetchval(_RECEIVE, self._durable, msg_id, now, delivery))

    async def _park(self, msg: Msg, delivery: int, error: Exception) -> bool:
        """Puts the event aside; False while the database is away."""
        headers, text = dict(msg.headers or {}), repr(error)[:MAX_ERROR_CHARACTERS]
        msg_id = _identity(headers, msg)
        try:
            async with self._db.transaction(None) as tx:
                now = self._db.clock.now()
                row = (self._durable, msg_id, now, delivery, text, msg.subject, headers, msg.data)
                await tx.execute(_PARK, *row)
        except Unavailable:
            return False
        _outcomes.labels(self._durable, "parked").inc()
        _log.error(
            "event_parked", consumer=self._durable, subject=msg.subject, msg_id=str(msg_id), error=text
        )
        return True

    async def _retry_parked_when_asked(self) -> None:
        while True:
            stop_if_cancelled()
            try:
                async with self._db.transaction(None, readonly=True) as tx:
                    rows = await tx.fetch(_TO_RETRY, self._durable, self._db.clock.now())
                for row in rows:
                    await self.retry_parked(row["msg_id"])
            except (Unavailable, asyncpg.PostgresError) as error:
                _log.warning("retry_of_parked_postponed", consumer=self._durable, error=str(error))
            await asyncio.sleep(self._retry_poll_seconds)

    async def retry_parked(self, msg_id: UUID) -> bool:
        """Handles a parked event again; True where that went well, else it stays parked with its new error.

        Raises Unavailable while the database is away.
        """
        async with self._db.transaction(None, readonly=True) as tx:
            parked = await tx.fetchrow(_PARKED, self._durable, msg_id)
        if parked is None:
            return False
        try:
            kind, subscription = self._handlers[parked["subject"].rsplit(".", 1)[0]]
            context = event_context(parked["subject"], parked["headers"], parked["attempts"] + 1)
            event = kind.FromString(parked["payload"])
            async with self._db.transaction(context.restaurant_id) as tx:
                if not await tx.fetchval(_UNPARK, self._durable, msg_id):
                    return False
                await subscription.handle(tx, event, context)
                await tx.execute(_UNPARKED, self._durable, msg_id, self._db.clock.now())
        except Unavailable:
            raise
        except Exception as error:  # recorded with the event, which stays parked
            async with self._db.transaction(None) as tx:
                await tx.execute(_STAYS_PARKED, self._durable, msg_id, repr(error)[:MAX_ERROR_CHARACTERS])
            _log.warning("event_stays_parked", consumer=self._durable, msg_id=str(msg_id), error=repr(error))
            return False
        _outcomes.labels(self._durable, "unparked").inc()
        return True

    def _delay(self, delivery: int) -> float:
        return min(self._first_delay_seconds * 2.0 ** min(delivery - 1, 30), MAX_DELAY_SECONDS)


def _identity(headers: Mapping[str, str], msg: Msg) -> UUID:
    """The event's id; for a message that no relay published one that stays the same over its deliveries."""
    with contextlib.suppress(KeyError, ValueError):
        return UUID(headers["ce-id"])
    return uuid5(NAMESPACE_OID, f"{STREAM}:{msg.metadata.sequence.stream}")
