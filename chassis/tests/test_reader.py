"""A service finds its own events in the stream, and finds nothing where there is none."""

import asyncio
from uuid import UUID

import pytest
from nats.aio.client import Client as NatsClient

from chassis.ids import new_id
from chassis.messaging.reader import PASSED_OVER_MAX, RECONCILER, RELAY, OwnEvents
from chassis.messaging.stream import ID, STREAM, ensure_stream
from chassis.tests.conftest import connect_nats


@pytest.fixture
def service() -> str:
    """One that nobody else in the stream is."""
    return f"reads{new_id().hex}"


async def publish(client: NatsClient, service: str, msg_id: UUID) -> int:
    """Publishes an event; its sequence."""
    subject = f"fynlo.{service}.v1.ThingMade.platform"
    ack = await client.jetstream().publish(subject, b"event", headers={ID: str(msg_id)})
    return ack.seq


async def test_what_is_in_the_stream_is_found_and_nothing_else(nats_client: NatsClient, service: str) -> None:
    await ensure_stream(nats_client)
    msg_id, foreign_id = new_id(), new_id()
    seq = await publish(nats_client, service, msg_id)
    foreign = await publish(nats_client, f"{service}x", foreign_id)
    own = OwnEvents(nats_client, service, RELAY)
    assert await own.has(seq, msg_id)
    assert not await own.has(seq, foreign_id)
    assert not await own.has(foreign, foreign_id)
    assert not await own.has(foreign + 1_000_000, msg_id)


async def test_questions_at_once_are_all_answered_and_leave_no_consumer(
    nats_client: NatsClient, service: str
) -> None:
    await ensure_stream(nats_client)
    ids = [new_id() for _ in range(40)]
    places = [await publish(nats_client, service, msg_id) for msg_id in ids]
    own, other = OwnEvents(nats_client, service, RELAY), OwnEvents(nats_client, service, RECONCILER)
    wanted = list(zip(places, ids, strict=True))
    answers = await asyncio.gather(*(part.has(*one) for part in (own, other) for one in wanted))
    assert all(answers)
    consumers = await nats_client.jetstream().consumers_info(STREAM)
    assert not [one.name for one in consumers if one.name.startswith(service)]


async def test_what_lies_far_apart_is_found(nats_client: NatsClient, service: str) -> None:
    await ensure_stream(nats_client)
    first, last = new_id(), new_id()
    places = {await publish(nats_client, service, first): str(first)}
    between = [publish(nats_client, service, new_id()) for _ in range(PASSED_OVER_MAX + 10)]
    await asyncio.gather(*between)
    places[await publish(nats_client, service, last)] = str(last)
    assert await OwnEvents(nats_client, service, RECONCILER).identities(list(places)) == places


async def test_a_reading_that_another_disturbs_is_no_proof_of_absence(
    nats_client: NatsClient, nats_url: str, service: str
) -> None:
    """Two relays read through one consumer: each finds what is there or is told to ask again."""
    await ensure_stream(nats_client)
    ids = [new_id() for _ in range(20)]
    wanted = [(await publish(nats_client, service, msg_id), msg_id) for msg_id in ids]
    second = await connect_nats(nats_url)
    readers = [OwnEvents(client, service, RELAY) for client in (nats_client, second)]

    async def ask(reader: OwnEvents, seq: int, msg_id: UUID) -> bool:
        try:
            return await reader.has(seq, msg_id)
        except Exception:  # whatever the disturbed reader says, it does not say that the event is not there
            return True

    for seq, msg_id in wanted:
        assert all(await asyncio.gather(*(ask(reader, seq, msg_id) for reader in readers)))
    await second.close()
