"""Reserving, giving back, selling and wasting, on Postgres."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest
from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.ids import new_id
from harness.fixtures import EventRecorder, OpenDatabase
from services.catalog.domain.errors import InsufficientStock, OrderFinished, ReservationMismatch, UnknownItem
from services.catalog.domain.item import Item
from services.catalog.domain.reservation import StockOrder
from services.catalog.domain.stock import StockLevel, StockLine
from services.catalog.store import stock as stock_store
from services.catalog.tests import doing
from services.catalog.tests.builders import a_category, a_restaurant, an_item, command, counted, saved
from services.catalog.usecases import reservation


def line(item: Item, quantity: int = 1, line_id: UUID | None = None) -> StockLine:
    return StockLine(line_id or new_id(), item.id, quantity)


async def levels(db: Database, tenant: UUID) -> dict[UUID, StockLevel]:
    async with db.transaction(tenant) as tx:
        return {level.item_id: level for level in await stock_store.levels(tx)}


async def figures(db: Database, tenant: UUID, item: Item) -> tuple[int, int]:
    level = (await levels(db, tenant))[item.id]
    return level.on_hand, level.reserved


async def confirm(db: Database, tenant: UUID, order: StockOrder) -> None:
    async with db.transaction(tenant) as tx:
        await reservation.confirm_order(tx, order, db.clock.now())


async def complete(db: Database, tenant: UUID, order: StockOrder) -> None:
    async with db.transaction(tenant) as tx:
        await reservation.complete_order(tx, order, db.clock.now())


async def cancel(db: Database, tenant: UUID, order: StockOrder, *, wasted: bool) -> None:
    async with db.transaction(tenant) as tx:
        await reservation.cancel_order(tx, order, db.clock.now(), wasted=wasted)


async def test_reserving_takes_all_lines_or_none(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    plenty, scarce = await counted(db, tenant, category, 10), await counted(db, tenant, category, 1)
    with pytest.raises(InsufficientStock) as refused:
        await reservation.reserve_stock(db, tenant, new_id(), [line(plenty, 3), line(scarce, 2)], "c")
    assert refused.value.metadata == {str(scarce.id): "1"}
    assert await figures(db, tenant, plenty) == (10, 0)
    assert await figures(db, tenant, scarce) == (1, 0)


async def test_lines_of_one_item_are_summed(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 5)
    with pytest.raises(InsufficientStock) as refused:
        await reservation.reserve_stock(db, tenant, new_id(), [line(cake, 3), line(cake, 3)], "c")
    assert refused.value.metadata == {str(cake.id): "5"}
    [level] = await reservation.reserve_stock(db, tenant, new_id(), [line(cake, 3), line(cake, 2)], "c")
    assert (level.on_hand, level.reserved, level.available) == (5, 5, 0)


async def test_reserving_again_for_an_order_has_no_second_effect(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, basket = new_id(), [line(cake, 4)]
    first = await reservation.reserve_stock(db, tenant, order, basket, "c")
    before = len(await event_recorder.events(db, tenant))
    second = await reservation.reserve_stock(db, tenant, order, basket, "another")
    assert first == second
    assert await figures(db, tenant, cake) == (10, 4)
    assert len(await event_recorder.events(db, tenant)) == before


async def test_fifty_parallel_reservations_of_one_order_are_one(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, basket = new_id(), [line(cake, 4)]
    answers = await asyncio.gather(
        *(reservation.reserve_stock(db, tenant, order, basket, "c") for _ in range(50))
    )
    assert all(answer == answers[0] for answer in answers)
    assert await figures(db, tenant, cake) == (10, 4)


async def test_a_line_is_not_reserved_for_something_else(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, first = new_id(), line(cake, 2)
    await reservation.reserve_stock(db, tenant, order, [first], "c")
    with pytest.raises(ReservationMismatch):
        await reservation.reserve_stock(db, tenant, order, [line(cake, 3, first.line_id)], "c")
    assert await figures(db, tenant, cake) == (10, 2)


async def test_an_order_may_reserve_more_lines_later(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, first, second = new_id(), line(cake, 2), line(cake, 5)
    await reservation.reserve_stock(db, tenant, order, [first], "c")
    await reservation.reserve_stock(db, tenant, order, [first, second], "c")
    assert await figures(db, tenant, cake) == (10, 7)


async def test_lines_of_uncounted_items_need_nothing(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    soup, cake = await saved(db, tenant, an_item(category.id)), await counted(db, tenant, category, 2)
    assert await reservation.reserve_stock(db, tenant, new_id(), [line(soup, 99)], "c") == []
    [level] = await reservation.reserve_stock(db, tenant, new_id(), [line(soup, 99), line(cake)], "c")
    assert level.item_id == cake.id


async def test_an_item_that_is_not_on_the_menu_cannot_be_reserved(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    soup = await saved(db, tenant, an_item(category.id))
    cake = await counted(db, tenant, category, 2)
    await doing.delete_item(db, command(tenant), soup.id)
    with pytest.raises(UnknownItem) as refused:
        await reservation.reserve_stock(db, tenant, new_id(), [line(cake), line(soup)], "c")
    assert refused.value.metadata == {"item_id": str(soup.id)}
    assert await figures(db, tenant, cake) == (2, 0)


async def test_the_last_fifty_units_are_sold_fifty_times(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 50)

    async def buy() -> str:
        try:
            await reservation.reserve_stock(db, tenant, new_id(), [line(cake)], "c")
        except InsufficientStock as refused:
            return refused.metadata[str(cake.id)]
        return "bought"

    bought = await asyncio.gather(*(buy() for _ in range(100)))
    assert sorted(bought) == ["0"] * 50 + ["bought"] * 50
    assert await figures(db, tenant, cake) == (50, 50)


async def test_parallel_baskets_in_any_order_do_not_deadlock(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    items = [await counted(db, tenant, category, 200) for _ in range(8)]
    baskets = []
    for seed in range(100):
        chance = random.Random(seed)
        baskets.append([line(item, chance.randint(1, 3)) for item in chance.sample(items, 5)])
    await asyncio.gather(
        *(reservation.reserve_stock(db, tenant, new_id(), basket, "c") for basket in baskets)
    )
    for item in items:
        wanted = sum(each.quantity for basket in baskets for each in basket if each.item_id == item.id)
        assert await figures(db, tenant, item) == (200, min(wanted, 200))


async def test_releasing_gives_back_once(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, other = new_id(), new_id()
    await reservation.reserve_stock(db, tenant, order, [line(cake, 4)], "c")
    await reservation.reserve_stock(db, tenant, other, [line(cake, 3)], "c")
    for _ in range(3):
        await reservation.release_stock(db, tenant, order)
    assert await figures(db, tenant, cake) == (10, 3)
    await reservation.release_stock(db, tenant, new_id())
    assert await figures(db, tenant, cake) == (10, 3)


async def test_a_released_order_may_reserve_again(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, basket = new_id(), [line(cake, 4)]
    await reservation.reserve_stock(db, tenant, order, basket, "c")
    await reservation.release_stock(db, tenant, order)
    await reservation.reserve_stock(db, tenant, order, [line(cake, 1, basket[0].line_id)], "c")
    assert await figures(db, tenant, cake) == (10, 1)


async def test_a_placed_order_keeps_its_reservation(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, basket = new_id(), (line(cake, 4),)
    await reservation.reserve_stock(db, tenant, order, basket, "c")
    await confirm(db, tenant, StockOrder(order, 1, basket))
    await reservation.release_stock(db, tenant, order)
    assert await figures(db, tenant, cake) == (10, 4)


async def test_a_done_order_takes_its_goods_once(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, basket = new_id(), (line(cake, 4), line(cake, 1))
    await reservation.reserve_stock(db, tenant, order, basket, "c")
    await confirm(db, tenant, StockOrder(order, 1, basket))
    for version in (2, 2, 3):
        await complete(db, tenant, StockOrder(order, version, basket))
    await confirm(db, tenant, StockOrder(order, 9, basket))
    await cancel(db, tenant, StockOrder(order, 9, basket), wasted=True)
    assert await figures(db, tenant, cake) == (5, 0)
    with pytest.raises(OrderFinished):
        await reservation.reserve_stock(db, tenant, order, [line(cake)], "c")


async def test_an_order_that_is_done_before_it_was_heard_of_takes_its_goods(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, basket = new_id(), (line(cake, 4),)
    await complete(db, tenant, StockOrder(order, 3, basket))
    await confirm(db, tenant, StockOrder(order, 1, basket))
    assert await figures(db, tenant, cake) == (6, 0)


async def test_a_cancelled_order_gives_back_and_a_wasted_one_does_not(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    for wasted, expected in ((False, (10, 0)), (True, (6, 0))):
        order, basket = new_id(), (line(cake, 4),)
        await reservation.reserve_stock(db, tenant, order, basket, "c")
        await confirm(db, tenant, StockOrder(order, 1, basket))
        for _ in range(2):
            await cancel(db, tenant, StockOrder(order, 2, basket), wasted=wasted)
        assert await figures(db, tenant, cake) == expected


async def test_a_sale_that_happened_is_booked_beyond_what_is_there(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 1)
    basket = (line(cake, 3),)
    await confirm(db, tenant, StockOrder(new_id(), 1, basket))
    assert await figures(db, tenant, cake) == (1, 3)


async def test_a_changed_order_moves_its_reservation_and_an_old_version_does_not(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, first, second = new_id(), line(cake, 4), line(cake, 2)
    await reservation.reserve_stock(db, tenant, order, [first], "c")
    await confirm(db, tenant, StockOrder(order, 3, (second,)))
    assert await figures(db, tenant, cake) == (10, 2)
    await confirm(db, tenant, StockOrder(order, 2, (first, second)))
    assert await figures(db, tenant, cake) == (10, 2)


async def test_a_movement_is_booked_for_each_line_once(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order, basket = new_id(), (line(cake, 4), line(cake, 1))
    await reservation.reserve_stock(db, tenant, order, basket, "c")
    for _ in range(2):
        await complete(db, tenant, StockOrder(order, 2, basket))
    async with db.transaction(tenant) as tx:
        rows = await tx.fetch(
            "SELECT kind, quantity, reserved, on_hand_after FROM stock_movement ORDER BY id"
        )
    first, second = (4, 1) if basket[0].line_id < basket[1].line_id else (1, 4)
    assert [tuple(row) for row in rows] == [
        ("count", 10, 0, 10),
        ("reserve", 0, first, 10),
        ("reserve", 0, second, 10),
        ("sale", -first, -first, 10 - first),
        ("sale", -second, -second, 5),
    ]


async def test_every_change_of_a_level_is_told_absolutely(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    await reservation.reserve_stock(db, tenant, new_id(), [line(cake, 4)], "place-1")
    changed = await event_recorder.of_type(db, catalog_events.StockChanged, tenant)
    assert [(each.level.version, each.level.on_hand, each.level.reserved) for each in changed] == [
        (1, 10, 0),
        (2, 10, 4),
    ]
    last = (await event_recorder.events(db, tenant))[-1]
    assert (last.channels, last.command_id) == (["inventory"], "place-1")


async def test_low_stock_is_told_once_per_downward_crossing(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10, reorder_point=5)

    async def told() -> int:
        return len(await event_recorder.of_type(db, catalog_events.StockLow, tenant))

    await reservation.reserve_stock(db, tenant, new_id(), [line(cake, 4)], "c")
    assert await told() == 0
    order = new_id()
    await reservation.reserve_stock(db, tenant, order, [line(cake, 1)], "c")
    await reservation.reserve_stock(db, tenant, new_id(), [line(cake, 1)], "c")
    assert await told() == 1
    await doing.count_stock(db, command(tenant), cake.id, 20, 5)
    assert await told() == 1
    await reservation.reserve_stock(db, tenant, new_id(), [line(cake, 10)], "c")
    assert await told() == 2


async def test_running_out_and_being_restocked_is_told(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 2)
    order = new_id()
    await reservation.reserve_stock(db, tenant, order, [line(cake, 2)], "c")
    await reservation.release_stock(db, tenant, order)
    told = await event_recorder.of_type(db, catalog_events.ItemAvailabilityChanged, tenant)
    assert [(each.cause, each.available) for each in told] == [("out_of_stock", False), ("restocked", True)]
    assert {each.menu_version for each in told} == {3}


async def test_counting_makes_an_item_counted_and_raises_the_menu(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    soup = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    answer = await doing.count_stock(db, command(tenant), soup.id, 7, 2)
    assert (answer.level.on_hand, answer.level.reorder_point) == (7, 2)
    changed = (await event_recorder.of_type(db, catalog_events.MenuChanged, tenant))[-1]
    assert (changed.version, changed.items[0].stock_tracked) == (3, True)
    await doing.count_stock(db, command(tenant), soup.id, 6, 2)
    assert len(await event_recorder.of_type(db, catalog_events.MenuChanged, tenant)) == 3
    assert await figures(db, tenant, soup) == (6, 0)


async def test_a_count_with_the_same_key_is_one_count(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    soup = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    same = command(tenant)
    first = await doing.count_stock(db, same, soup.id, 7, 0)
    await doing.count_stock(db, command(tenant), soup.id, 8, 0)
    assert await doing.count_stock(db, same, soup.id, 7, 0) == first
    assert await figures(db, tenant, soup) == (8, 0)


async def test_expired_holds_are_found_for_all_restaurants(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db = await service_database("catalog")
    orders = {}
    for _ in range(2):
        tenant = await a_restaurant(db)
        cake = await counted(db, tenant, await a_category(db, tenant), 5)
        orders[tenant] = new_id()
        await reservation.reserve_stock(db, tenant, orders[tenant], [line(cake)], "c")
        await confirm(db, tenant, StockOrder(new_id(), 1, (line(cake),)))
    fake_clock.advance(timedelta(seconds=119))
    assert not set(orders.items()) & set(await reservation.expired_holds(db, 1000))
    fake_clock.advance(timedelta(seconds=1))
    found = await reservation.expired_holds(db, 1000)
    assert set(orders.items()) <= set(found)
    assert all(found.count(hold) == 1 for hold in orders.items())
