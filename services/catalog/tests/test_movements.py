"""What is told of the shelf, whenever it is heard of, on Postgres."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.commands import Command
from chassis.ids import new_id
from harness.fixtures import EventRecorder, OpenDatabase
from services.catalog.domain.errors import InsufficientStock, NotCounted, OccurredAtOutOfRange, UnknownItem
from services.catalog.domain.item import Item
from services.catalog.domain.movement import BACKDATED_DAYS_MAX, CLOCK_AHEAD_MAX, MovementKind, moment
from services.catalog.domain.reservation import StockOrder
from services.catalog.domain.stock import StockLine, StockPolicy
from services.catalog.store import stock as stock_store
from services.catalog.tests import doing
from services.catalog.tests.builders import NOON, a_category, a_restaurant, an_item, command, counted, saved
from services.catalog.tests.doing import set_stock_policy
from services.catalog.usecases import reservation
from services.catalog.usecases.stock.ledger import check_ledger

MINUTE = timedelta(minutes=1)


async def a_shelf(
    service_database: OpenDatabase, on_hand: int = 10, reorder_point: int = 0
) -> tuple[Database, UUID, Item]:
    """A restaurant with so many cakes, counted just now."""
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), on_hand, reorder_point)
    return db, tenant, cake


async def figures(db: Database, tenant: UUID) -> tuple[int, int]:
    async with db.transaction(tenant) as tx:
        [level] = await stock_store.levels(tx)
    return level.on_hand, level.reserved


async def record(
    db: Database,
    tenant: UUID,
    item: Item,
    kind: MovementKind,
    units: int,
    at: datetime | None = None,
    same: Command | None = None,
) -> Any:
    return await doing.record(db, same or command(tenant), item.id, kind, units, at)


async def sell(db: Database, tenant: UUID, cake: Item, units: int, at: datetime | None = None) -> None:
    """An order of so many, done at that moment and heard of now."""
    order = StockOrder(new_id(), 1, (StockLine(new_id(), cake.id, units),))
    async with db.transaction(tenant) as tx:
        await reservation.complete_order(tx, order, db.clock.now(), at)


async def test_what_is_told_of_the_shelf_changes_its_level(service_database: OpenDatabase) -> None:
    db, tenant, cake = await a_shelf(service_database)
    await record(db, tenant, cake, MovementKind.WASTE, 3)
    assert await figures(db, tenant) == (7, 0)
    await record(db, tenant, cake, MovementKind.DELIVERY, 24)
    assert await figures(db, tenant) == (31, 0)
    await record(db, tenant, cake, MovementKind.COUNT, 30)
    assert await figures(db, tenant) == (30, 0)
    assert await check_ledger(db, tenant) == []


async def test_a_delivery_from_before_a_count_is_in_the_count(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, tenant, cake = await a_shelf(service_database)
    fake_clock.advance(60 * MINUTE)
    await record(db, tenant, cake, MovementKind.COUNT, 20)
    await record(db, tenant, cake, MovementKind.DELIVERY, 10, fake_clock.now() - 30 * MINUTE)
    assert await figures(db, tenant) == (20, 0)
    fake_clock.advance(MINUTE)
    await record(db, tenant, cake, MovementKind.DELIVERY, 10)
    assert await figures(db, tenant) == (30, 0)
    assert await check_ledger(db, tenant) == []


async def test_a_count_that_is_heard_of_late_leaves_what_happened_after_it(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, tenant, cake = await a_shelf(service_database)
    fake_clock.advance(60 * MINUTE)
    await record(db, tenant, cake, MovementKind.WASTE, 4)
    assert await figures(db, tenant) == (6, 0)
    await record(db, tenant, cake, MovementKind.COUNT, 9, fake_clock.now() - 30 * MINUTE)
    assert await figures(db, tenant) == (5, 0)
    assert await check_ledger(db, tenant) == []


async def test_a_sale_that_is_heard_of_after_a_later_count_is_in_the_count(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, tenant, cake = await a_shelf(service_database)
    fake_clock.advance(60 * MINUTE)
    await record(db, tenant, cake, MovementKind.COUNT, 8)
    await sell(db, tenant, cake, 2, fake_clock.now() - MINUTE)
    assert await figures(db, tenant) == (8, 0)
    await sell(db, tenant, cake, 2, fake_clock.now() + MINUTE)
    assert await figures(db, tenant) == (6, 0)
    assert await check_ledger(db, tenant) == []


@pytest.mark.parametrize("seed", range(4))
async def test_in_whatever_order_movements_are_heard_of_the_level_is_that_of_their_own_order(
    service_database: OpenDatabase, fake_clock: FakeClock, seed: int
) -> None:
    chance = random.Random(seed)
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    kinds = [MovementKind.COUNT, MovementKind.COUNT, MovementKind.WASTE, MovementKind.DELIVERY]
    script = [(chance.choice(kinds), chance.randint(1, 30)) for _ in range(8)]
    expected = 1_000
    for kind, units in script:
        expected = {
            MovementKind.COUNT: units,
            MovementKind.WASTE: expected - units,
            MovementKind.DELIVERY: expected + units,
        }[kind]
    cakes = [await counted(db, tenant, category, 1_000) for _ in range(6)]
    begun = fake_clock.now()
    fake_clock.advance(60 * MINUTE)
    for cake in cakes:
        await set_stock_policy(db, command(tenant), cake.id, StockPolicy.ALLOW, 0)
        heard = list(enumerate(script, start=1))
        chance.shuffle(heard)
        for minute, (kind, units) in heard:
            await record(db, tenant, cake, kind, units, begun + minute * MINUTE)
    async with db.transaction(tenant) as tx:
        found = {level.on_hand for level in await stock_store.levels(tx)}
    assert found == {expected}
    assert await check_ledger(db, tenant) == []


async def test_more_waste_than_is_available_is_refused_while_orders_may_not_take_it_either(
    service_database: OpenDatabase,
) -> None:
    db, tenant, cake = await a_shelf(service_database)
    await reservation.reserve_stock(db, tenant, new_id(), [StockLine(new_id(), cake.id, 4)], "c")
    with pytest.raises(InsufficientStock) as refused:
        await record(db, tenant, cake, MovementKind.WASTE, 7)
    assert refused.value.metadata == {str(cake.id): "6"}
    await record(db, tenant, cake, MovementKind.WASTE, 6)
    assert await figures(db, tenant) == (4, 4)
    await set_stock_policy(db, command(tenant), cake.id, StockPolicy.WARN, 0)
    await record(db, tenant, cake, MovementKind.WASTE, 1)
    assert await figures(db, tenant) == (3, 4)


async def test_what_is_not_counted_can_be_counted_and_nothing_else(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    soup = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    for kind in (MovementKind.WASTE, MovementKind.DELIVERY):
        with pytest.raises(NotCounted):
            await record(db, tenant, soup, kind, 1)
    with pytest.raises(NotCounted):
        await set_stock_policy(db, command(tenant), soup.id, StockPolicy.WARN, 0)
    answer = await record(db, tenant, soup, MovementKind.COUNT, 5)
    assert (answer.level.on_hand, answer.level.untracked) == (5, False)
    await record(db, tenant, soup, MovementKind.DELIVERY, 1)
    assert await figures(db, tenant) == (6, 0)


@pytest.mark.parametrize("kind", [MovementKind.COUNT, MovementKind.WASTE, MovementKind.DELIVERY])
async def test_of_an_item_that_is_not_there_nothing_is_told(
    service_database: OpenDatabase, kind: MovementKind
) -> None:
    db, tenant, _ = await a_shelf(service_database)
    with pytest.raises(UnknownItem):
        await record(db, tenant, an_item(), kind, 1)


def test_what_is_told_happened_in_the_last_month_and_a_clock_may_be_a_little_ahead() -> None:
    oldest = NOON - timedelta(days=BACKDATED_DAYS_MAX)
    assert moment(oldest, NOON) == oldest
    assert moment(None, NOON) == moment(NOON + CLOCK_AHEAD_MAX, NOON) == NOON
    for wrong in (oldest - timedelta(seconds=1), NOON + CLOCK_AHEAD_MAX + timedelta(seconds=1)):
        with pytest.raises(OccurredAtOutOfRange) as refused:
            moment(wrong, NOON)
        assert [error.field for error in refused.value.fields] == ["occurred_at"]


async def test_what_is_told_twice_with_one_key_happened_once(service_database: OpenDatabase) -> None:
    db, tenant, cake = await a_shelf(service_database)
    same = command(tenant)
    first = await record(db, tenant, cake, MovementKind.DELIVERY, 5, same=same)
    assert await record(db, tenant, cake, MovementKind.DELIVERY, 5, same=same) == first
    assert await figures(db, tenant) == (15, 0)


async def test_every_step_of_an_order_is_a_movement_of_its_own_revision(
    service_database: OpenDatabase,
) -> None:
    db, tenant, cake = await a_shelf(service_database)
    order, line = new_id(), new_id()
    await reservation.reserve_stock(db, tenant, order, [StockLine(line, cake.id, 4)], "c")
    await reservation.release_stock(db, tenant, order)
    for _ in range(2):
        await reservation.reserve_stock(db, tenant, order, [StockLine(line, cake.id, 3)], "c")
    for version, units in ((1, 3), (2, 5), (3, 2), (3, 2)):
        async with db.transaction(tenant) as tx:
            now, lines = db.clock.now(), (StockLine(line, cake.id, units),)
            await reservation.confirm_order(tx, StockOrder(order, version, lines), now)
    for _ in range(2):
        async with db.transaction(tenant) as tx:
            done = StockOrder(order, 4, (StockLine(line, cake.id, 2),))
            await reservation.complete_order(tx, done, db.clock.now())
    async with db.transaction(tenant) as tx:
        rows = await tx.fetch(
            "SELECT kind, revision, quantity, reserved FROM stock_movement WHERE order_id = $1 ORDER BY id",
            order,
        )
    assert [tuple(row) for row in rows] == [
        ("reserve", 1, 0, 4),
        ("release", 2, 0, -4),
        ("reserve", 3, 0, 3),
        ("reserve", 5, 0, 2),
        ("release", 6, 0, -3),
        ("sale", 0, -2, -2),
    ]


async def test_a_sale_that_cannot_be_refused_is_told_as_oversold_once(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db, tenant, cake = await a_shelf(service_database, 3)

    async def told() -> list[tuple[int, bool]]:
        found = await event_recorder.of_type(db, catalog_events.StockOversold, tenant)
        return [(each.level.available, each.level.oversold) for each in found]

    await sell(db, tenant, cake, 3)
    assert await told() == []
    await sell(db, tenant, cake, 2)
    await sell(db, tenant, cake, 1)
    assert await told() == [(-2, True)]
    assert await figures(db, tenant) == (-3, 0)
    await record(db, tenant, cake, MovementKind.DELIVERY, 3)
    await sell(db, tenant, cake, 1)
    assert await told() == [(-2, True), (-1, True)]


@pytest.mark.parametrize(("policy", "told"), [(StockPolicy.WARN, 1), (StockPolicy.ALLOW, 0)])
async def test_an_order_may_take_what_is_not_there_under_the_policies_that_say_so(
    service_database: OpenDatabase, event_recorder: EventRecorder, policy: StockPolicy, told: int
) -> None:
    db, tenant, cake = await a_shelf(service_database, 1)
    lines = [StockLine(new_id(), cake.id, 2)]
    with pytest.raises(InsufficientStock):
        await reservation.reserve_stock(db, tenant, new_id(), lines, "c")
    answer = await set_stock_policy(db, command(tenant), cake.id, policy, 0)
    [level] = await reservation.reserve_stock(db, tenant, new_id(), lines, "c")
    assert (level.available, level.is_out, level.policy) == (-1, False, policy)
    assert answer.level.policy == {"warn": 2, "allow": 3}[policy.value]
    assert len(await event_recorder.of_type(db, catalog_events.StockOversold, tenant)) == told


async def test_setting_how_an_item_is_counted_tells_where_it_is_low_by_that(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db, tenant, cake = await a_shelf(service_database, 5)
    for reorder_point in (4, 5, 5, 6, 4, 5):
        await set_stock_policy(db, command(tenant), cake.id, StockPolicy.REFUSE, reorder_point)
    assert len(await event_recorder.of_type(db, catalog_events.StockLow, tenant)) == 2
    assert len(await event_recorder.of_type(db, catalog_events.StockChanged, tenant)) == 6
