import asyncio
import random
from uuid import UUID

import asyncpg
import pytest

from chassis.db import Database
from chassis.ids import new_id
from chassis.messaging.outbox import MAX_EVENT_BYTES
from chassis.tests.conftest import OpenProbe
from chassis.tests.probe import ThingBroken, ThingMade
from harness.fixtures import EventRecorder
from harness.outbox import number_events


async def emit(db: Database, tenant: UUID, *channels: str, name: str = "thing") -> None:
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(name=name), subject_id=name, channels=channels, command_id="c-1")


async def positions(db: Database, tenant: UUID, channel: str) -> list[int]:
    await number_events(db)
    async with db.transaction(tenant) as tx:
        rows = await tx.fetch(
            "SELECT (place ->> 2)::bigint AS seq"
            " FROM outbox_numbered, jsonb_array_elements(positions) AS place"
            " WHERE restaurant_id = $1 AND place ->> 0 = $2 ORDER BY id",
            tenant,
            channel,
        )
    return [row["seq"] for row in rows]


async def test_an_event_is_written_with_its_effect(db: Database, event_recorder: EventRecorder) -> None:
    tenant = new_id()
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(name="a"), subject_id="a", channels=["kitchen", "orders"], command_id="c-9")
        tx.emit(ThingBroken(name="b"), subject_id="b", channels=["kitchen"])
        tx.emit(ThingBroken(name="c"), subject_id="c")
    made, broken, silent = await event_recorder.events(db, tenant)
    assert (made.type, made.subject_id, made.command_id) == ("fynlo.probe.v1.ThingMade", "a", "c-9")
    assert made.message == ThingMade(name="a")
    assert made.created_at == db.clock.now()
    epoch = made.positions[0][1]
    assert made.positions == [("kitchen", epoch, 1), ("orders", epoch, 1)]
    assert broken.positions == [("kitchen", epoch, 2)]
    assert silent.positions == []
    broken_ones = await event_recorder.of_type(db, ThingBroken, tenant)
    assert broken_ones == [ThingBroken(name="b"), ThingBroken(name="c")]


async def test_positions_are_counted_per_restaurant(db: Database) -> None:
    one, other = new_id(), new_id()
    await emit(db, one, "orders")
    await emit(db, other, "orders")
    await emit(db, one, "orders")
    assert await positions(db, one, "orders") == [1, 2]
    assert await positions(db, other, "orders") == [1]


async def test_a_rollback_gives_its_position_back(db: Database) -> None:
    tenant = new_id()
    await emit(db, tenant, "orders")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with db.transaction(tenant) as tx:
            tx.emit(ThingMade(), subject_id="x", channels=["orders"])
            for _ in range(2):
                await tx.execute("INSERT INTO thing VALUES ($1, 'twice', 1)", tenant)
    await emit(db, tenant, "orders")
    assert await positions(db, tenant, "orders") == [1, 2]


async def test_positions_have_no_holes_under_32_writers_with_rollbacks_and_a_naive_poller_loses_rows(
    open_probe: OpenProbe, admin: asyncpg.Connection
) -> None:
    """T11: what ``id > last`` misses is the negative control for the contiguous sequence."""
    db, reader = await open_probe(pool_size=32), await open_probe(pool_size=1)
    tenants, chance = [new_id() for _ in range(3)], random.Random(11)
    channels, kept = ["floor", "kitchen", "orders"], 0
    done = asyncio.Event()

    async def writer() -> None:
        nonlocal kept
        for _ in range(8):
            tenant, some = chance.choice(tenants), chance.sample(channels, chance.randint(1, 3))
            fails, pause = chance.random() < 0.2, chance.random() * 0.02
            try:
                async with db.transaction(tenant) as tx:
                    for _ in range(chance.randint(1, 3)):
                        tx.emit(ThingMade(), subject_id="x", channels=some)
                    await tx.fetchval("SELECT pg_sleep($1)", pause)
                    if fails:
                        raise KeyError
                kept += 1
            except KeyError:
                continue

    async def poll_naively() -> set[int]:
        seen, last = set[int](), 0
        while not done.is_set():
            rows = await admin.fetch("SELECT id FROM outbox WHERE id > $1 ORDER BY id", last)
            seen.update(row["id"] for row in rows)
            last = max([last, *seen])
        return seen

    before = await admin.fetchval("SELECT coalesce(max(id), 0) FROM outbox")
    poller = asyncio.create_task(poll_naively())
    await asyncio.gather(*(writer() for _ in range(32)))
    await write_ids_that_commit_out_of_order(db)
    await asyncio.sleep(0.05)
    done.set()
    seen = await poller

    assert kept > 150
    for tenant in tenants:
        for channel in channels:
            found = await positions(reader, tenant, channel)
            assert found == list(range(1, len(found) + 1))
    stored = {row["id"] for row in await admin.fetch("SELECT id FROM outbox WHERE id > $1", before)}
    assert stored - seen, "the naive poller was expected to lose rows"


async def write_ids_that_commit_out_of_order(db: Database) -> None:
    """Two restaurants: the first draws its id and waits for a lock, the second draws a later one and
    commits.
    """
    early, late = new_id(), new_id()
    drawn, overtaken = asyncio.Event(), asyncio.Event()
    await emit(db, early, "zulu")

    async def first() -> None:
        async with db.transaction(early) as tx:
            # The statement that writes records runs inside the transaction, then it lingers.
            tx.emit(ThingMade(), subject_id="early", channels=["zulu"])
            await tx._write_records(tx._calls(db.clock))
            tx._events.clear()
            drawn.set()
            await overtaken.wait()

    task = asyncio.create_task(first())
    await drawn.wait()
    await emit(db, late, "zulu")
    # Time for whoever polls to see the later one.
    await asyncio.sleep(0.2)
    overtaken.set()
    await task


@pytest.mark.parametrize(
    ("channels", "tenant"),
    [(["Kitchen"], new_id()), (["a,b"], new_id()), (["kitchen", "kitchen"], new_id()), (["kitchen"], None)],
)
async def test_channels_that_cannot_be_are_refused(
    db: Database, channels: list[str], tenant: UUID | None
) -> None:
    async with db.transaction(tenant) as tx:
        with pytest.raises(ValueError, match="channel"):
            tx.emit(ThingMade(), subject_id="x", channels=channels)


async def test_an_event_that_could_never_be_published_is_refused_before_the_commit(db: Database) -> None:
    async with db.transaction(None) as tx:
        with pytest.raises(ValueError, match="bytes"):
            tx.emit(ThingMade(name="x" * (MAX_EVENT_BYTES + 1)), subject_id="x")


async def test_a_service_cannot_publish_for_another(db: Database) -> None:
    from google.protobuf.timestamp_pb2 import Timestamp

    async with db.transaction(None) as tx:
        with pytest.raises(ValueError, match="no event of probe"):
            tx.emit(Timestamp(), subject_id="x")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO outbox (type, subject_id, msg_id, payload, positions, created_at)"
        " VALUES ('t', 's', gen_random_uuid(), '', '[]', now())",
        "UPDATE outbox SET payload = ''",
        "DELETE FROM outbox",
        "DELETE FROM outbox_again",
        "DELETE FROM outbox_run",
        "DELETE FROM outbox_unnumbered",
        "UPDATE outbox_numbered SET positions = '[]'",
        "UPDATE outbox_head SET channels = '{}'",
        "UPDATE outbox_state SET generation = 0",
        "DELETE FROM idempotency",
        "SELECT outbox_new_epoch()",
        "SELECT outbox_roll('outbox', now(), '0 hours', 1, 1)",
        "TRUNCATE outbox",
    ],
)
async def test_the_service_role_cannot_touch_the_outbox_beside_its_functions(
    db: Database, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(new_id()) as tx:
            await tx.execute(statement)


async def test_a_new_epoch_restarts_every_channel(db: Database, admin: asyncpg.Connection) -> None:
    tenant = new_id()
    await emit(db, tenant, "orders")
    await number_events(db)
    fresh = await admin.fetchval("SELECT outbox_new_epoch()")
    await emit(db, tenant, "orders", "floor")
    await number_events(db)
    async with db.transaction(tenant) as tx:
        rows = await tx.fetch(
            "SELECT channel, epoch, seq FROM outbox_channel WHERE restaurant_id = $1 ORDER BY 1", tenant
        )
    assert [tuple(row) for row in rows] == [("floor", fresh, 1), ("orders", fresh, 1)]
