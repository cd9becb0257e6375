"""A pull subscription for which nobody waits: what comes when, and that nothing is left behind."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from chassis.db import Database, Transaction
from chassis.ids import new_id
from chassis.messaging.inbox import Consumer, Subscription
from chassis.messaging.pull import BATCH_MESSAGES, PullLoop
from chassis.messaging.stream import STREAM, EventContext, ensure_stream
from chassis.messaging.together import SPACING_SECONDS
from chassis.tests.probe import ThingMade
from chassis.tests.test_inbox import eventually, running
from chassis.tests.test_inbox import publish as made

SUBJECT = "fynlo.probe.v1.ThingPulled.platform"
NEVER_SECONDS = 600.0
"""Longer than any test: what waits for this does not come."""


def loop_of(client: NatsClient, durable: str, spacing_seconds: float) -> PullLoop:
    async def ensure() -> None:
        await ensure_stream(client)
        await client.jetstream().add_consumer(
            STREAM,
            ConsumerConfig(
                durable_name=durable,
                deliver_policy=DeliverPolicy.NEW,
                ack_policy=AckPolicy.EXPLICIT,
                filter_subject=SUBJECT,
            ),
        )

    return PullLoop(client, STREAM, durable, ensure, spacing_seconds)


@contextlib.asynccontextmanager
async def pulling(client: NatsClient, durable: str, spacing_seconds: float) -> AsyncIterator[list[float]]:
    """When each message came; the consumer is there."""
    came: list[float] = []
    loop = loop_of(client, durable, spacing_seconds)

    async def pull() -> None:
        async for msg in loop.messages(lambda: 0):
            came.append(time.monotonic())
            await msg.ack()

    await ensure_stream(client)
    task = asyncio.create_task(pull())
    try:
        await asked(client, durable)
        yield came
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def asked(client: NatsClient, durable: str) -> None:
    """Returns when a request of the loop waits at the server."""

    async def waits() -> bool:
        try:
            info = await client.jetstream().consumer_info(STREAM, durable)
        except NotFoundError:
            return False
        return bool(info.num_waiting)

    await eventually(waits)


async def publish(client: NatsClient, count: int) -> None:
    for _ in range(count):
        await client.jetstream().publish(SUBJECT, b"thing")


async def have_come(came: list[float], count: int) -> None:
    async def enough() -> bool:
        return len(came) >= count

    await eventually(enough)


async def test_after_a_quiet_time_a_message_comes_at_once(nats_client: NatsClient, durable: str) -> None:
    async with pulling(nats_client, durable, NEVER_SECONDS) as came:
        await publish(nats_client, 1)
        await have_come(came, 1)
    assert len(came) == 1


async def test_what_follows_a_message_comes_together_when_the_spacing_is_over(
    nats_client: NatsClient, durable: str
) -> None:
    spacing = 1.0
    async with pulling(nats_client, durable, spacing) as came:
        await publish(nats_client, 1)
        await have_come(came, 1)
        await publish(nats_client, 5)
        await have_come(came, 6)
    assert came[1] - came[0] >= spacing


async def test_nothing_of_a_flood_is_left_behind(nats_client: NatsClient, durable: str) -> None:
    async with pulling(nats_client, durable, 1.0) as came:
        await publish(nats_client, 1)
        await have_come(came, 1)
        await publish(nats_client, 3 * BATCH_MESSAGES)
        await have_come(came, 1 + 3 * BATCH_MESSAGES)
    assert len(came) == 1 + 3 * BATCH_MESSAGES


async def test_a_spaced_consumer_that_somebody_deletes_is_made_again(
    nats_client: NatsClient, durable: str
) -> None:
    async with pulling(nats_client, durable, 0.05) as came:
        await publish(nats_client, 1)
        await have_come(came, 1)
        await asked(nats_client, durable)
        await nats_client.jetstream().delete_consumer(STREAM, durable)
        await asked(nats_client, durable)
        await publish(nats_client, 3)
        await have_come(came, 4)
    assert len(came) == 4


async def test_an_unhurried_event_comes_with_those_that_follow_within_the_spacing(
    db: Database, nats_client: NatsClient, durable: str
) -> None:
    handled: list[float] = []

    async def handle(_: Transaction, __: Message, ___: EventContext) -> None:
        handled.append(time.monotonic())

    subscription = Subscription(handle, versioned=True, unhurried=True)
    consumer = Consumer(db, nats_client, durable=durable, handlers={ThingMade: subscription})
    async with running(consumer):
        for number in range(1, 4):
            await made(nats_client, new_id(), f"soup {number}")

            async def has_come(count: int = number) -> bool:
                return len(handled) >= count

            await eventually(has_come)
    # The second comes when the first is handled, or later; the third a whole spacing after it.
    assert handled[2] - handled[0] >= SPACING_SECONDS
