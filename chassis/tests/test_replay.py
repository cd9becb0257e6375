from uuid import UUID

import asyncpg
import pytest

from chassis.db import Database
from chassis.ids import new_id
from chassis.messaging.replay import EVENT_OVERHEAD_BYTES, MAX_REPLAY_BYTES, ReplayOutcome, position, replay
from chassis.tests.probe import ThingMade
from harness.outbox import number_events


async def sell(db: Database, count: int) -> tuple[UUID, str]:
    """A restaurant with ``count`` events on its channel orders, and the channel's epoch."""
    tenant = new_id()
    for number in range(1, count + 1):
        async with db.transaction(tenant) as tx:
            tx.emit(ThingMade(number=number), subject_id=str(number), channels=["orders"], command_id="c")
    await number_events(db)
    async with db.transaction(tenant) as tx:
        epoch, seq = await position(tx, "orders")
    assert seq == count
    return tenant, epoch


async def test_a_page_holds_what_follows_the_position_without_a_hole(db: Database) -> None:
    tenant, epoch = await sell(db, 7)
    page = await replay(db, tenant, "orders", epoch, 2, 3)
    assert (page.outcome, page.epoch, page.head_seq) == (ReplayOutcome.EVENTS, epoch, 7)
    assert [event.seq for event in page.events] == [3, 4, 5]
    assert [ThingMade.FromString(event.payload) for event in page.events] == [
        ThingMade(number=number) for number in (3, 4, 5)
    ]
    assert page.events[0].created_at == db.clock.now()
    assert page.events[0].command_id == "c"
    rest = await replay(db, tenant, "orders", epoch, 5, 100)
    assert [event.seq for event in rest.events] == [6, 7]


@pytest.mark.parametrize("size", [100, 3_300, 100_000])
async def test_pages_are_bounded_in_bytes_and_together_are_everything(db: Database, size: int) -> None:
    tenant, count = new_id(), 3 * MAX_REPLAY_BYTES // (size + EVENT_OVERHEAD_BYTES) // 2
    for first in range(0, count, 200):
        async with db.transaction(tenant) as tx:
            for number in range(first, min(first + 200, count)):
                tx.emit(ThingMade(number=number, name="x" * size), subject_id="x", channels=["orders"])
    await number_events(db)
    async with db.transaction(tenant) as tx:
        epoch, _ = await position(tx, "orders")
    seqs: list[int] = []
    pages = 0
    while len(seqs) < count:
        page = await replay(db, tenant, "orders", epoch, len(seqs), 2_000)
        assert sum(len(event.payload) for event in page.events) <= MAX_REPLAY_BYTES
        seqs += [event.seq for event in page.events]
        pages += 1
    assert (seqs, pages) == (list(range(1, count + 1)), 2)


async def test_whoever_has_everything_gets_nothing_more(db: Database) -> None:
    tenant, epoch = await sell(db, 2)
    page = await replay(db, tenant, "orders", epoch, 2, 100)
    assert (page.outcome, page.events) == (ReplayOutcome.EVENTS, ())


async def test_an_empty_epoch_asks_for_the_head(db: Database) -> None:
    tenant, epoch = await sell(db, 2)
    page = await replay(db, tenant, "orders", "", 0, 100)
    assert (page.outcome, page.epoch, page.head_seq, page.events) == (ReplayOutcome.EVENTS, epoch, 2, ())


async def test_another_epoch_needs_a_snapshot(db: Database) -> None:
    tenant, _ = await sell(db, 2)
    page = await replay(db, tenant, "orders", "zzz", 1, 100)
    assert (page.outcome, page.events) == (ReplayOutcome.EPOCH_MISMATCH, ())


@pytest.mark.parametrize("gone", [1, 2])
async def test_a_position_that_the_outbox_no_longer_reaches_needs_a_snapshot(
    db: Database, admin: asyncpg.Connection, gone: int
) -> None:
    """The first one aged out, or (which no housekeeping does) one in the middle: never a partial replay."""
    tenant, epoch = await sell(db, 3)
    await admin.execute("DELETE FROM outbox WHERE restaurant_id = $1 AND subject_id = $2", tenant, str(gone))
    page = await replay(db, tenant, "orders", epoch, 0, 100)
    assert (page.outcome, page.events) == (ReplayOutcome.TOO_OLD, ())
    assert (await replay(db, tenant, "orders", epoch, gone, 100)).outcome is ReplayOutcome.EVENTS


async def test_a_position_above_the_head_needs_a_snapshot(db: Database) -> None:
    tenant, epoch = await sell(db, 1)
    assert (await replay(db, tenant, "orders", epoch, 5, 100)).outcome is ReplayOutcome.TOO_OLD


async def test_a_channel_that_never_spoke_has_the_epoch_that_its_first_event_will_have(db: Database) -> None:
    tenant = new_id()
    async with db.transaction(tenant) as tx:
        before = await position(tx, "floor")
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(), subject_id="x", channels=["floor"])
    await number_events(db)
    async with db.transaction(tenant) as tx:
        after = await position(tx, "floor")
    assert (before[1], after) == (0, (before[0], 1))


async def test_a_channel_of_another_restaurant_is_not_told(db: Database) -> None:
    _, epoch = await sell(db, 3)
    page = await replay(db, new_id(), "orders", epoch, 0, 100)
    assert (page.head_seq, page.events) == (0, ())
