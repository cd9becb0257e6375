"""Reading the menu: whole, as a delta, unmodified; from memory and never stale."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from google.protobuf.message import Message

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.errors import NotFound
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.category import Category
from services.catalog.domain.errors import CategoryNotEmpty
from services.catalog.domain.item import Item
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.domain.stock import StockLine
from services.catalog.domain.window import AvailabilityWindow
from services.catalog.tests import doing
from services.catalog.tests.builders import (
    LONDON,
    a_category,
    a_group,
    a_restaurant,
    an_item,
    command,
    counted,
    saved,
)
from services.catalog.tests.doing import nobody
from services.catalog.usecases import reservation
from services.catalog.usecases.restaurant import keep_restaurant


async def test_a_new_restaurant_has_an_empty_menu_of_version_0(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    answer = await doing.menu_reader(db, nobody).get(await a_restaurant(db))
    assert (answer.menu.version, len(answer.menu.items), answer.delta) == (0, 0, False)
    assert (answer.menu.currency_code, answer.menu.time_zone) == ("GBP", "Europe/London")
    assert "hot_food" in [each.code for each in answer.menu.vat_classes]


async def test_an_unknown_restaurant_is_asked_about_and_kept(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    asked = []

    async def auth(restaurant_id: UUID) -> RestaurantCopy:
        asked.append(restaurant_id)
        return replace(LONDON, currency_code="EUR")

    tenant = new_id()
    for _ in range(2):
        answer = await doing.menu_reader(db, auth).get(tenant)
        assert answer.menu.currency_code == "EUR"
    assert asked == [tenant]
    with pytest.raises(NotFound):
        await doing.menu_reader(db, nobody).get(new_id())


async def test_a_change_is_seen_by_the_next_read_of_every_process(service_database: OpenDatabase) -> None:
    db, other = await service_database("catalog"), await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    readers = [doing.menu_reader(db, nobody), doing.menu_reader(other, nobody)]
    for number in range(1, 4):
        await saved(db, tenant, an_item(category.id, name=f"Dish {number}"))
        for reader in readers:
            assert len((await reader.get(tenant)).menu.items) == number


async def test_reads_that_wait_together_ask_once_and_see_what_was_before_them(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    reader = doing.menu_reader(db, nobody)
    await reader.get(tenant)

    async def change_and_read(number: int) -> None:
        await saved(db, tenant, an_item(category.id, name=f"Dish {number}"))
        answer = await reader.get(tenant)
        assert f"Dish {number}" in [each.name for each in answer.menu.items]

    await asyncio.gather(*(change_and_read(number) for number in range(40)))


async def test_a_reader_that_gives_up_does_not_take_the_others_along(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    reader = doing.menu_reader(db, nobody)
    reads = [asyncio.create_task(reader.get(tenant)) for _ in range(3)]
    await asyncio.sleep(0)
    reads[0].cancel()
    done = await asyncio.gather(*reads, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert all(isinstance(each, catalog_api.GetMenuResponse) for each in done[1:])


async def test_the_etag_stands_until_something_in_the_answer_changes(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    lunch = (AvailabilityWindow((), 12 * 60, 15 * 60),)
    await saved(db, tenant, an_item(category.id, windows=lunch))
    cake = await counted(db, tenant, category, 5)
    reader = doing.menu_reader(db, nobody)
    etags: list[str] = []

    async def changed() -> bool:
        if etags:
            again = await reader.get(tenant, known_etag=etags[-1])
            if again.not_modified:
                assert again == catalog_api.GetMenuResponse(etag=etags[-1], not_modified=True)
                return False
        etags.append((await reader.get(tenant)).etag)
        return True

    assert await changed()
    assert not await changed()
    await doing.set_item_availability(db, command(tenant), cake.id, False)
    assert await changed()
    await reservation.reserve_stock(db, tenant, new_id(), [StockLine(new_id(), cake.id, 1)], "c")
    assert await changed()
    async with db.transaction(tenant) as tx:
        await keep_restaurant(tx, replace(LONDON, version=2, currency_code="EUR"))
    assert await changed()
    fake_clock.advance(timedelta(hours=2, minutes=59))
    assert not await changed()
    fake_clock.advance(timedelta(minutes=1))
    assert await changed()
    assert len(set(etags)) == len(etags)


async def test_on_sale_is_what_is_neither_off_nor_out_nor_outside_its_hours(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    always = await saved(db, tenant, an_item(category.id, name="always"))
    off = await saved(db, tenant, an_item(category.id, name="off", available=False))
    lunch = await saved(
        db, tenant, an_item(category.id, name="lunch", windows=(AvailabilityWindow((), 720, 900),))
    )
    empty, some = await counted(db, tenant, category, 0), await counted(db, tenant, category, 1)
    reader = doing.menu_reader(db, nobody)

    async def on_sale() -> set[str]:
        return set((await reader.get(tenant)).available_item_ids)

    assert await on_sale() == {str(always.id), str(lunch.id), str(some.id)}
    fake_clock.advance(timedelta(hours=3))
    await reservation.reserve_stock(db, tenant, new_id(), [StockLine(new_id(), some.id, 1)], "c")
    await doing.count_stock(db, command(tenant), empty.id, 4, 0)
    await doing.set_item_availability(db, command(tenant), off.id, True)
    assert await on_sale() == {str(always.id), str(off.id), str(empty.id)}


async def test_a_version_from_the_future_gets_the_whole_menu(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    answer = await doing.menu_reader(db, nobody).get(tenant, since_version=99)
    assert (answer.delta, len(answer.menu.items)) == (False, 1)


@pytest.mark.parametrize("seed", range(6))
async def test_a_menu_with_the_delta_applied_is_the_new_menu(
    service_database: OpenDatabase, seed: int
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    chance = random.Random(seed)
    reader, fresh = doing.menu_reader(db, nobody), doing.menu_reader(db, nobody)
    seen = [await reader.get(tenant)]
    for step in range(25):
        await _random_change(db, tenant, chance, step)
        seen.append(await reader.get(tenant))
    final = seen[-1]
    assert final == await fresh.get(tenant)
    for old in seen:
        delta = await reader.get(tenant, since_version=old.menu.version)
        assert delta.delta == (old.menu.version > 0)
        assert _applied(old.menu, delta) == _by_id(final.menu)
        assert delta.available_item_ids == final.available_item_ids
        assert delta.stock == final.stock


async def _random_change(db: Database, tenant: UUID, chance: random.Random, step: int) -> None:
    answer = await doing.menu_reader(db, nobody).get(tenant)
    categories, items = answer.menu.categories, answer.menu.items
    verb = chance.choice(["category", "item", "item", "item", "update", "delete", "empty", "off", "count"])
    if verb == "category" or not categories:
        await doing.create_category(db, command(tenant), Category(new_id(), f"Category {step}"))
    elif verb == "empty":
        # Only an empty one is deleted; a refusal changes nothing.
        with suppress(CategoryNotEmpty):
            await doing.delete_category(db, command(tenant), UUID(chance.choice(categories).id))
    elif verb == "item" or not items:
        category_id = UUID(chance.choice(categories).id)
        item = an_item(category_id, name=f"Item {step}", option_groups=(a_group("Size", Small=step),))
        await doing.create_item(db, command(tenant), item)
    else:
        await _change_item(db, tenant, chance, chance.choice(items), verb)


async def _change_item(
    db: Database, tenant: UUID, chance: random.Random, found: catalog_pb2.Item, verb: str
) -> None:
    item_id = UUID(found.id)
    if verb == "update":
        category_id, price = UUID(found.category_id), chance.randint(1, 999)
        item = Item(item_id, category_id, found.name, price, "alcohol", version=found.version)
        await doing.update_item(db, command(tenant), item)
    elif verb == "delete":
        await doing.delete_item(db, command(tenant), item_id)
    elif verb == "count":
        await doing.count_stock(db, command(tenant), item_id, chance.randint(0, 9), 2)
    else:
        await doing.set_item_availability(db, command(tenant), item_id, not found.available)


Contents = dict[str, Message]


def _by_id(of: catalog_pb2.Menu) -> Contents:
    return {
        **{each.id: each for each in of.categories},
        **{each.id: each for each in of.items},
        **{each.code: each for each in of.vat_classes},
    }


def _applied(old: catalog_pb2.Menu, delta: catalog_api.GetMenuResponse) -> Contents:
    new = _by_id(delta.menu)
    if not delta.delta:
        return new
    gone = {*delta.removed_category_ids, *delta.removed_item_ids}
    return {key: each for key, each in {**_by_id(old), **new}.items() if key not in gone}
