"""Positions are given by the relay's leader: after the commit, without holes, once, and in order."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.db import Database, connection_options, prepare_connection
from chassis.ids import new_id
from chassis.messaging.relay import BATCH_ROWS, UNHURRIED, Leadership
from chassis.tests.conftest import OpenProbe
from chassis.tests.probe import SCHEMA, ThingMade
from harness.outbox import number_events

EMPTY = "TRUNCATE outbox, outbox_unnumbered, outbox_numbered, outbox_again, outbox_head, outbox_run"
WRITTEN = """
SELECT substring(relname FROM '^outbox_[a-z]+') AS name, sum(n_tup_ins)::int AS inserted,
    sum(n_tup_upd)::int AS updated
FROM pg_stat_xact_all_tables
WHERE schemaname = current_schema() AND n_tup_ins + n_tup_upd > 0 AND relname <> 'outbox_state' GROUP BY 1
"""
ALL = "SELECT * FROM outbox_next((SELECT generation FROM outbox_state), '{}', '{}', now(), 10000)"


async def emit(db: Database, tenant: UUID | None, *channels: str, number: int = 0) -> None:
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(number=number), subject_id=str(number), channels=channels)


@pytest.fixture
async def leader(probe_url: str, admin: asyncpg.Connection) -> AsyncIterator[Leadership]:
    """A connection as the relay's, over an empty outbox."""
    await admin.execute(EMPTY)
    options = connection_options(SCHEMA)
    options["server_settings"] |= UNHURRIED
    connection = await asyncpg.connect(probe_url, **options)
    await prepare_connection(connection)
    yield Leadership(connection, await connection.fetchval("SELECT outbox_lead()"))
    await connection.close()


def places(rows: list[Any]) -> dict[tuple[UUID, str], list[int]]:
    """(restaurant, channel) -> positions in the order of publication."""
    found: dict[tuple[UUID, str], list[int]] = defaultdict(list)
    for row in rows:
        for channel, _, seq in row["positions"]:
            found[row["restaurant_id"], channel].append(seq)
    return found


async def test_a_commit_takes_no_position_and_locks_no_channel(
    db: Database, open_probe: OpenProbe, leader: Leadership, admin: asyncpg.Connection
) -> None:
    """Two transactions of one channel write their events at once: neither waits for the other's commit."""
    tenant = new_id()
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(number=1), subject_id="1", channels=["orders"])
        await tx._write_records(tx._calls(db.clock))
        tx._events.clear()
        async with asyncio.timeout(10):
            await asyncio.create_task(_elsewhere(await open_probe(), tenant))
    assert await admin.fetchval("SELECT count(*) FROM outbox_channel") == 0
    [second, first] = sorted(await leader.next([], db.clock.now()), key=lambda row: -row["turn"])
    assert (first["positions"][0][2], second["positions"][0][2]) == (1, 2)


async def _elsewhere(db: Database, tenant: UUID) -> None:
    from contextvars import Context

    await asyncio.create_task(emit(db, tenant, "orders", number=2), context=Context())


async def test_a_batch_is_numbered_in_the_order_of_ids_per_restaurant_and_channel(
    db: Database, leader: Leadership
) -> None:
    one, other = new_id(), new_id()
    await emit(db, one, "kitchen", "orders", number=1)
    await emit(db, other, "orders", number=2)
    await emit(db, one, "orders", number=3)
    await emit(db, one, number=4)
    await emit(db, None, number=5)
    rows = await leader.next([], db.clock.now())
    assert [row["subject_id"] for row in rows] == ["1", "2", "3", "4", "5"]
    epoch = rows[0]["positions"][0][1]
    assert [row["positions"] for row in rows] == [
        [["kitchen", epoch, 1], ["orders", epoch, 1]],
        [["orders", epoch, 1]],
        [["orders", epoch, 2]],
        [],
        [],
    ]


async def test_what_was_numbered_and_not_published_keeps_its_numbers_and_its_turn_under_the_next_leader(
    db: Database, open_probe: OpenProbe, leader: Leadership, admin: asyncpg.Connection
) -> None:
    """Also before what commits late, with a lower id."""
    tenant = new_id()
    async with db.transaction(tenant) as late:
        late.emit(ThingMade(number=1), subject_id="late", channels=["orders"])
        await late._write_records(late._calls(db.clock))
        late._events.clear()
        await asyncio.create_task(_elsewhere(await open_probe(), tenant))
        before = await leader.next([], db.clock.now())
    successor = Leadership(leader.connection, await leader.connection.fetchval("SELECT outbox_lead()"))
    after = await successor.next([], db.clock.now())
    assert [row["subject_id"] for row in before] == ["2"]
    assert [(row["subject_id"], row["positions"][0][2]) for row in after] == [("2", 1), ("late", 2)]
    ids = {row["msg_id"]: row["id"] for row in await admin.fetch("SELECT id, msg_id FROM outbox")}
    assert ids[after[0]["msg_id"]] > ids[after[1]["msg_id"]]


async def test_numbers_are_on_disk_before_they_are_told_though_marks_need_not_be(
    db: Database, leader: Leadership
) -> None:
    await emit(db, new_id(), "orders")
    async with leader.connection.transaction():
        [row] = await leader.next([], db.clock.now())
        assert await leader.connection.fetchval("SHOW synchronous_commit") == "on"
    async with leader.connection.transaction():
        assert await leader.next([(row["turn"], 1)], db.clock.now()) == []
        assert await leader.connection.fetchval("SHOW synchronous_commit") == "off"


async def test_events_of_one_aggregate_are_numbered_in_the_order_of_its_versions(
    db: Database, open_probe: OpenProbe, leader: Leadership
) -> None:
    """Whoever changes it holds its row until the commit, and draws the ids of its events after that."""
    tenant, writers = new_id(), await open_probe(pool_size=8)
    async with db.transaction(tenant) as tx:
        await tx.execute("INSERT INTO thing VALUES ($1, 'one', 0)", tenant)

    async def change() -> None:
        for _ in range(15):
            async with writers.transaction(tenant) as tx:
                count = await tx.fetchval("UPDATE thing SET count = count + 1 RETURNING count")
                tx.emit(ThingMade(number=count), subject_id=str(count), channels=["orders"])

    changing = asyncio.gather(*(change() for _ in range(8)))
    told: list[Any] = []
    while not changing.done() or len(told) < 120:
        changed = changing.done()
        rows = await leader.next([(row["turn"], 1) for row in told], db.clock.now())
        told += rows
        assert rows or not changed, "events are missing"
    await changing
    assert [int(row["subject_id"]) for row in told] == list(range(1, 121))
    assert places(told)[tenant, "orders"] == list(range(1, 121))


async def test_two_leaders_that_number_at_once_give_no_number_twice(
    db: Database, open_probe: OpenProbe, leader: Leadership, probe_url: str
) -> None:
    """One of them is superseded and does not know it yet."""
    tenants = [new_id() for _ in range(3)]
    for number in range(120):
        await emit(db, tenants[number % 3], "orders", number=number)
    other = await asyncpg.connect(probe_url, **connection_options(SCHEMA))
    try:
        await asyncio.gather(
            *(
                connection.fetchval("SELECT outbox_number((SELECT generation FROM outbox_state), 40)")
                for connection in (leader.connection, other)
            )
        )
        rows = await leader.connection.fetch(ALL)
    finally:
        await other.close()
    for tenant in tenants:
        assert sorted(places(rows)[tenant, "orders"]) == list(range(1, 41))


async def test_a_leader_numbers_what_committed_late_only_after_the_one_that_is_at_it(
    db: Database, open_probe: OpenProbe, leader: Leadership, probe_url: str, admin: asyncpg.Connection
) -> None:
    """They would take other rows, and the same head."""
    tenant, number = new_id(), "SELECT outbox_number((SELECT generation FROM outbox_state), 1)"
    other = await asyncpg.connect(probe_url, **connection_options(SCHEMA))
    waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)"
    async with leader.connection.transaction():
        async with db.transaction(tenant) as late:
            late.emit(ThingMade(number=1), subject_id="late", channels=["orders"])
            await late._write_records(late._calls(db.clock))
            late._events.clear()
            await asyncio.create_task(_elsewhere(await open_probe(), tenant))
            assert await leader.call("outbox_number", 1) == 1
        second = asyncio.create_task(other.fetchval(number))
        async with asyncio.timeout(30):
            while not second.done() and not await admin.fetchval(waits, other.get_server_pid()):  # noqa: ASYNC110 - the server waits
                await asyncio.sleep(0.02)
    assert await second == 1
    await other.close()
    rows = await leader.connection.fetch(ALL)
    assert [(row["subject_id"], row["positions"][0][2]) for row in rows] == [("2", 1), ("late", 2)]


async def test_what_a_channel_has_said_counts_what_waits_for_its_number(
    db: Database, leader: Leadership
) -> None:
    tenant = new_id()

    async def said() -> str:
        async with db.transaction(tenant) as tx:
            return str(await tx.fetchval("SELECT outbox_said('orders')"))

    before = await said()
    await emit(db, tenant, "orders", "floor")
    await emit(db, tenant, "floor")
    committed = await said()
    assert before != committed
    await number_events(db)
    assert await said() == committed == f"{before.split('.')[0]}.1"


# -- what waits, and what it costs ------------------------------------------------------------------------


async def test_what_was_not_taken_is_given_again_before_what_followed_however_much_was_published_since(
    db: Database, leader: Leadership
) -> None:
    """Nothing but its being kept apart says so: what is published is not looked through again."""
    stuck, other = new_id(), new_id()
    for number in range(2):
        await emit(db, stuck, "orders", number=number)
    for number in range(40):
        for place in range(10):
            await emit(db, other, "orders", number=10 * number + place)
        rows = await leader.next([], db.clock.now())
        assert [row["subject_id"] for row in rows if row["restaurant_id"] == stuck] == ["0", "1"]
        acked = [(row["turn"], 1) for row in rows if row["restaurant_id"] == other]
        assert len(acked) == 10
        await leader.call("outbox_mark", *zip(*acked, strict=True), db.clock.now())
    await emit(db, stuck, "orders", number=2)
    rows = await leader.next([], db.clock.now())
    assert [row["positions"][0][2] for row in rows] == [1, 2, 3]
    assert (await leader.connection.fetchrow("SELECT * FROM outbox_backlog(100)"))["waiting"] == 3
    assert await leader.next([(row["turn"], 1) for row in rows], db.clock.now()) == []
    assert (await leader.connection.fetchrow("SELECT * FROM outbox_backlog(100)"))["waiting"] == 0


@pytest.mark.parametrize("published_since", [1, 400])
async def test_what_was_lost_is_given_again_in_its_turn_and_counts_as_waiting(
    db: Database, leader: Leadership, published_since: int
) -> None:
    tenant = new_id()
    for number in range(published_since + 1):
        await emit(db, tenant, number=number)
    acked: list[tuple[int, int]] = []
    last = [(0, 0)]
    while last:
        last = [(row["turn"], 1) for row in await leader.next(acked[-BATCH_ROWS:], db.clock.now())]
        acked += last
    lost = [turn for turn, _ in acked[:2]]
    assert await leader.call("outbox_unmark", lost) == 2
    row = await leader.connection.fetchrow("SELECT * FROM outbox_backlog(100)")
    assert (row["waiting"], row["oldest"]) == (2, db.clock.now())
    assert [row["turn"] for row in await leader.next([], db.clock.now())] == lost
    assert await leader.next([(turn, 1) for turn in lost], db.clock.now()) == []


async def test_a_mark_changes_nothing_that_an_index_holds(admin: asyncpg.Connection) -> None:
    """Nor does a batch, of the heads: what is updated stays on its page, which has room for it."""
    changed = {"outbox_numbered": {"published_at", "stream_seq"}, "outbox_head": {"channels"}}
    for table, columns in changed.items():
        indexes = await admin.fetch(
            "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS text FROM pg_index"
            " WHERE indrelid = $1::text::regclass",
            table,
        )
        assert indexes
        assert not [row["name"] for row in indexes if any(column in row["text"] for column in columns)]
    filled = await admin.fetch(
        "SELECT reloptions FROM pg_class JOIN pg_inherits ON inhrelid = oid"
        " WHERE inhparent = 'outbox_numbered'::regclass AND relname <> 'outbox_numbered_default'"
    )
    assert filled
    assert all(row["reloptions"] == ["fillfactor=50"] for row in filled)


async def test_a_batch_writes_a_head_for_each_restaurant_and_a_run_for_every_eight_events_of_a_channel(
    db: Database, leader: Leadership
) -> None:
    """However many channels an event has. By the server's counters, in the transaction that does it."""
    for tenant in (new_id(), new_id()):
        for number in range(17):
            await emit(db, tenant, "floor", "kitchen", "orders", number=number)
    async with leader.connection.transaction():
        rows = await leader.next([], db.clock.now())
        await leader.call("outbox_mark", [row["turn"] for row in rows], [1] * len(rows), db.clock.now())
        counted = await leader.connection.fetch(WRITTEN)
    assert {row["name"]: (row["inserted"], row["updated"]) for row in counted} == {
        "outbox_head": (2, 0),
        "outbox_numbered": (34, 34),
        "outbox_run": (2 * 3 * 2, 0),
    }
