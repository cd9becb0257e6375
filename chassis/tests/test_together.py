"""Events that have their effect in one transaction: how many, and what one that fails does to others."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient

from chassis.db import Database, Transaction
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.messaging.inbox import Consumer, Subscription
from chassis.messaging.stream import STREAM, EventContext, durable_of, ensure_stream
from chassis.messaging.together import BATCH_MAX_EVENTS, Arrival
from chassis.tests.probe import ThingMade
from chassis.tests.test_inbox import (
    EVENT_TYPE,
    _is,
    at_rest,
    effects,
    eventually,
    inbox_rows,
    publish,
    running,
    settled,
)

AS = "SELECT set_config('app.restaurant_id', $1, true)"
COPY = "INSERT INTO thing VALUES ($1, $2, 1) ON CONFLICT (restaurant_id, name) DO NOTHING"
RESTAURANTS = 40


@dataclass
class Copies:
    """Keeps copies, which is the same done twice, and counts how."""

    fails: dict[str, Exception] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Until it is set, the first batch does not end, so that all others gather behind it."""

    async def one(self, tx: Transaction, event: Message, context: EventContext) -> None:
        self.alone.append(context.subject_id)
        await self._keep(tx, Arrival(event, context))

    async def together(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
        assert tx.tenant is None
        self.batches.append([arrival.context.subject_id for arrival in arrivals])
        await tx.execute("SET LOCAL lock_timeout = '50ms'")
        for arrival in arrivals:
            await tx.fetchval(AS, str(arrival.context.restaurant_id))
            await self._keep(tx, arrival)
        if self.gate is not None:
            await self.gate.wait()

    async def _keep(self, tx: Transaction, arrival: Arrival) -> None:
        await tx.execute(COPY, arrival.context.restaurant_id, arrival.context.subject_id)
        if error := self.fails.get(arrival.context.subject_id):
            raise error

    @property
    def subscription(self) -> Subscription:
        return Subscription(
            self.one,
            concerns=lambda event: event.name != "nobody's",
            versioned=True,
            together=self.together,
        )


Open = Callable[[Copies], Consumer]


@pytest.fixture
def consumer_of(db: Database, nats_client: NatsClient, durable: str) -> Open:
    def make(copies: Copies) -> Consumer:
        return Consumer(
            db,
            nats_client,
            durable=durable,
            handlers={ThingMade: copies.subscription},
            max_failures=2,
            first_delay_seconds=0.01,
            ack_wait_seconds=5,
            retry_poll_seconds=0.1,
        )

    return make


async def publish_to(client: NatsClient, tenants: Sequence[UUID], names: Sequence[str]) -> None:
    await ensure_stream(client)
    await asyncio.gather(
        *(publish(client, tenant, name) for tenant, name in zip(tenants, names, strict=True))
    )


async def test_events_of_many_restaurants_have_their_effect_in_few_transactions(
    db: Database,
    consumer_of: Open,
    nats_client: NatsClient,
    admin: asyncpg.Connection,
    durable: str,
) -> None:
    copies, tenants = Copies(gate=asyncio.Event()), [new_id() for _ in range(RESTAURANTS)]
    names = [f"soup {number}" for number in range(RESTAURANTS)]
    await publish_to(nats_client, tenants, names)

    async def in_hand() -> bool:
        info = await nats_client.jetstream().consumer_info(STREAM, durable_of(durable, EVENT_TYPE))
        return (info.num_ack_pending or 0) == RESTAURANTS

    async with running(consumer_of(copies)):
        await eventually(lambda: _is(bool(copies.batches)))
        await eventually(in_hand)
        assert copies.gate is not None
        copies.gate.set()
        await eventually(lambda: settled(nats_client, durable))
    assert sorted(name for batch in copies.batches for name in batch) == sorted(names)
    assert len(copies.batches) <= RESTAURANTS // 4
    assert max(len(batch) for batch in copies.batches) <= BATCH_MAX_EVENTS
    assert copies.alone == []
    assert [await effects(db, tenant) for tenant in tenants] == [{name: 1} for name in names]
    assert await inbox_rows(admin, durable) == []


async def test_the_first_event_after_a_quiet_time_waits_for_no_other(
    db: Database,
    consumer_of: Open,
    nats_client: NatsClient,
    durable: str,
) -> None:
    copies, tenant = Copies(), new_id()
    async with running(consumer_of(copies)):
        for name in ("soup", "salad", "fish"):
            await publish(nats_client, tenant, name)
            await eventually(lambda: settled(nats_client, durable))
    assert copies.batches == [["soup"], ["salad"], ["fish"]]
    assert await effects(db, tenant) == {"soup": 1, "salad": 1, "fish": 1}


async def test_poison_among_them_is_parked_and_the_others_have_their_effect(
    db: Database,
    consumer_of: Open,
    nats_client: NatsClient,
    admin: asyncpg.Connection,
    durable: str,
) -> None:
    copies, tenants = Copies(fails={"poison": ValueError("no")}), [new_id() for _ in range(8)]
    names = ["first", "poison", *(f"soup {number}" for number in range(6))]
    await publish_to(nats_client, tenants, names)
    async with running(consumer_of(copies)):
        await eventually(lambda: at_rest(nats_client, admin, durable))
    [parked] = await inbox_rows(admin, durable, "inbox_parked")
    assert parked["restaurant_id"] == tenants[1]
    for tenant, name in zip(tenants, names, strict=True):
        assert await effects(db, tenant) == ({} if name == "poison" else {name: 1})


@pytest.mark.parametrize("error", [Unavailable("away"), ConcurrentUpdate("busy")], ids=lambda one: one.reason)
async def test_a_batch_that_could_not_be_written_is_written_one_by_one_and_none_is_lost_or_parked(
    db: Database,
    consumer_of: Open,
    nats_client: NatsClient,
    admin: asyncpg.Connection,
    durable: str,
    error: Exception,
) -> None:
    class Once(Copies):
        async def together(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
            await super().together(tx, arrivals)
            raise error

    copies, tenants = Once(), [new_id() for _ in range(8)]
    names = [f"soup {number}" for number in range(8)]
    await publish_to(nats_client, tenants, names)
    async with running(consumer_of(copies)):
        await eventually(lambda: at_rest(nats_client, admin, durable))
    assert sorted(copies.alone) == sorted(names)
    assert await inbox_rows(admin, durable, "inbox_parked") == []
    assert [await effects(db, tenant) for tenant in tenants] == [{name: 1} for name in names]


async def test_a_lock_on_one_restaurants_row_keeps_no_other_waiting(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    copies, tenants = Copies(), [new_id() for _ in range(6)]
    names = [f"soup {number}" for number in range(6)]
    await publish_to(nats_client, tenants, names)

    async def others_have_it() -> bool:
        return all([await effects(db, tenants[number]) == {names[number]: 1} for number in (0, 1, 2, 4, 5)])

    async with running(consumer_of(copies)):
        async with admin.transaction():
            await admin.execute(COPY, tenants[3], names[3])
            await eventually(others_have_it)
        await eventually(lambda: at_rest(nats_client, admin, durable))
    assert await effects(db, tenants[3]) == {names[3]: 1}


async def test_what_a_replica_held_when_it_was_stopped_has_its_effect_in_the_other(
    db: Database,
    consumer_of: Open,
    nats_client: NatsClient,
    durable: str,
) -> None:
    class Hangs(Copies):
        async def together(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
            await super().together(tx, arrivals)
            await asyncio.sleep(60)

    hung, healthy, tenant = Hangs(), Copies(), new_id()
    stopped = asyncio.create_task(consumer_of(hung).run())
    await publish_to(nats_client, [tenant] * 3, ["soup", "salad", "fish"])
    await eventually(lambda: _is(bool(hung.batches)))
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
    assert await effects(db, tenant) == {}
    async with running(consumer_of(healthy)):
        await eventually(lambda: settled(nats_client, durable))
    assert await effects(db, tenant) == {"soup": 1, "salad": 1, "fish": 1}


async def test_an_event_that_concerns_nobody_here_is_in_no_batch(
    db: Database,
    consumer_of: Open,
    nats_client: NatsClient,
    durable: str,
) -> None:
    copies, tenant = Copies(), new_id()
    await publish_to(nats_client, [tenant] * 2, ["nobody's", "soup"])
    async with running(consumer_of(copies)):
        await eventually(lambda: settled(nats_client, durable))
    assert copies.batches == [["soup"]]
    assert copies.alone == []
    assert await effects(db, tenant) == {"soup": 1}


def test_what_needs_an_inbox_row_is_not_handled_together() -> None:
    copies = Copies()
    with pytest.raises(ValueError, match="versions"):
        Subscription(copies.one, together=copies.together)
