import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient
from nats.js.api import DeliverPolicy
from nats.js.errors import NotFoundError

from chassis.db import Database, Transaction
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Conflict, Unavailable
from chassis.ids import new_id
from chassis.messaging.aside import Aside, Backoff, Failed
from chassis.messaging.inbox import MAX_ACK_PENDING, Consumer, Subscription
from chassis.messaging.parked_events import retry
from chassis.messaging.pull import BATCH_MESSAGES, SILENCE_SECONDS
from chassis.messaging.stream import (
    STREAM,
    EventContext,
    durable_of,
    ensure_stream,
    event_headers,
    subject_of,
)
from chassis.tests.conftest import connect_nats
from chassis.tests.probe import ThingMade
from deploy.local import places
from deploy.local.embedded import EmbeddedNats, free_port
from harness.fixtures import START

PATIENCE_SECONDS = 60.0
EVENT_TYPE = "fynlo.probe.v1.ThingMade"
COUNT = (
    "INSERT INTO thing VALUES ($1, $2, 1) ON CONFLICT (restaurant_id, name)"
    " DO UPDATE SET count = thing.count + 1"
)


@dataclass
class Kitchen:
    """Handlers with an effect in the database that counts, so that a second effect shows."""

    fails: dict[str, Exception] = field(default_factory=dict)
    seen: list[tuple[str, int]] = field(default_factory=list)
    contexts: list[EventContext] = field(default_factory=list)

    async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
        self.seen.append((context.subject_id, context.delivery))
        self.contexts.append(context)
        await tx.execute(COUNT, context.restaurant_id, context.subject_id)
        if error := self.fails.get(context.subject_id):
            raise error


async def publish(
    client: NatsClient, tenant: UUID | None, name: str, *, msg_id: UUID | None = None, kind: str = "ThingMade"
) -> None:
    """As the relay does, but past JetStream's own window of duplicates."""
    await ensure_stream(client)
    event_type = f"fynlo.probe.v1.{kind}"
    row = {
        "msg_id": msg_id or new_id(),
        "type": event_type,
        "subject_id": name,
        "created_at": START,
        "positions": [["orders", "e1", 7]],
        "command_id": "c-1",
        "trace": None,
    }
    headers = event_headers(row, "probe")
    del headers["Nats-Msg-Id"]
    await client.jetstream().publish(
        subject_of(event_type, tenant), ThingMade(name=name).SerializeToString(), headers=headers
    )


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[Consumer]:
    task = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


Open = Callable[..., Consumer]


@pytest.fixture
def consumer_of(db: Database, nats_client: NatsClient, durable: str) -> Open:
    def make(
        kitchen: Kitchen,
        client: NatsClient | None = None,
        subscription: Subscription | None = None,
        **options: float,
    ) -> Consumer:
        quick: dict[str, float] = {
            "first_delay_seconds": 0.01,
            "ack_wait_seconds": 1,
            "retry_poll_seconds": 0.1,
        }
        return Consumer(
            db,
            client or nats_client,
            durable=durable,
            handlers={ThingMade: subscription or kitchen.on_thing_made},
            **(quick | options),  # type: ignore[arg-type]
        )

    return make


async def effects(db: Database, tenant: UUID) -> dict[str, int]:
    async with db.transaction(tenant) as tx:
        return {row["name"]: row["count"] for row in await tx.fetch("SELECT name, count FROM thing")}


async def inbox_rows(admin: asyncpg.Connection, durable: str, table: str = "inbox") -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await admin.fetch(f"SELECT * FROM {table} WHERE consumer = $1", durable)
    return rows


async def unacknowledged(client: NatsClient, durable: str) -> int:
    info = await client.jetstream().consumer_info(STREAM, durable_of(durable, EVENT_TYPE))
    return (info.num_ack_pending or 0) + (info.num_pending or 0)


async def settled(client: NatsClient, durable: str) -> bool:
    """Whether the consumer is there and has nothing left to do."""
    try:
        return await unacknowledged(client, durable) == 0
    except NotFoundError:
        return False


async def at_rest(client: NatsClient, admin: asyncpg.Connection, durable: str) -> bool:
    """Whether besides nothing waits for its next try."""
    rows = await inbox_rows(admin, durable, "inbox_parked")
    return await settled(client, durable) and all(row["retry_at"] is None for row in rows)


async def test_an_event_reaches_its_handler_with_tenant_and_context(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    kitchen, tenant, msg_id = Kitchen(), new_id(), new_id()
    async with running(consumer_of(kitchen)):
        await publish(nats_client, tenant, "soup", msg_id=msg_id)
        await eventually(lambda: _is(len(kitchen.seen) > 0 and kitchen.seen[-1][0] == "soup"))
        await eventually(lambda: settled(nats_client, durable))
    context = kitchen.contexts[-1]
    assert (context.restaurant_id, context.msg_id, context.command_id) == (tenant, msg_id, "c-1")
    assert context.positions[0].seq == 7
    assert await effects(db, tenant) == {"soup": 1}
    [row] = [row for row in await inbox_rows(admin, durable) if row["msg_id"] == msg_id]
    assert (row["status"], row["attempts"]) == ("handled", 1)


async def _is(value: bool) -> bool:
    return value


async def test_an_event_of_no_restaurant_is_handled_without_a_tenant(
    consumer_of: Open, nats_client: NatsClient, durable: str
) -> None:
    class Platform(Kitchen):
        async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
            self.contexts.append(context)
            assert tx.tenant == context.restaurant_id

    platform = Platform()

    async def handled() -> bool:
        return bool(platform.contexts)

    async with running(consumer_of(platform)):
        await publish(nats_client, None, "platform news")
        await eventually(handled)
    assert platform.contexts[-1].restaurant_id is None


async def test_a_duplicate_has_no_second_effect(
    db: Database, consumer_of: Open, nats_client: NatsClient, durable: str
) -> None:
    kitchen, tenant, msg_id = Kitchen(), new_id(), new_id()
    async with running(consumer_of(kitchen)), running(consumer_of(kitchen)):
        for _ in range(20):
            await publish(nats_client, tenant, "once", msg_id=msg_id)
        await eventually(lambda: settled(nats_client, durable))
    assert await effects(db, tenant) == {"once": 1}


async def test_an_event_that_concerns_nobody_here_is_acknowledged_and_leaves_no_trace(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    kitchen, tenant = Kitchen(), new_id()
    soups = Subscription(kitchen.on_thing_made, concerns=lambda event: event.name == "soup")
    async with running(consumer_of(kitchen, subscription=soups)):
        for name in ("salt", "soup", "pepper"):
            await publish(nats_client, tenant, name)
        await eventually(lambda: settled(nats_client, durable))
    assert await effects(db, tenant) == {"soup": 1}
    assert len(await inbox_rows(admin, durable)) == 1


async def test_a_versioned_effect_meets_every_delivery_and_keeps_no_row(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    kitchen, tenant, msg_id = Kitchen(), new_id(), new_id()
    copied = Subscription(kitchen.on_thing_made, versioned=True)
    async with running(consumer_of(kitchen, subscription=copied)):
        for _ in range(3):
            await publish(nats_client, tenant, "copy", msg_id=msg_id)
        await eventually(lambda: settled(nats_client, durable))
    assert await effects(db, tenant) == {"copy": 3}
    assert await inbox_rows(admin, durable) == []


async def test_a_versioned_effect_that_keeps_failing_is_parked_as_any_other(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    kitchen, tenant = Kitchen(fails={"poison": ValueError("no")}), new_id()
    copied = Subscription(kitchen.on_thing_made, versioned=True)
    async with running(consumer_of(kitchen, subscription=copied, max_failures=2)) as consumer:
        await publish(nats_client, tenant, "poison")
        await eventually(lambda: at_rest(nats_client, admin, durable))
        [parked] = await inbox_rows(admin, durable, "inbox_parked")
        kitchen.fails.clear()
        async with db.transaction(None) as tx:
            assert await retry(tx, [parked["msg_id"]]) == 1
        consumer.try_again_now()

        async def settled() -> bool:
            return not await inbox_rows(admin, durable, "inbox_parked")

        await eventually(settled)
    assert await effects(db, tenant) == {"poison": 1}


async def test_events_of_one_restaurant_are_handled_in_order_while_others_go_on(
    db: Database, consumer_of: Open, nats_client: NatsClient, durable: str
) -> None:
    class Uneven(Kitchen):
        async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
            # Early ones take longest: side by side they would end in the wrong order.
            await tx.fetchval("SELECT pg_sleep($1)", 0.03 if int(context.subject_id) % 20 < 5 else 0)
            await super().on_thing_made(tx, event, context)

    kitchen, tenants = Uneven(), [new_id() for _ in range(5)]
    async with running(consumer_of(kitchen)):
        for number in range(100):
            await publish(nats_client, tenants[number % 5], f"{number:03}")
        await eventually(lambda: settled(nats_client, durable))
    for tenant in tenants:
        names = [one.subject_id for one in kitchen.contexts if one.restaurant_id == tenant]
        assert len(names) == 20
        assert names == sorted(names)


async def test_a_failure_is_tried_again_later_and_the_versions_decide(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    """Out of order by retry: the second event is handled before the first one succeeds."""
    kitchen, tenant = Kitchen(fails={"first": Conflict("not yet")}), new_id()
    async with running(consumer_of(kitchen, first_delay_seconds=0.2)):
        await publish(nats_client, tenant, "first")
        await publish(nats_client, tenant, "second")
        await eventually(lambda: _is(("second", 1) in kitchen.seen))
        assert await effects(db, tenant) in ({}, {"second": 1})
        kitchen.fails.clear()
        await eventually(lambda: at_rest(nats_client, admin, durable))
    mine = [one for one in kitchen.contexts if one.restaurant_id == tenant]
    assert [(one.subject_id, one.delivery) for one in mine] == [("first", 1), ("second", 1), ("first", 2)]
    assert await effects(db, tenant) == {"first": 1, "second": 1}


async def test_poison_is_parked_after_eight_failures_and_delays_nobody(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    kitchen, tenant = Kitchen(fails={"poison": ZeroDivisionError("per zero guests")}), new_id()
    async with running(consumer_of(kitchen)):
        await publish(nats_client, tenant, "poison")
        for number in range(20):
            await publish(nats_client, tenant, f"fine {number}")
        await eventually(lambda: at_rest(nats_client, admin, durable))
        await publish(nats_client, tenant, "afterwards")
        await eventually(lambda: at_rest(nats_client, admin, durable))
    assert [delivery for name, delivery in kitchen.seen if name == "poison"] == list(range(1, 9))
    found = await effects(db, tenant)
    assert "poison" not in found
    assert len(found) == 21
    [parked] = await inbox_rows(admin, durable, "inbox_parked")
    assert (parked["attempts"], parked["error"]) == (8, "ZeroDivisionError('per zero guests')")
    assert ThingMade.FromString(parked["payload"]) == ThingMade(name="poison")
    assert parked["headers"]["ce-subject"] == "poison"


async def test_bytes_that_are_no_event_are_parked_too(
    consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    await ensure_stream(nats_client)
    subject = subject_of("fynlo.probe.v1.ThingMade", new_id())
    await nats_client.jetstream().publish(subject, b"\xff\xff")
    async with running(consumer_of(Kitchen(), max_failures=2)):
        await eventually(lambda: at_rest(nats_client, admin, durable))
    parked = await inbox_rows(admin, durable, "inbox_parked")
    assert [row["payload"] for row in parked if row["subject"] == subject] == [b"\xff\xff"]


async def test_a_parked_event_is_handled_when_asked_for_and_cured(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    kitchen, tenant = Kitchen(fails={"cured": Conflict("broken")}), new_id()
    ask = "UPDATE inbox_parked SET retry_at = '2000-01-01' WHERE consumer = $1"
    async with running(consumer_of(kitchen, max_failures=2)):
        await publish(nats_client, tenant, "cured")
        await eventually(lambda: _has(admin, durable, 1))
        await admin.execute(ask, durable)
        await eventually(lambda: _is(("cured", 3) in kitchen.seen))
        await eventually(lambda: _asked(admin, durable, 0))
        [parked] = await inbox_rows(admin, durable, "inbox_parked")
        assert parked["attempts"] == 3
        assert await effects(db, tenant) == {}
        kitchen.fails.clear()
        await admin.execute(ask, durable)
        await eventually(lambda: _has(admin, durable, 0))
    assert await effects(db, tenant) == {"cured": 1}
    assert {row["status"] for row in await inbox_rows(admin, durable)} == {"handled"}


async def _has(admin: asyncpg.Connection, durable: str, parked: int) -> bool:
    rows = await inbox_rows(admin, durable, "inbox_parked")
    return len(rows) == parked and all(row["retry_at"] is None for row in rows)


async def _asked(admin: asyncpg.Connection, durable: str, count: int) -> bool:
    rows = await inbox_rows(admin, durable, "inbox_parked")
    return sum(row["retry_at"] is not None for row in rows) == count


async def test_what_is_only_unavailable_is_never_parked(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    kitchen, tenant = Kitchen(fails={"waiting": Unavailable("the database is away")}), new_id()
    async with running(consumer_of(kitchen, max_failures=2)):
        await publish(nats_client, tenant, "waiting")
        await eventually(lambda: _is(("waiting", 5) in kitchen.seen))
        [waiting] = await inbox_rows(admin, durable, "inbox_parked")
        assert waiting["failures"] == 0
        kitchen.fails.clear()
        await eventually(lambda: at_rest(nats_client, admin, durable))
    assert await effects(db, tenant) == {"waiting": 1}
    assert await inbox_rows(admin, durable, "inbox_parked") == []


async def test_an_outage_does_not_count_against_an_event_that_fails_afterwards(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    class Unlucky(Kitchen):
        async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
            await super().on_thing_made(tx, event, context)
            if context.delivery <= 4:
                raise Unavailable("the database is away")
            if context.delivery == 5:
                raise Conflict("somebody else holds the row")

    tenant = new_id()
    # On a busy machine a second may pass between two steps: a delivery more would be taken for a failure.
    async with running(consumer_of(Unlucky(), max_failures=2, ack_wait_seconds=10)):
        await publish(nats_client, tenant, "waiting")
        await eventually(lambda: at_rest(nats_client, admin, durable))
    assert await effects(db, tenant) == {"waiting": 1}
    assert await inbox_rows(admin, durable, "inbox_parked") == []


async def test_what_takes_longer_than_the_wait_for_its_acknowledgement_is_not_delivered_twice(
    db: Database, consumer_of: Open, nats_client: NatsClient, durable: str
) -> None:
    class Slow(Kitchen):
        async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
            await super().on_thing_made(tx, event, context)
            await asyncio.sleep(0.9)

    kitchen, tenant = Slow(), new_id()
    # They come together, so the third is finished 2.7 s after it was delivered.
    async with running(consumer_of(kitchen, ack_wait_seconds=2.5)):
        for name in ("first", "second", "third"):
            await publish(nats_client, tenant, name)
        await eventually(lambda: settled(nats_client, durable))
    assert kitchen.seen == [("first", 1), ("second", 1), ("third", 1)]
    info = await nats_client.jetstream().consumer_info(STREAM, durable_of(durable, EVENT_TYPE))
    assert info.delivered is not None
    assert info.delivered.consumer_seq == 3


async def test_a_crash_between_effect_and_acknowledgement_has_no_second_effect(
    db: Database, consumer_of: Open, nats_client: NatsClient, nats_url: str, durable: str
) -> None:
    """The first process loses NATS after its commit; another one gets the delivery again."""
    tenant, doomed = new_id(), await connect_nats(nats_url)

    class LastWords(Kitchen):
        async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
            await super().on_thing_made(tx, event, context)
            if context.restaurant_id == tenant:
                await doomed.close()

    crashed = LastWords()
    await ensure_stream(nats_client)
    consumer = consumer_of(crashed, client=doomed)
    task = asyncio.create_task(consumer.run())
    await publish(nats_client, tenant, "soup")
    await eventually(lambda: _is(("soup", 1) in crashed.seen))
    await eventually(lambda: _effect_of(db, tenant))
    assert await unacknowledged(nats_client, durable) > 0
    task.cancel()
    await asyncio.wait([task])
    survivor = Kitchen()
    async with running(consumer_of(survivor)):
        await eventually(lambda: settled(nats_client, durable))
    assert all(
        name != "soup" or context.restaurant_id != tenant
        for (name, _), context in zip(survivor.seen, survivor.contexts, strict=True)
    )
    assert await effects(db, tenant) == {"soup": 1}


async def _effect_of(db: Database, tenant: UUID) -> bool:
    return bool(await effects(db, tenant))


async def test_only_subscribed_types_arrive(consumer_of: Open, nats_client: NatsClient, durable: str) -> None:
    kitchen, tenant = Kitchen(), new_id()
    async with running(consumer_of(kitchen)):
        await publish(nats_client, tenant, "other", kind="ThingBroken")
        await publish(nats_client, tenant, "mine")
        await eventually(lambda: settled(nats_client, durable))
    assert [one.subject_id for one in kitchen.contexts if one.restaurant_id == tenant] == ["mine"]


async def test_a_consumer_that_somebody_deletes_is_made_again(
    db: Database, consumer_of: Open, nats_client: NatsClient, durable: str
) -> None:
    kitchen, tenant = Kitchen(), new_id()
    async with running(consumer_of(kitchen)):
        await publish(nats_client, tenant, "before")
        await eventually(lambda: settled(nats_client, durable))
        await nats_client.jetstream().delete_consumer(STREAM, durable_of(durable, EVENT_TYPE))
        await publish(nats_client, tenant, "after")
        await eventually(lambda: _is(any(name == "after" for name, _ in kitchen.seen)))
    assert await effects(db, tenant) == {"before": 1, "after": 1}


async def test_nats_down_and_up_again_with_an_empty_store(
    db: Database, consumer_of: Open, durable: str
) -> None:
    folder = places.temporary_folder(places.server_account())
    server = EmbeddedNats(folder / "nats", free_port())
    await server.start()
    client = await connect_nats(server.url)
    kitchen, tenant = Kitchen(), new_id()
    try:
        async with running(consumer_of(kitchen, client=client)):
            await publish(client, tenant, "before")
            await eventually(lambda: _effect_of(db, tenant))
            await eventually(lambda: settled(client, durable))
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await server.stop()
            shutil.rmtree(server.data_dir / "jetstream")
            await asyncio.sleep(0.5)
            await server.start()
            await eventually(lambda: _is(client.is_connected))
            await publish(client, tenant, "after")
            started = time.monotonic()
            await eventually(lambda: _is(any(name == "after" for name, _ in kitchen.seen)))
            # By the watchdog of the pull alone it would take longer.
            assert time.monotonic() - started < SILENCE_SECONDS
    finally:
        await client.close()
        await server.stop()
        shutil.rmtree(folder)
    assert await effects(db, tenant) == {"before": 1, "after": 1}


async def test_the_negative_control_without_an_inbox_row_doubles_the_effect(
    db: Database, nats_client: NatsClient
) -> None:
    """What the duplicate test would see if handlers were called without the inbox."""
    tenant, msg_id, kitchen = new_id(), new_id(), Kitchen()
    for _ in range(2):
        await publish(nats_client, tenant, "doubled", msg_id=msg_id)
    subscription = await nats_client.jetstream().subscribe(
        subject_of("fynlo.probe.v1.ThingMade", tenant),
        deliver_policy=DeliverPolicy.ALL,
        ordered_consumer=True,
    )
    for _ in range(2):
        await subscription.next_msg(timeout=PATIENCE_SECONDS)
        async with db.transaction(tenant) as tx:
            await tx.execute(COUNT, tenant, "doubled")
    assert (await effects(db, tenant), kitchen.seen) == ({"doubled": 2}, [])


async def test_what_is_in_back_off_of_one_restaurant_keeps_nobody_else_waiting(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    class Picky(Kitchen):
        async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
            await super().on_thing_made(tx, event, context)
            if context.subject_id.startswith("poison"):
                raise Conflict("not today")

    kitchen, sick, well = Picky(), new_id(), new_id()
    async with running(consumer_of(kitchen, first_delay_seconds=300)):
        for number in range(2 * MAX_ACK_PENDING):
            await publish(nats_client, sick, f"poison {number}")
        await publish(nats_client, well, "soup")
        await publish(nats_client, sick, "salad")
        await eventually(lambda: _effect_of(db, well))
        await eventually(lambda: _effect_of(db, sick))
        await eventually(lambda: settled(nats_client, durable))
    assert await effects(db, sick) == {"salad": 1}
    waiting = await inbox_rows(admin, durable, "inbox_parked")
    assert len(waiting) == 2 * MAX_ACK_PENDING
    assert {row["failures"] for row in waiting} == {1}


async def test_a_restaurant_whose_events_take_long_keeps_nobody_else_waiting(
    db: Database, consumer_of: Open, nats_client: NatsClient
) -> None:
    waits = asyncio.Event()

    class Slow(Kitchen):
        async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
            await super().on_thing_made(tx, event, context)
            if context.subject_id.startswith("slow"):
                await waits.wait()

    kitchen, slow, quick = Slow(), new_id(), new_id()
    async with running(consumer_of(kitchen)):
        for number in range(3 * BATCH_MESSAGES):
            await publish(nats_client, slow, f"slow {number}")
        await publish(nats_client, quick, "soup")
        await eventually(lambda: _effect_of(db, quick))
        assert len(kitchen.seen) == 2
        waits.set()


async def test_an_event_of_a_name_that_is_no_restaurant_is_parked_and_its_retry_ends(
    consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    await ensure_stream(nats_client)
    strange = str(new_id()).upper()
    async with running(consumer_of(Kitchen(), max_failures=2)):
        for last in (strange, "nobody"):
            await nats_client.jetstream().publish(f"fynlo.probe.v1.ThingMade.{last}", b"")
        await eventually(lambda: _has(admin, durable, 2))
    assert {row["restaurant_id"] for row in await inbox_rows(admin, durable, "inbox_parked")} == {None}


async def test_a_parked_event_whose_retry_meets_a_lock_is_tried_again_by_itself(
    db: Database, consumer_of: Open, nats_client: NatsClient, admin: asyncpg.Connection, durable: str
) -> None:
    kitchen, tenant = Kitchen(fails={"late": Conflict("broken")}), new_id()
    async with running(consumer_of(kitchen, max_failures=1)):
        await publish(nats_client, tenant, "late")
        await eventually(lambda: _has(admin, durable, 1))
        kitchen.fails["late"] = ConcurrentUpdate("somebody else")
        await admin.execute("SELECT parked_retry(NULL, NULL, 10)")
        await eventually(lambda: _is(len(kitchen.seen) >= 4))
        kitchen.fails.clear()
        await eventually(lambda: _has(admin, durable, 0))
    assert await effects(db, tenant) == {"late": 1}


async def test_a_consumer_of_an_earlier_version_is_taken_over_with_its_place_in_the_stream(
    db: Database, consumer_of: Open, nats_client: NatsClient, durable: str
) -> None:
    kitchen, tenant = Kitchen(), new_id()
    async with running(consumer_of(kitchen)):
        await publish(nats_client, tenant, "before")
        await eventually(lambda: _effect_of(db, tenant))
        await eventually(lambda: settled(nats_client, durable))
    jetstream = nats_client.jetstream()
    config = (await jetstream.consumer_info(STREAM, durable_of(durable, EVENT_TYPE))).config
    await jetstream.add_consumer(STREAM, config.evolve(max_ack_pending=MAX_ACK_PENDING // 2))
    async with running(consumer_of(kitchen)):
        await publish(nats_client, tenant, "after")
        await eventually(lambda: _is(any(name == "after" for name, _ in kitchen.seen)))
        await eventually(lambda: settled(nats_client, durable))
    assert [name for name, _ in kitchen.seen] == ["before", "after"]
    info = await jetstream.consumer_info(STREAM, durable_of(durable, EVENT_TYPE))
    assert info.config.max_ack_pending == MAX_ACK_PENDING


async def test_an_event_that_was_parked_meanwhile_is_not_tried_once_more(db: Database, durable: str) -> None:
    """One replica has looked whose turn it is, the other was quicker."""
    tenant, msg_id = new_id(), new_id()
    aside = Aside(db, durable, Backoff(max_failures=1))
    subject = subject_of(EVENT_TYPE, tenant)
    await aside.put(Failed(msg_id, subject, {}, b"", 1, Conflict("no"), counted=True))
    assert await aside.find(tenant, msg_id) is None
    async with db.transaction(None) as tx:
        await retry(tx, [msg_id])
    assert await aside.find(tenant, msg_id) is not None
