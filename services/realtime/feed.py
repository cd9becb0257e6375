"""The live path: one core NATS subscription for all events of all services -> the hub.

A JetStream publish is also a core message: the lowest latency, and no consumer to look after. What core
NATS may lose (a lost connection, a subscription that went silent) is read back from the stream, and what is
missing there from the owner: positions are contiguous, so nothing can be missing unnoticed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import nats.errors
import orjson
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from chassis.clock import Clock
from chassis.stream import COMMAND_ID, MSG_ID, POSITIONS, STREAM, SUBJECTS
from chassis.telemetry import counter, get_logger
from services.realtime.frames import Event

SUBJECT: Final = "fynlo.*.v1.>"
WARM_SECONDS: Final = 600.0
LOST_MARGIN_SECONDS: Final = 15.0
"""A connection may have been dead this long before anybody noticed."""
READ_BATCH: Final = 500
READ_SECONDS: Final = 5.0
READ_EVENTS_MAX: Final = 200_000
READER_IDLE_SECONDS: Final = 30.0
NARROWING_STEPS: Final = 12
"""How often the place is moved from which the newest messages of a subject are read."""
HELD_EVENTS_MAX: Final = 100_000
WATCHDOG_SECONDS: Final = 5.0
WATCHDOG_GRACE_SECONDS: Final = 1.0
RECENT_IDS: Final = 4_096
CONNECTION_POLL_SECONDS: Final = 0.25
STALL_SECONDS: Final = 3.0

Positions = list[tuple[str, str, int]]
Take = Callable[[Event, Positions], None]
_Pull = JetStreamContext.PullSubscription

_log = get_logger("feed")
_unreadable = counter("realtime_unreadable_total", "Messages whose headers could not be read")
_stale = counter("realtime_stale_subscriptions_total", "Times the subscription had gone silent")
_caught_up = counter("realtime_read_back_total", "Events read back from the stream")


def read_message(subject: str, headers: Mapping[str, str], payload: bytes) -> tuple[Event, Positions] | None:
    """A published event and its positions. None: it is on no channel. Raises ValueError or KeyError where the
    headers are none that a relay writes.
    """
    raw = headers.get(POSITIONS)
    if raw is None:
        return None
    positions = [(str(channel), str(epoch), int(seq)) for channel, epoch, seq in orjson.loads(raw)]
    at = datetime.fromisoformat(headers["ce-time"])
    event = Event(
        type_name=headers["ce-type"],
        payload=payload,
        restaurant_id=subject.rpartition(".")[2],
        message_id=headers["ce-id"],
        command_id=headers.get(COMMAND_ID, ""),
        at_ms=int(at.timestamp() * 1000),
    )
    return event, positions


async def read_stream(
    client: NatsClient, since: datetime, *, subject: str = SUBJECTS, limit: int = READ_EVENTS_MAX
) -> AsyncIterator[tuple[Event, Positions]]:
    """What the stream holds since an instant, in its order; of more than ``limit`` messages the newest.

    Raises nats errors where JetStream does not answer; a stream that does not exist yet is empty.
    """
    try:
        pull, left = await _newest(client, since, subject, limit)
    except NotFoundError:
        return
    try:
        while left > 0:
            for message in await pull.fetch(min(READ_BATCH, left), timeout=READ_SECONDS):
                left = min(left - 1, message.metadata.num_pending)
                found = _readable(message)
                if found is not None:
                    yield found
    finally:
        await pull.unsubscribe()


async def _newest(client: NatsClient, since: datetime, subject: str, limit: int) -> tuple[_Pull, int]:
    """A reader of at most ``limit`` messages, the newest since an instant, and how many they are.

    Of a subject JetStream counts what follows a place, and cannot count back from the end: where there are
    more than the limit, the place is looked for until half of it, or what the steps give, is found.
    """
    pull, pending = await _from(
        client, subject, deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=since
    )
    if pending <= limit:
        return pull, pending
    before = (await pull.consumer_info()).delivered
    first = before.stream_seq + 1 if before is not None else 1
    last = (await client.jetstream().stream_info(STREAM)).state.last_seq
    enough, found = max(first, last - limit + 1), None
    for _ in range(NARROWING_STEPS):
        await pull.unsubscribe()
        at = (first + enough) // 2 if found is not None else enough
        pull, pending = await _from(
            client, subject, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=at
        )
        if pending > limit:
            first = at
            continue
        enough, found = at, pending
        if pending * 2 >= limit:
            return pull, pending
    await pull.unsubscribe()
    pull, pending = await _from(
        client, subject, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=enough
    )
    return pull, min(pending, limit)


async def _from(client: NatsClient, subject: str, **start: Any) -> tuple[_Pull, int]:
    """A reader of a subject from a place on, and how many messages wait there."""
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        filter_subject=subject,
        inactive_threshold=READER_IDLE_SECONDS,
        mem_storage=True,
        **start,
    )
    pull = await client.jetstream().pull_subscribe(subject, stream=STREAM, config=config)
    return pull, (await pull.consumer_info()).num_pending or 0


def _readable(message: Msg) -> tuple[Event, Positions] | None:
    try:
        return read_message(message.subject, message.headers or {}, message.data)
    except (ValueError, KeyError, TypeError) as error:
        _unreadable.inc()
        _log.error("an event could not be read", subject=message.subject, error=repr(error))
        return None


class Feed:
    """See the module. ``take`` gets every event with its positions, duplicates included."""

    def __init__(self, client: NatsClient, take: Take, clock: Clock) -> None:
        self._client = client
        self._take = take
        self._clock = clock
        self._subscription: Subscription | None = None
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._held: list[tuple[Event, Positions]] | None = None
        """While the rings are being warmed: newer events must not come before older ones."""
        self._alive_at = self._quiet_until = self._polled_at = clock.now()
        self.received = 0

    async def start(self) -> None:
        """Subscribes, then warms the rings from the stream. Raises nats errors."""
        self._held = self._held or []
        if self._subscription is None:
            await self._subscribe()
        await self.catch_up(self._clock.now() - timedelta(seconds=WARM_SECONDS))
        held, self._held = self._held, None
        for event, positions in held:
            self._take(event, positions)

    async def run(self) -> None:
        """Watches the connection and the subscription for as long as the process lives."""
        reconnects = self._client.stats["reconnects"]
        next_watch = WATCHDOG_SECONDS
        doubtful = False
        while True:
            await asyncio.sleep(CONNECTION_POLL_SECONDS)
            next_watch -= CONNECTION_POLL_SECONDS
            # A process that stood still may believe for a moment that it is still connected.
            doubtful |= self._clock.now() - self._polled_at > timedelta(seconds=STALL_SECONDS)
            doubtful |= self._client.stats["reconnects"] != reconnects
            self._polled_at = self._clock.now()
            if self._client.is_connected:
                reconnects = self._client.stats["reconnects"]
                doubtful = doubtful and not await self._attempt(self._read_back)
                if not doubtful:
                    self._alive_at = self._polled_at
            if next_watch <= 0:
                next_watch = WATCHDOG_SECONDS
                await self._attempt(self._watch)

    async def catch_up(self, since: datetime) -> int:
        """Hands over what the stream holds since an instant; how many events. Raises nats errors."""
        count = 0
        self._quiet_until = self._clock.now()
        async for event, positions in read_stream(self._client, since):
            self._take(event, positions)
            count += 1
            if count % READ_BATCH == 0:
                await asyncio.sleep(0)
        _caught_up.inc(count)
        return count

    async def _subscribe(self) -> None:
        self._subscription = await self._client.subscribe(SUBJECT, cb=self._on_message)
        await self._client.flush()

    async def _on_message(self, message: Msg) -> None:
        self.received += 1
        headers: Any = message.headers
        if headers is None:
            return
        message_id = headers.get(MSG_ID)
        if message_id is not None:
            self._recent[message_id] = None
            if len(self._recent) > RECENT_IDS:
                self._recent.popitem(last=False)
        found = _readable(message)
        if found is None:
            return
        if self._held is not None and len(self._held) < HELD_EVENTS_MAX:
            self._held.append(found)
        else:
            self._take(*found)

    async def _attempt(self, step: Callable[[], Any]) -> bool:
        try:
            await step()
        except (nats.errors.Error, JetStreamError, OSError, TimeoutError) as error:
            _log.warning("the stream cannot be read now", error=repr(error))
            return False
        return True

    async def _read_back(self) -> None:
        count = await self.catch_up(self._alive_at - timedelta(seconds=LOST_MARGIN_SECONDS))
        _log.info("read back what may have been missed", events=count)

    async def _watch(self) -> None:
        """Compares the stream's last message with what the subscription brought; renews one that is stale."""
        if not self._client.is_connected:
            return
        try:
            last = await self._client.jetstream().get_last_msg(STREAM, SUBJECTS)
        except NotFoundError:
            return
        message_id = (last.headers or {}).get(MSG_ID)
        if message_id is None or message_id in self._recent or not self._is_later(last.time):
            return
        await asyncio.sleep(WATCHDOG_GRACE_SECONDS)
        if message_id not in self._recent:
            await self._renew()

    def _is_later(self, at: datetime | None) -> bool:
        """Whether a message of the stream is younger than the last reading of it."""
        return at is not None and at > self._quiet_until

    async def _renew(self) -> None:
        _stale.inc()
        _log.error("the subscription had gone silent; it is renewed")
        old = self._subscription
        await self._subscribe()
        if old is not None:
            await old.unsubscribe()
        await self.catch_up(self._clock.now() - timedelta(seconds=WARM_SECONDS))
