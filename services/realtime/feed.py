"""The live path: a core NATS subscription for all events of each service that owns channels -> the hub.

A JetStream publish is also a core message: the lowest latency, and no consumer to look after. What core
NATS may lose (a lost connection, a subscription that went silent) is read back from the stream, and what is
missing there from the owner: positions are contiguous, so nothing can be missing unnoticed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final

import nats.errors
import orjson
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from chassis.clock import Clock
from chassis.messaging.channels import OWNERS, owned_by
from chassis.messaging.reader import READ_BATCH, Reader
from chassis.messaging.stream import (
    COMMAND_ID,
    MSG_ID,
    POSITIONS,
    STREAM,
    all_of,
    service_of,
    sure_restaurant,
)
from chassis.telemetry import counter, get_logger
from services.realtime.frames import Event

WARM_SECONDS: Final = 600.0
LOST_MARGIN_SECONDS: Final = 15.0
"""A connection may have been dead this long before anybody noticed."""
READER_BYTES: Final = 8
READ_EVENTS_MAX: Final = 200_000
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

_log = get_logger("feed")
_unreadable = counter("realtime_unreadable_total", "Messages whose headers could not be read")
_stale = counter("realtime_stale_subscriptions_total", "Times the subscription had gone silent")
_caught_up = counter("realtime_read_back_total", "Events read back from the stream")


def read_message(subject: str, headers: Mapping[str, str], payload: bytes) -> tuple[Event, Positions] | None:
    """A published event and its positions on channels of its publisher. None: it is on no channel.

    Raises ValueError or KeyError where the headers are none that a relay writes.
    """
    raw = headers.get(POSITIONS)
    if raw is None:
        return None
    restaurant_id, served = sure_restaurant(subject, headers), owned_by(service_of(subject))
    positions = [
        (str(channel), str(epoch), int(seq)) for channel, epoch, seq in orjson.loads(raw) if channel in served
    ]
    at = datetime.fromisoformat(headers["ce-time"])
    event = Event(
        type_name=headers["ce-type"],
        payload=payload,
        restaurant_id=restaurant_id,
        message_id=headers["ce-id"],
        command_id=headers.get(COMMAND_ID, ""),
        at_ms=int(at.timestamp() * 1000),
    )
    return event, positions


async def read_stream(
    client: NatsClient, since: datetime, *, subject: str, limit: int = READ_EVENTS_MAX
) -> AsyncIterator[tuple[Event, Positions]]:
    """What the stream holds since an instant on ``subject``, in its order; of more than ``limit`` messages
    the newest.

    Raises nats errors where JetStream does not answer; a stream that does not exist yet is empty.
    """
    try:
        reader, left = await _newest(client, since, subject, limit)
        async with aclosing(reader.messages(left)) as messages:
            async for message in messages:
                found = _readable(message)
                if found is not None:
                    yield found
    except NotFoundError:
        return


async def _newest(client: NatsClient, since: datetime, subject: str, limit: int) -> tuple[Reader, int]:
    """A reader of at most ``limit`` messages, the newest since an instant, and how many they are.

    Of a subject JetStream counts what follows a place, and cannot count back from the end: where there are
    more than the limit, the place is looked for until half of it, or what the steps give, is found.
    """
    start = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=since)
    reader = await _open(client, subject, start)
    if reader.pending <= limit:
        return reader, reader.pending
    first = reader.begins_at
    last = (await client.jetstream().stream_info(STREAM)).state.last_seq
    enough, found = max(first, last - limit + 1), None
    for _ in range(NARROWING_STEPS):
        at = (first + enough) // 2 if found is not None else enough
        reader = await _open(client, subject, _from(at))
        if reader.pending > limit:
            first = at
            continue
        enough, found = at, reader.pending
        if reader.pending * 2 >= limit:
            return reader, reader.pending
    reader = await _open(client, subject, _from(enough))
    return reader, min(reader.pending, limit)


def _from(seq: int) -> ConsumerConfig:
    return ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=seq)


async def _open(client: NatsClient, subject: str, start: ConsumerConfig) -> Reader:
    """A reader that nobody else has: replicas read side by side."""
    return await Reader.open(client, f"realtime-{token_hex(READER_BYTES)}", subject, start)


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
        self._subscriptions: list[Subscription] = []
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._held: list[tuple[Event, Positions]] | None = None
        """While the rings are being warmed: newer events must not come before older ones."""
        self._alive_at = self._quiet_until = self._polled_at = clock.now()
        self.received = 0

    async def start(self) -> None:
        """Subscribes, then warms the rings from the stream. Raises nats errors."""
        self._held = self._held or []
        if not self._subscriptions:
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
        # Owner by owner: a channel has one, and only its own order matters.
        for owner in OWNERS:
            async for event, positions in read_stream(self._client, since, subject=all_of(owner)):
                self._take(event, positions)
                count += 1
                if count % READ_BATCH == 0:
                    await asyncio.sleep(0)
        _caught_up.inc(count)
        return count

    async def _subscribe(self) -> None:
        self._subscriptions = [
            await self._client.subscribe(all_of(owner), cb=self._on_message) for owner in OWNERS
        ]
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
        for owner in OWNERS:
            try:
                last = await self._client.jetstream().get_last_msg(STREAM, all_of(owner), direct=True)
            except NotFoundError:
                continue
            message_id = (last.headers or {}).get(MSG_ID)
            if message_id is None or message_id in self._recent or not self._is_later(last.time):
                continue
            await asyncio.sleep(WATCHDOG_GRACE_SECONDS)
            if message_id not in self._recent:
                await self._renew()
                return

    def _is_later(self, at: datetime | None) -> bool:
        """Whether a message of the stream is younger than the last reading of it."""
        return at is not None and at > self._quiet_until

    async def _renew(self) -> None:
        _stale.inc()
        _log.error("the subscription had gone silent; it is renewed")
        old = self._subscriptions
        await self._subscribe()
        for subscription in old:
            await subscription.unsubscribe()
        await self.catch_up(self._clock.now() - timedelta(seconds=WARM_SECONDS))
