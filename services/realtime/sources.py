"""Where older events come from when the ring does not reach: JetStream where it suffices, else the
channel's owner.

JetStream spares the owner's database in a storm and answers while the owner is away; the owner has the last
word.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import nats.errors
from fynlo.realtime.v1 import channel_source_service_pb2 as source_pb2
from fynlo.realtime.v1 import realtime_pb2
from nats.aio.client import Client as NatsClient
from nats.js.errors import Error as JetStreamError

from chassis.clock import Clock
from chassis.errors import Problem
from chassis.rpc import acting_for
from chassis.telemetry import counter, get_logger
from services.realtime.feed import read_stream
from services.realtime.frames import Event
from services.realtime.hub.session import Fetch, Fetched

if TYPE_CHECKING:
    from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceAsyncStub

STREAM_SECONDS: Final = 3_600.0
"""How far back the stream is read for one channel."""
STREAM_EVENTS_MAX: Final = 5_000
STREAM_AGAIN_SECONDS: Final = 2.0
"""One reading of a restaurant's stream serves everybody who asks within this."""
OWNER_SECONDS: Final = 2.0
CONCURRENT_FETCHES: Final = 16
READINGS_MAX: Final = 64

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
            copied = await self._from_stream(fetch, fetch.seq + 1)
            return copied if copied is not None else Fetched(None, 0, [], False)

    async def _from_owner(self, fetch: Fetch) -> Fetched | None:
        channel = fetch.channel
        request = source_pb2.ReplayChannelRequest(
            restaurant_id=channel.restaurant_id,
            channel=channel.short,
            epoch=fetch.epoch or "",
            from_seq=fetch.seq if fetch.epoch else 0,
            limit=fetch.limit,
        )
        owner = channel.spec.owner
        try:
            with acting_for(UUID(channel.restaurant_id), budget_seconds=OWNER_SECONDS):
                reply = await self._owners[owner].ReplayChannel(request)
        except (Problem, ValueError) as error:
            _fetches.labels(owner, "unavailable").inc()
            _log.warning(
                "the owner cannot say where a channel stands", channel=channel.name, error=str(error)
            )
            return None
        outcome = source_pb2.ReplayOutcome.Name(reply.outcome).removeprefix("REPLAY_OUTCOME_").lower()
        _fetches.labels(owner, outcome).inc()
        complete = reply.outcome == source_pb2.REPLAY_OUTCOME_EVENTS
        events = (
            [(one.seq, _event_of(channel.restaurant_id, one)) for one in reply.events] if complete else []
        )
        return Fetched(reply.epoch, reply.head_seq, events, complete)

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
            found = read_stream(self._client, since, subject=subject, limit=STREAM_EVENTS_MAX)
            return [one async for one in found]
        except (nats.errors.Error, JetStreamError, OSError, TimeoutError) as error:
            _log.warning("the stream cannot be read now", restaurant=restaurant_id, error=repr(error))
            return []


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
