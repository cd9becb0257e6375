"""Events arrive through an inbox: each has its effect once, whatever is delivered how often.

A durable pull consumer on JetStream, one for each type of event, hands an event to its handler inside a
transaction that also holds the event's inbox row: effect and row commit together, a second delivery finds
the row and does nothing, and only then is the delivery acknowledged. An acknowledgement that is lost costs
one more delivery, so nobody waits for its receipt. Events of one restaurant are handled in the order of
their delivery, but a failed one is tried again later, behind others: handlers compare versions.

A Subscription spares what an event does not need: a transaction, a row, a turn of its own.

An event that did not go well is set aside in Postgres (chassis.messaging.aside) and tried again later. After
MAX_FAILURES it is parked: the page /platform/parked and `python -m chassis.messaging.parked` list, retry and
discard. Unavailable or ConcurrentUpdate is no failure; while the database is away the delivery is put off.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import nats.errors
import structlog
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from prometheus_client import Counter as Metric
from prometheus_client import Gauge

from chassis.db import Database, Transaction
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Unavailable
from chassis.messaging.aside import (
    FIRST_DELAY_SECONDS,
    MAX_FAILURES,
    MAX_UNCOUNTED_DELAY_SECONDS,
    Aside,
    Backoff,
    Failed,
    SetAside,
    identity_of,
    restaurant_of,
)
from chassis.messaging.pull import PullLoop
from chassis.messaging.stream import STREAM, EventContext, durable_of, ensure_stream, event_context
from chassis.messaging.together import SPACING_SECONDS, Arrival, Gathering, HandleTogether
from chassis.process.cancellation import stop_if_cancelled
from chassis.telemetry import work_scope

ACK_WAIT_SECONDS = 6.0
"""When a process dies, what it held is delivered again after this long; a living one asks for more time."""
HOLDS_PER_ACK_WAIT = 3
MAX_ACK_PENDING = 512
WINDOW_EACH = 8
"""Deliveries in hand of one restaurant that count against the window: a slow one leaves room for others."""
PARALLEL_RESTAURANTS = 4
"""Connections of the service's pool that its consumer uses at most."""
DRAIN_SECONDS = 5.0
RETRY_POLL_SECONDS = 30.0
MIN_RETRY_POLL_SECONDS = 0.05
NO_FAILURE = (Unavailable, ConcurrentUpdate)
"""What says nothing against an event: the database is away or busy, somebody else holds the row."""

WHAT_TO_DO = "look at /platform/parked, or `python -m chassis.messaging.parked list`"

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
    ``together``: handles many of them, of many restaurants, in one transaction of no restaurant; only beside
    ``versioned``. Where it raises, each is handled alone by ``handle``.
    ``unhurried``: nobody waits for the effect. Events come together, up to SPACING_SECONDS later.
    """

    handle: Handler
    concerns: Callable[[Any], bool] = _all
    versioned: bool = False
    together: HandleTogether | None = None
    unhurried: bool = False

    def __post_init__(self) -> None:
        if self.together is not None and not self.versioned:
            raise ValueError("events without versions are handled one by one, with an inbox row each")


_RECEIVE = """
INSERT INTO inbox (consumer, msg_id, status, received_at, handled_at, attempts)
VALUES ($1, $2, 'handled', $3, $3, $4) ON CONFLICT (consumer, msg_id) DO NOTHING RETURNING true
"""

_log = structlog.get_logger(__name__)
_outcomes = Metric("fynlo_inbox_events_total", "Deliveries by outcome", ["consumer", "outcome"])
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
        max_failures: int = MAX_FAILURES,
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
        self._backoff = Backoff(max_failures, first_delay_seconds)
        self._aside = Aside(db, durable, self._backoff)
        self._try_again = asyncio.Event()
        """Something was set aside whose next try may come before the next poll."""
        self._ack_wait_seconds = ack_wait_seconds
        self._retry_poll_seconds = retry_poll_seconds
        self._replicas = replicas
        self._slots = asyncio.Semaphore(PARALLEL_RESTAURANTS)
        gathered = {one.together for _, one in self._handlers.values() if one.together is not None}
        self._gathered = {one: Gathering(db, one, consumer=durable, slots=self._slots) for one in gathered}
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._in_hand: dict[str, Counter[str]] = {event_type: Counter() for event_type in self._handlers}
        """Deliveries of each type, by restaurant."""
        self._running: dict[asyncio.Task[None], Msg] = {}

    @property
    def db(self) -> Database:
        """Where its inbox is."""
        return self._db

    @property
    def durable(self) -> str:
        """Its name in the inbox."""
        return self._durable

    def try_again_now(self) -> None:
        """What was set aside and is due is tried now, and what is parked is counted anew."""
        self._try_again.set()

    async def run(self) -> None:
        """Handles events until cancelled; then lets running handlers end, DRAIN_SECONDS long."""
        retries = asyncio.create_task(self._try_again_when_due())
        holding = [self._hold_what_waits(), *(one.run() for one in self._gathered.values())]
        meanwhile = [asyncio.create_task(one) for one in holding]
        try:
            async with asyncio.TaskGroup() as pulling:
                for event_type in self._handlers:
                    pulling.create_task(self._pull(event_type))
        finally:
            retries.cancel()
            if self._running:
                await asyncio.wait(self._running, timeout=DRAIN_SECONDS)
            ending = [retries, *meanwhile, *self._running]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    async def _pull(self, event_type: str) -> None:
        name = durable_of(self._durable, event_type)
        spacing = SPACING_SECONDS if self._handlers[event_type][1].unhurried else 0.0
        pull = PullLoop(self._nats, STREAM, name, lambda: self._ensure_consumer(name, event_type), spacing)
        async for msg in pull.messages(lambda: self._in_window(event_type)):
            self._take(msg, event_type)

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

    def _in_window(self, event_type: str) -> int:
        """Deliveries of a type in hand, of each restaurant only so many: JetStream holds back what is beyond
        MAX_ACK_PENDING, and until then one restaurant's queue keeps nobody else waiting. A window for each
        type: with one for all, a flood of one type would leave the others no room for a request.
        """
        return sum(min(length, WINDOW_EACH) for length in self._in_hand[event_type].values())

    def _take(self, msg: Msg, event_type: str) -> None:
        """Queues a message behind its restaurant's earlier ones, of whatever type."""
        restaurant, in_hand = msg.subject.rsplit(".", 1)[-1], self._in_hand[event_type]
        task = asyncio.create_task(self._in_turn(self._lanes.get(restaurant), msg))
        self._lanes[restaurant] = task
        in_hand[restaurant] += 1
        self._running[task] = msg

        def forget(done: asyncio.Task[None]) -> None:
            self._running.pop(done, None)
            in_hand[restaurant] -= 1
            if not in_hand[restaurant]:
                del in_hand[restaurant]
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
        try:
            _lag.labels(msg.metadata.consumer).set(msg.metadata.num_pending)
            if await self._handled_together(msg):
                await msg.ack()
                return
            if earlier is not None:
                await asyncio.wait([earlier])
            async with self._slots:
                await self._settle(msg)
        except Exception as error:  # the delivery stays unacknowledged: it comes again, and the inbox knows
            _log.warning("not_settled", consumer=self._durable, subject=msg.subject, error=repr(error))

    async def _handled_together(self, msg: Msg) -> bool:
        """Whether its effect has committed with that of others."""
        kind, subscription = self._handlers[msg.subject.rsplit(".", 1)[0]]
        if subscription.together is None:
            return False
        try:
            event = kind.FromString(msg.data)
            context = event_context(msg.subject, msg.headers or {}, msg.metadata.num_delivered)
            concerned = subscription.concerns(event)
        except Exception:  # raised again where it is handled alone, and recorded there
            return False
        together = self._gathered[subscription.together]
        if not concerned or not await together.committed(Arrival(event, context)):
            return False
        _outcomes.labels(self._durable, "handled").inc()
        return True

    async def _settle(self, msg: Msg) -> None:
        delivery = msg.metadata.num_delivered
        try:
            await self._handle(msg.subject, msg.headers or {}, msg.data, delivery)
        except Exception as error:  # whatever a handler raises is recorded with its event
            headers = dict(msg.headers or {})
            counted = self._noted(msg.subject, error, delivery)
            failed = Failed(identity_of(msg), msg.subject, headers, msg.data, delivery, error, counted)
            try:
                delay = await self._aside.put(failed)
            except NO_FAILURE:
                await msg.nak(delay=min(self._backoff.delay(delivery), MAX_UNCOUNTED_DELAY_SECONDS))
                return
            self._tell_next_try(failed.msg_id, msg.subject, error, delay)
        await msg.ack()

    def _noted(self, subject: str, error: Exception, attempt: int) -> bool:
        """Logs what went wrong; whether it counts as a failure of the event."""
        counted = not isinstance(error, NO_FAILURE)
        _outcomes.labels(self._durable, "failed" if counted else "unavailable").inc()
        _log.warning(
            "handler_failed" if counted else "handler_unavailable",
            consumer=self._durable,
            subject=subject,
            delivery=attempt,
            error=repr(error),
        )
        return counted

    def _tell_next_try(self, msg_id: UUID, subject: str, error: Exception, delay: float | None) -> None:
        if delay is not None:
            self._try_again.set()
            return
        _outcomes.labels(self._durable, "parked").inc()
        _log.error(
            "event_parked",
            consumer=self._durable,
            subject=subject,
            msg_id=str(msg_id),
            error=repr(error),
            what_to_do=WHAT_TO_DO,
        )

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

    async def _try_again_when_due(self) -> None:
        """Handles what was set aside, when its time has come or an operator asks; tells at first
        what is parked."""
        told = False
        while True:
            stop_if_cancelled()
            self._try_again.clear()
            try:
                due = await self._aside.due()
                await asyncio.gather(*(self._retry_lane(whose, ids) for whose, ids in due.items()))
                seconds = await self._aside.next_seconds()
                wait = self._retry_poll_seconds if seconds is None else min(seconds, self._retry_poll_seconds)
                if self._aside.parked and not told:
                    _log.error(
                        "events_are_parked",
                        consumer=self._durable,
                        events=self._aside.parked,
                        what_to_do=WHAT_TO_DO,
                    )
                told = True
            except Exception as error:  # the next round comes, whatever it was
                _log.warning("retries_postponed", consumer=self._durable, error=repr(error))
                wait = MAX_UNCOUNTED_DELAY_SECONDS
            await asyncio.sleep(MIN_RETRY_POLL_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0)):
                    await self._try_again.wait()

    async def _retry_lane(self, restaurant: UUID | None, msg_ids: list[UUID]) -> None:
        """One restaurant's tries, one after another."""
        for msg_id in msg_ids:
            async with self._slots:
                try:
                    await self._retry(restaurant, msg_id)
                except (*NO_FAILURE, asyncpg.PostgresError) as error:
                    _log.warning("retry_postponed", consumer=self._durable, error=repr(error))
                    return

    async def _retry(self, restaurant: UUID | None, msg_id: UUID) -> None:
        event = await self._aside.find(restaurant, msg_id)
        if event is None:
            return
        try:
            done = await self._handle_again(event)
        except Exception as error:  # recorded with the event
            counted = self._noted(event.subject, error, event.attempts + 1)
            delay = await self._aside.stays(event, error, counted=counted)
            self._tell_next_try(msg_id, event.subject, error, delay)
            return
        if done:
            _outcomes.labels(self._durable, "unparked").inc()

    async def _handle_again(self, event: SetAside) -> bool:
        kind, subscription = self._handlers[event.subject.rsplit(".", 1)[0]]
        context = event_context(event.subject, event.headers, event.attempts + 1)
        message = kind.FromString(event.payload)
        with work_scope(context.traceparent, restaurant_id=str(context.restaurant_id or "")):
            async with self._db.transaction(restaurant_of(event.subject)) as tx:
                if not await self._aside.take(tx, event):
                    return False
                await subscription.handle(tx, message, context)
        return True
