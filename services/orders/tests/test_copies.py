"""The copies of menu and settings: read through when missing, fed by events in any order, proven fresh."""

import asyncio
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1.events_pb2 import MenuChanged

from chassis.ids import new_id
from services.orders.domain.errors import ItemUnavailable, LineRefused, MenuOutdated, UnknownMenuVersion
from services.orders.store.restaurant import StoredCopies, find_copies
from services.orders.tests.builders import draft, draft_line, item_message, settings_message
from services.orders.tests.world import World
from services.orders.usecases.copies import Copies
from services.orders.usecases.menu import apply_menu
from services.orders.usecases.restaurant import apply_restaurant
from services.orders.wire.menu import part_in
from services.orders.wire.restaurant import restaurant_in


def changed(world: World, *items: catalog_pb2.Item, version: int, **parts: int) -> MenuChanged:
    """What catalog announces; the change follows the version before unless told otherwise."""
    event = MenuChanged(
        restaurant_id=str(world.tenant),
        version=version,
        previous_version=parts.get("previous", version - 1),
        part=parts.get("part", 1),
        parts=parts.get("of", 1),
        items=items,
    )
    event.removed_item_ids[:] = []
    return event


async def hear(world: World, *events: MenuChanged) -> None:
    for event in events:
        async with world.deps.db.transaction(world.tenant) as tx:
            await apply_menu(tx, part_in(event))


async def stored(world: World) -> StoredCopies:
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        return await find_copies(tx)


async def test_the_first_order_reads_through_and_the_next_ones_ask_nobody(world: World) -> None:
    for _ in range(3):
        await world.place()
    assert (world.auth.asked, world.catalog.asked) == (1, 1)


async def test_a_second_process_finds_the_copies_in_the_database(world: World) -> None:
    await world.place()
    known = await Copies(world.deps.db, world.deps.peers).get(world.tenant)
    assert (known.menu.version, known.restaurant.currency_code) == (1, "GBP")
    assert (world.auth.asked, world.catalog.asked) == (1, 1)


async def test_an_item_that_was_added_a_moment_ago_is_sold_before_its_event_comes(world: World) -> None:
    await world.place()
    special = item_message()
    world.extra_items, world.menu_version = [special], 2
    world.publish_menu()
    placed = await world.place(draft(draft_line(special)))
    assert (placed.lines[0].item_id, placed.menu_version) == (special.id, 2)
    another = item_message()
    world.extra_items, world.menu_version = [special, another], 3
    world.publish_menu()
    assert (await world.quote(draft(draft_line(another)))).lines[0].item_id == another.id


async def test_an_item_that_catalog_does_not_know_either_is_refused(world: World) -> None:
    await world.place()
    asked = world.catalog.asked
    with pytest.raises(LineRefused) as refused:
        await world.place(draft(draft_line(item_message())))
    assert (refused.value.reason, world.catalog.asked) == ("UNKNOWN_ITEM", asked + 1)


async def test_of_many_first_orders_at_once_one_reads_through(world: World) -> None:
    await asyncio.gather(*(world.place() for _ in range(8)))
    assert (world.auth.asked, world.catalog.asked) == (1, 1)


async def test_an_order_is_priced_with_the_menu_that_was_announced_before_it(world: World) -> None:
    await world.place()
    dearer = item_message(id=world.burger.id, version=2)
    dearer.price_minor = 1300
    await hear(world, changed(world, dearer, version=2))
    order = await world.place()
    assert (order.totals.goods_minor, order.menu_version) == (1300, 2)
    assert world.catalog.asked == 1


async def test_parts_count_when_all_have_come_in_whatever_order(world: World) -> None:
    await world.place()
    pizza, soup = item_message(name="Pizza", version=2), item_message(name="Soup", version=2)
    await hear(world, changed(world, soup, version=2, part=2, of=2))
    assert (await stored(world)).menu_version == 1
    await hear(world, changed(world, pizza, version=2, part=1, of=2))
    assert (await stored(world)).menu_version == 2
    order = await world.place(draft(draft_line(pizza), draft_line(soup)))
    assert [line.name for line in order.lines] == ["Pizza", "Soup"]
    assert world.catalog.asked == 1


async def test_changes_that_overtake_each_other_end_the_same(world: World) -> None:
    await world.place()
    first, second = item_message(name="Pizza", version=2), item_message(name="Soup", version=3)
    await hear(world, changed(world, second, version=3))
    assert (await stored(world)).menu_version == 1
    await hear(world, changed(world, first, version=2))
    assert (await stored(world)).menu_version == 3
    await world.place(draft(draft_line(first), draft_line(second)))
    assert world.catalog.asked == 1


async def test_a_change_that_never_comes_is_read_through(world: World) -> None:
    await world.place()
    pizza = item_message(name="Pizza", version=3)
    world.extra_items, world.menu_version = [pizza], 3
    world.publish_menu()
    await hear(world, changed(world, pizza, version=3))  # version 2 is lost
    await world.place(draft(draft_line(pizza)))
    assert (world.catalog.asked, (await stored(world)).menu_version) == (2, 3)


async def test_a_price_that_may_have_changed_in_a_lost_change_is_read_through(world: World) -> None:
    await world.place()
    world.burger.price_minor, world.burger.version, world.menu_version = 1300, 2, 3
    world.publish_menu()
    await hear(world, changed(world, version=3))  # version 2, which had the price, is lost
    assert (await world.place()).totals.goods_minor == 1300


async def test_an_old_change_again_changes_nothing(world: World) -> None:
    await world.place()
    dearer = item_message(id=world.burger.id, version=2)
    await hear(world, changed(world, dearer, version=2), changed(world, dearer, version=3))
    before = await stored(world)
    cheaper = item_message(id=world.burger.id, version=2)
    cheaper.price_minor = 1
    await hear(world, changed(world, cheaper, version=2))
    assert await stored(world) == before


async def test_what_was_removed_cannot_be_ordered(world: World) -> None:
    await world.place()
    event = changed(world, version=2)
    event.removed_item_ids.append(world.burger.id)
    await hear(world, event)
    with pytest.raises(LineRefused):
        await world.place()


async def test_a_client_with_a_newer_menu_makes_orders_read_it(world: World) -> None:
    await world.place()
    pizza = item_message(name="Pizza", version=2)
    world.extra_items, world.menu_version = [pizza], 2
    world.publish_menu()
    order = await world.place(draft(draft_line(pizza), menu_version=2))
    assert (order.menu_version, world.catalog.asked) == (2, 2)
    with pytest.raises(UnknownMenuVersion):
        await world.place(draft(draft_line(pizza), menu_version=3))


async def test_a_client_with_an_older_menu_is_told_when_its_item_changed(world: World) -> None:
    world.burger.version, world.menu_version = 3, 5
    world.publish_menu()
    with pytest.raises(MenuOutdated) as refused:
        await world.place(draft(draft_line(world.burger), menu_version=2))
    assert refused.value.metadata["menu_version"] == "5"
    assert (await world.place(draft(draft_line(world.burger), menu_version=3))).number == 1


async def test_an_item_that_goes_off_is_refused_from_then_on(world: World) -> None:
    await world.place()
    off = item_message(id=world.burger.id, version=2)
    off.available = False
    await hear(world, changed(world, off, version=2))
    with pytest.raises(ItemUnavailable):
        await world.place()


async def test_the_newest_settings_count(world: World) -> None:
    await world.place()
    for version, service in [(3, 1000), (2, 0)]:
        settings = settings_message(world.tenant, version=version)
        settings.service_charge_bp = service
        async with world.deps.db.transaction(world.tenant) as tx:
            await apply_restaurant(tx, restaurant_in(settings))
    assert (await world.place()).totals.service_charge_minor == 100


async def test_settings_may_come_before_anything_else_is_known(world: World) -> None:
    restaurant: UUID = new_id()
    async with world.deps.db.transaction(restaurant) as tx:
        settings = settings_message(restaurant)
        await apply_restaurant(tx, restaurant_in(settings))
    async with world.deps.db.transaction(restaurant) as tx:
        event = MenuChanged(restaurant_id=str(restaurant), version=4, previous_version=3)
        await apply_menu(tx, part_in(event))
    async with world.deps.db.transaction(restaurant, readonly=True) as tx:
        found = await find_copies(tx)
    assert (found.settings_version, found.menu, found.menu_wanted) == (1, None, 4)
