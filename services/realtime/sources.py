"""Where older events come from when the ring does not reach: JetStream where it suffices, else the
channel's owner, page by page.

JetStream spares the owner's database in a storm and answers while the owner is away; the owner has the last
word.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import nats.errors
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import realtime_pb2
from nats.aio.client import Client as NatsClient
from nats.js.errors import Error as JetStreamError

from chassis.clock import Clock
from chassis.errors import Problem, Unavailable
from chassis.rpc import acting_for
from chassis.rpc.status import DEADLINE_EXCEEDED
from chassis.telemetry import counter, get_logger
from services.realtime.feed import read_stream
from services.realtime.frames import Event
from services.realtime.hub.channel import Channel
from services.realtime.hub.fetch import Fetch, Fetched

if TYPE_CHECKING:
    from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceAsyncStub

STREAM_SECONDS: Final = 3_600.0
"""How far back the stream is read for one channel."""
STREAM_EVENTS_MAX: Final = 5_000
STREAM_BYTES_MAX: Final = 16 * 1024 * 1024
"""Of one reading, the newest."""
STREAM_AGAIN_SECONDS: Final = 2.0
"""One reading of a restaurant's stream serves everybody who asks within this."""
OWNER_SECONDS: Final = 2.0
"""For each page."""
REPLAY_BYTES: Final = 16 * 1024 * 1024
"""Longer replays are none: who is that far behind takes a snapshot."""
CONCURRENT_FETCHES: Final = 16
READINGS_MAX: Final = 16

Read = list[tuple[Event, list[tuple[str, str, int]]]]

_log = get_logger("sources")
_fetches = counter("realtime_fetches_total", "Fetches of older events", ["source", "outcome"])


class Sources:
    """See the module. ``owners`` maps the name of an owning service to its stub."""

    def __init__(
        self, client: NatsClient, owners: Mapping[str, "ChannelSourceServiceAsyncStub"], clock: Clock
    ) -> None:
        self._client = client
        self._owners = owners
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENT_FETCHES)
        self._readings: dict[tuple[str, str], tuple[float, asyncio.Task[Read]]] = {}

    async def fetch(self, fetch: Fetch) -> Fetched:
        """Carries out a fetch of the hub. Never raises for a source that does not answer."""
        async with self._slots:
            if fetch.until and fetch.epoch is not None:
                copied = await self._from_stream(fetch, fetch.until)
                if copied is not None:
                    return copied
            answered = await self._from_owner(fetch)
            if answered is not None:
                return answered
            if fetch.epoch is None:
                return await self._locate_in_stream(fetch.channel)
            copied = await self._from_stream(fetch, fetch.seq + 1)
            return copied if copied is not None else Fetched(None, 0, [], False)

    async def _from_owner(self, fetch: Fetch) -> Fetched | None:
        """What the owner says. None: it is away, and the same question may be answered a moment later.

        An owner that says where the channel stands and still cannot give the events will not give them to the
        next one who asks either: then only the position counts, and a snapshot brings the rest.
        """
        owner = fetch.channel.spec.owner
        found: Fetched | None
        try:
            found = await self._read_owner(fetch)
        except (Problem, ValueError) as error:
            _log.warning("the owner cannot replay a channel", channel=fetch.channel.name, error=str(error))
            found = await self._position_of(fetch.channel) if _is_there(error) else None
        outcome = "unavailable" if found is None else "events" if found.complete else "snapshot"
        _fetches.labels(owner, outcome).inc()
        return found

    async def _position_of(self, channel: Channel) -> Fetched | None:
        try:
            reply = await self._ask(channel, "", 0, 1)
        except (Problem, ValueError):
            return None
        return Fetched(reply.epoch, reply.head_seq, [], False)

    async def _read_owner(self, fetch: Fetch) -> Fetched:
        """Page by page what follows ``fetch.seq``, as far as the hub needs it and its limits go.

        Raises Problem.
        """
        events: list[tuple[int, Event]] = []
        needed, size = fetch.until, 0
        while True:
            limit = fetch.limit - len(events)
            reply = await self._ask(fetch.channel, fetch.epoch or "", fetch.seq + len(events), limit)
            if reply.outcome != channel_source_api.REPLAY_OUTCOME_EVENTS:
                return Fetched(reply.epoch, reply.head_seq, [], False)
            events += [(one.seq, _event_of(fetch.channel.restaurant_id, one)) for one in reply.events]
            size += reply.ByteSize()
            # Events that come meanwhile are the feed's.
            needed = needed or reply.head_seq
            read = fetch.epoch is None or not reply.events or fetch.seq + len(events) >= needed
            if read or len(events) >= fetch.limit or size >= REPLAY_BYTES:
                return Fetched(reply.epoch, reply.head_seq, events, True)

    async def _ask(
        self, channel: Channel, epoch: str, seq: int, limit: int
    ) -> channel_source_api.ReplayChannelResponse:
        request = channel_source_api.ReplayChannelRequest(
            restaurant_id=channel.restaurant_id,
            channel=channel.short,
            epoch=epoch,
            from_seq=seq,
            limit=limit,
        )
        with acting_for(UUID(channel.restaurant_id), budget_seconds=OWNER_SECONDS):
            return await self._owners[channel.spec.owner].ReplayChannel(request)

    async def _locate_in_stream(self, channel: Channel) -> Fetched:
        """Where the channel stood when it last spoke. The owner's word would be better, but it is away."""
        places = [
            (epoch, seq)
            for _, positions in await self._reading(channel.restaurant_id, channel.spec.owner)
            for short, epoch, seq in positions
            if short == channel.short
        ]
        _fetches.labels("stream", "position" if places else "short").inc()
        return Fetched(*places[-1], [], True) if places else Fetched(None, 0, [], False)

    async def _from_stream(self, fetch: Fetch, until: int) -> Fetched | None:
        """The contiguous events after ``fetch.seq``, where the stream has them at least up to ``until``."""
        read = await self._reading(fetch.channel.restaurant_id, fetch.channel.spec.owner)
        found: dict[int, Event] = {}
        for event, positions in read:
            for short, epoch, seq in positions:
                if short == fetch.channel.short and epoch == fetch.epoch and seq > fetch.seq:
                    found[seq] = event
        seq = fetch.seq + 1
        events: list[tuple[int, Event]] = []
        while seq in found and len(events) < fetch.limit:
            events.append((seq, found[seq]))
            seq += 1
        enough = seq > until
        _fetches.labels("stream", "events" if enough else "short").inc()
        return Fetched(fetch.epoch, seq - 1, events, True) if enough else None

    async def _reading(self, restaurant_id: str, owner: str) -> Read:
        wanted = restaurant_id, owner
        now = asyncio.get_running_loop().time()
        self._readings = {
            key: (at, task) for key, (at, task) in self._readings.items() if now - at < STREAM_AGAIN_SECONDS
        }
        if wanted not in self._readings and len(self._readings) < READINGS_MAX:
            self._readings[wanted] = (now, asyncio.create_task(self._read(*wanted)))
        known = self._readings.get(wanted)
        return await asyncio.shield(known[1]) if known is not None else []

    async def _read(self, restaurant_id: str, owner: str) -> Read:
        since = self._clock.now() - timedelta(seconds=STREAM_SECONDS)
        subject = f"fynlo.{owner}.v1.*.{restaurant_id}"
        try:
            read: deque[tuple[Event, list[tuple[str, str, int]]]] = deque()
            size = 0
            async for one in read_stream(self._client, since, subject=subject, limit=STREAM_EVENTS_MAX):
                read.append(one)
                size += len(one[0].payload)
                while size > STREAM_BYTES_MAX:
                    size -= len(read.popleft()[0].payload)
            return list(read)
        except (nats.errors.Error, JetStreamError, OSError, TimeoutError) as error:
            _log.warning("the stream cannot be read now", restaurant=restaurant_id, error=repr(error))
            return []


def _is_there(error: Exception) -> bool:
    """Whether the owner may answer an easier question: it did say something, or was at work for too long."""
    return not isinstance(error, Unavailable) or error.reason == DEADLINE_EXCEEDED


def _event_of(restaurant_id: str, event: realtime_pb2.ChannelEvent) -> Event:
    at = event.occurred_at
    return Event(
        type_name=event.type,
        payload=event.payload,
        restaurant_id=restaurant_id,
        message_id=event.message_id,
        command_id=event.command_id,
        at_ms=at.seconds * 1000 + at.nanos // 1_000_000,
    )
