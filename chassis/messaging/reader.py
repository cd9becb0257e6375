"""Reading the stream back: through a consumer of its own for each reading, on the subjects of one's own.

Not by sequence: who may read one message by its sequence may read everybody's.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

import nats.errors
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.errors import NotFoundError

from chassis.messaging.stream import ID, STREAM, all_of

READ_BATCH = 500
READ_SECONDS = 5.0
READER_IDLE_SECONDS = 30.0
"""After this the server forgets a reader that nobody asks any more."""
PASSED_OVER_MAX = 1_000
"""After so many messages that nobody asked for a new reader begins at the next that somebody did."""
RECONCILER = "reconciler"
RELAY = "relay"
PARTS = (RECONCILER, RELAY)
"""Of a service with an outbox, those that read its events back."""


def reader_of(service: str, part: str) -> str:
    """The consumer through which a part of a service reads back; what it may read depends on the name."""
    return f"{service}-{part}"


class Disturbed(nats.errors.Error):
    """Somebody else took messages of a reading: what it found says nothing about what it did not find."""


@dataclass(slots=True)
class _Round:
    """Questions that one reading answers."""

    places: set[int] = field(default_factory=set)
    found: dict[int, str] | None = None
    failed: nats.errors.Error | None = None


class Reader:
    """A consumer for one reading. Nothing is acknowledged."""

    def __init__(self, nats_client: NatsClient, info: ConsumerInfo) -> None:
        self._nats = nats_client
        self._name = info.name
        self.pending = info.num_pending or 0
        """How many messages it has."""
        self.begins_at = info.delivered.stream_seq + 1 if info.delivered is not None else 1
        """No message of it has a lower sequence."""

    @classmethod
    async def open(cls, nats_client: NatsClient, name: str, subject: str, config: ConsumerConfig) -> Self:
        """A reader of ``subject`` from where ``config`` begins. Raises nats errors; NotFoundError where there
        is no stream.
        """
        info = await nats_client.jetstream().add_consumer(
            STREAM,
            config.evolve(
                name=name,
                filter_subject=subject,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=READER_IDLE_SECONDS,
                mem_storage=True,
            ),
        )
        return cls(nats_client, info)

    async def messages(self, limit: int) -> AsyncGenerator[Msg, None]:
        """Its messages in the order of the stream, at most ``limit``. Raises nats errors, also Disturbed."""
        left, expected = min(self.pending, limit), 1
        pull = await self._nats.jetstream().pull_subscribe_bind(self._name, STREAM)
        try:
            while left > 0:
                for message in await pull.fetch(min(READ_BATCH, left), timeout=READ_SECONDS):
                    metadata = message.metadata
                    if metadata.sequence.consumer != expected:
                        raise Disturbed
                    expected += 1
                    left = min(left - 1, metadata.num_pending)
                    yield message
        finally:
            await pull.unsubscribe()


class OwnEvents:
    """What the stream holds of the events of ``service``, for one part of it: its consumer is called
    ``<service>-<part>``, so that no other part disturbs it.
    """

    def __init__(self, nats_client: NatsClient, service: str, part: str) -> None:
        self._nats = nats_client
        self._subject = all_of(service)
        self._name = reader_of(service, part)
        self._reading = asyncio.Lock()
        self._next = _Round()

    async def has(self, seq: int, msg_id: UUID) -> bool:
        """Whether the message at a sequence of the stream is this event. Raises nats errors."""
        return (await self.identities([seq])).get(seq) == str(msg_id)

    async def identities(self, places: Collection[int]) -> Mapping[int, str]:
        """Sequence -> identity, at least for those of ``places`` where there is an event of the service.

        Questions that come during a reading are answered together by the next. Raises nats errors.
        """
        mine = self._next
        mine.places.update(places)
        async with self._reading:
            if mine.found is None and mine.failed is None:
                self._next = _Round()
                try:
                    mine.found = await self._read(mine.places)
                except nats.errors.Error as error:
                    mine.failed = error
        if mine.found is None:
            assert mine.failed is not None
            raise mine.failed
        return mine.found

    async def _read(self, places: set[int]) -> dict[int, str]:
        """What is absent is looked for twice: a leader that does not know yet that it was succeeded reads
        through the same consumer, and may have taken it.
        """
        found: dict[int, str] = {}
        for _ in range(2):
            absent = sorted(places - found.keys())
            while absent:
                absent = await self._read_on(absent, found)
        return found

    async def _read_on(self, places: list[int], found: dict[int, str]) -> list[int]:
        """Reads from the first of ``places`` on, headers alone; those that lie too far away for it."""
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=places[0], headers_only=True
        )
        wanted, passed_over = set(places), 0
        await self._forget()  # where the last one began cannot be changed
        reader = await Reader.open(self._nats, self._name, self._subject, config)
        async with aclosing(reader.messages(places[-1] - places[0] + 1)) as messages:
            async for message in messages:
                seq = message.metadata.sequence.stream
                if seq in wanted:
                    found[seq] = (message.headers or {}).get(ID, "")
                passed_over = 0 if seq in wanted else passed_over + 1
                if passed_over > PASSED_OVER_MAX:
                    return [place for place in places if place > seq]
                if seq >= places[-1]:
                    break
        await self._forget()
        return []

    async def _forget(self) -> None:
        with suppress(NotFoundError):
            await self._nats.jetstream().delete_consumer(STREAM, self._name)
