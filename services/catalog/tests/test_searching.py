"""Searching a restaurant's menu: the same as the menu says, of one index for all who ask."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.clock import FakeClock
from harness.fixtures import OpenDatabase
from services.catalog.domain.item_number import check_digit
from services.catalog.domain.menu import MAX_ITEMS_PER_MENU
from services.catalog.domain.search import FoundItem, MenuIndex
from services.catalog.tests import doing
from services.catalog.tests.builders import (
    a_category,
    a_restaurant,
    an_item,
    command,
    counted,
    saved,
)
from services.catalog.tests.test_rpc import EVERYTHING, catalog
from services.catalog.usecases.menu.search import MenuSearch

COLA = "5449000000996"
SEARCH_SECONDS = 0.030
"""What a search may take, through the gateway."""
ROUNDS = 400


def names(found: list[FoundItem]) -> list[str]:
    return [each.item.name for each in found]


async def test_a_search_answers_what_the_menu_says_of_an_item(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    async with catalog(service_database, fake_clock) as it:
        category = await a_category(it.db, it.tenant)
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            soup = await counted(it.db, it.tenant, category, 3, name="Tomato soup", barcode=COLA)
            gone = await saved(it.db, it.tenant, an_item(category.id, name="Onion soup"))
            out = await counted(it.db, it.tenant, category, 0, name="Pea soup")
            await doing.set_item_availability(it.db, command(it.tenant), gone.id, available=False)
            reply = await it.stub.SearchMenu(catalog_api.SearchMenuRequest(query="soup", limit=20))
            menu = await it.stub.GetMenu(catalog_api.GetMenuRequest())
            told = {item.id: item for item in menu.menu.items}
            for item in menu.menu.items:
                item.available = item.id in menu.available_item_ids
                levels = [level.available for level in menu.stock if level.item_id == item.id]
                if levels:
                    item.stock_left = levels[0]
            assert {item.id: item for item in reply.items} == told
            assert reply.items[0].id == str(soup.id)
            assert [(item.available, item.stock_left) for item in reply.items if item.id == str(out.id)] == [
                (False, 0)
            ]
            scanned = await it.stub.SearchMenu(catalog_api.SearchMenuRequest(query=COLA, limit=1))
            assert [item.id for item in scanned.items] == [str(soup.id)]
        with it.peer.as_user(EVERYTHING, restaurant_id=await a_restaurant(it.db)):
            assert not (await it.stub.SearchMenu(catalog_api.SearchMenuRequest(query="soup", limit=20))).items


async def test_what_changed_is_found_at_once_and_only_words_cost_an_index(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    soup = await counted(db, tenant, category, 5, name="Soup")
    search = MenuSearch(doing.menu_reader(db, doing.nobody))
    assert names(await search.find(tenant, "soup", 20)) == ["Soup"]
    await doing.count_stock(db, command(tenant), soup.id, 2, 0)
    await doing.set_item_availability(db, command(tenant), soup.id, available=False)
    [now] = await search.find(tenant, "soup", 20)
    assert (now.available, now.left, search.built) == (False, 2, 1)
    other = await saved(db, tenant, an_item(category.id, name="Stew", plu="5"))
    assert names(await search.find(tenant, "stew", 20)) == ["Stew"]
    await doing.update_item(db, command(tenant), replace(other, name="Goulash"))
    assert names(await search.find(tenant, "goulash", 20)) == ["Goulash"]
    assert names(await search.find(tenant, "stew", 20)) == []
    await doing.delete_item(db, command(tenant), other.id)
    assert names(await search.find(tenant, "5", 20)) == []
    assert search.built == 4


async def test_all_who_ask_at_once_share_one_index(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    await saved(db, tenant, an_item((await a_category(db, tenant)).id, name="Soup"))
    search = MenuSearch(doing.menu_reader(db, doing.nobody))
    found = await asyncio.gather(*(search.find(tenant, "soup", 20) for _ in range(50)))
    assert {tuple(names(each)) for each in found} == {("Soup",)}
    assert search.built == 1


async def test_a_caller_that_gives_up_does_not_end_the_index_of_the_others(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    await saved(db, tenant, an_item((await a_category(db, tenant)).id, name="Soup"))
    search = MenuSearch(doing.menu_reader(db, doing.nobody))
    first, second = (asyncio.create_task(search.find(tenant, "soup", 20)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert names(await second) == ["Soup"]
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_only_so_many_items_are_indexed_and_the_restaurant_searched_last_goes_last(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    search = MenuSearch(doing.menu_reader(db, doing.nobody), max_indexed_items=4)
    tenants = []
    for _ in range(3):
        tenant = await a_restaurant(db)
        category = await a_category(db, tenant)
        for name in ("Soup", "Stew"):
            await saved(db, tenant, an_item(category.id, name=name))
        tenants.append(tenant)
    first, second, third = tenants
    for tenant in (first, second, first, third, first):
        assert names(await search.find(tenant, "soup", 20)) == ["Soup"]
    assert search.built == 3
    await search.find(second, "soup", 20)
    assert search.built == 4


def a_large_menu() -> bytes:
    """5,000 items with barcodes and PLUs, in forty categories, of words that resemble each other."""
    chance = random.Random(7)
    how = ["Crispy", "Smoky", "Grilled", "Roasted", "Spicy", "Sweet", "Vegan", "Classic", "Double", "Mini"]
    what = ["Chicken", "Beef", "Jalapeño", "Halloumi", "Prawn", "Lamb", "Tofu", "Mushroom", "Salmon", "Duck"]
    dishes = ["Burger", "Pizza", "Burrito", "Salad", "Soup", "Sandwich", "Wrap", "Curry", "Risotto", "Tart"]
    parts = ["ba", "ko", "li", "mer", "zan", "tor", "vi", "que", "sol", "dra", "fen", "pip", "lo", "ran"]
    rows = ["category,item,price,vat_class,description,barcode,plu"]
    for number in range(MAX_ITEMS_PER_MENU):
        brand = "".join(chance.choices(parts, k=3)).title()
        name = " ".join([*map(chance.choice, (how, what, dishes)), brand, str(number % 37)])
        about = " ".join(chance.choices([*how, *what, *dishes], k=6))
        barcode = f"5{number:011}"
        columns = (f"Category {number % 40}", f"{name} {number}", "9.50", "hot_food", about)
        rows.append(",".join([*columns, barcode + check_digit(barcode), str(number + 1)]))
    return "\n".join(rows).encode()


def what_people_type(menu: MenuIndex, rounds: int) -> Iterator[tuple[str, float]]:
    """(typed, seconds of this processor that the answer took): names as they are typed, letter by letter and
    with faults, in another order, and numbers.
    """
    chance = random.Random(11)
    barcode = f"5{chance.randrange(MAX_ITEMS_PER_MENU):011}"
    known = [
        "jalapeno burger",
        "jalapneo burgr",
        "chiken",
        "c",
        "piz",
        "mushrom risoto",
        "salamon bowl spicy",
    ]
    known += ["nothing like it", "xyzzyq", "smoky", "1234", barcode + check_digit(barcode)]
    for _ in range(rounds):
        typed = chance.choice(known)
        begun = time.thread_time()
        menu.find(typed, 20, lambda _: True)
        yield typed, time.thread_time() - begun


async def test_a_menu_of_5000_items_is_searched_in_time(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    assert (await doing.import_menu(db, command(tenant), a_large_menu())).created == MAX_ITEMS_PER_MENU
    search = MenuSearch(doing.menu_reader(db, doing.nobody))
    [first, *_] = await search.find(tenant, "jalapneo burgr", 20)
    assert first.item.name.split()[1:3] == ["Jalapeño", "Burger"]
    last = f"5{MAX_ITEMS_PER_MENU - 1:011}"
    [scanned] = await search.find(tenant, last + check_digit(last), 20)
    assert scanned.item.plu == str(MAX_ITEMS_PER_MENU)
    kept = await search.reader.current(tenant)
    # The best of its own processor's times: that others share its caches is no fault of the search.
    best: dict[str, float] = {}
    for typed, seconds in what_people_type(MenuIndex(kept.state.items, kept.state.categories), ROUNDS):
        best[typed] = min(best.get(typed, seconds), seconds)
    slow = {typed: round(seconds * 1000, 1) for typed, seconds in best.items() if seconds > SEARCH_SECONDS}
    assert slow == {}
