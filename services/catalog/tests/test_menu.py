"""Changing the menu, on Postgres: versions, announcements, refusals."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.db import Database
from chassis.db.commands import Command
from chassis.db.idempotency import IdempotencyKey, IdempotencyKeyReuse
from chassis.errors import AlreadyExists
from chassis.ids import new_id
from chassis.rpc import inbound
from harness.fixtures import EventRecorder, OpenDatabase
from harness.rpc import PATIENT_SECONDS
from services.catalog.domain.category import Category
from services.catalog.domain.errors import (
    CategoryNotEmpty,
    InvalidMenu,
    MenuTooLarge,
    NameTaken,
    StaleVersion,
    UnknownCategory,
    UnknownItem,
)
from services.catalog.domain.menu import MAX_ITEMS_PER_MENU
from services.catalog.store import item as item_store
from services.catalog.store import menu as menu_store
from services.catalog.store import stock as stock_store
from services.catalog.tests import doing
from services.catalog.tests.builders import (
    a_category,
    a_group,
    a_restaurant,
    an_item,
    command,
    counted,
    saved,
)


async def version_of(db: Database, tenant: UUID) -> int:
    async with db.transaction(tenant) as tx:
        return (await menu_store.read_stamp(tx)).menu


async def causes(recorder: EventRecorder, db: Database, tenant: UUID) -> list[str]:
    told = await recorder.of_type(db, catalog_events.ItemAvailabilityChanged, tenant)
    return [each.cause for each in told]


async def test_every_change_raises_the_version_by_one(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    assert await version_of(db, tenant) == 0
    category = await a_category(db, tenant)
    item = await saved(db, tenant, an_item(category.id))
    await doing.update_item(db, command(tenant), replace(item, price_minor=1000))
    await doing.delete_item(db, command(tenant), item.id)
    await doing.delete_category(db, command(tenant), category.id)
    told = await event_recorder.of_type(db, catalog_events.MenuChanged, tenant)
    assert [(each.previous_version, each.version) for each in told] == [(n, n + 1) for n in range(5)]
    assert await version_of(db, tenant) == 5
    assert [each.code for each in told[0].vat_classes][:1] == ["hot_food"]
    assert not any(each.vat_classes for each in told[1:])
    assert told[2].items[0].price_minor == 1000
    assert list(told[3].removed_item_ids) == [str(item.id)]
    assert list(told[4].removed_category_ids) == [str(category.id)]


async def test_a_refused_change_leaves_no_trace(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    before = len(await event_recorder.events(db, tenant))
    with pytest.raises(InvalidMenu):
        await doing.create_item(db, command(tenant), an_item(category.id, vat_class="luxury"))
    with pytest.raises(UnknownCategory):
        await doing.create_item(db, command(tenant), an_item(new_id()))
    assert await version_of(db, tenant) == 1
    assert len(await event_recorder.events(db, tenant)) == before


async def test_thirty_parallel_changes_get_thirty_versions(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    answers = await asyncio.gather(
        *(
            doing.create_item(db, command(tenant), an_item(category.id, name=f"Dish {number}"))
            for number in range(30)
        )
    )
    assert sorted(answer.item.version for answer in answers) == list(range(2, 32))


async def test_a_stale_item_is_not_overwritten(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    item = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    await doing.update_item(db, command(tenant), replace(item, price_minor=1000))
    with pytest.raises(StaleVersion) as refused:
        await doing.update_item(db, command(tenant), replace(item, price_minor=1100))
    assert refused.value.metadata == {"current_version": "3"}
    assert await version_of(db, tenant) == 3


async def test_a_stale_category_is_not_overwritten(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = replace(await a_category(db, tenant), version=1)
    await doing.update_category(db, command(tenant), replace(category, name="Pasta"))
    with pytest.raises(StaleVersion):
        await doing.update_category(db, command(tenant), replace(category, name="Pizza"))


async def test_an_update_that_changes_nothing_is_no_change(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    item = await saved(db, tenant, an_item((await a_category(db, tenant)).id, option_groups=(a_group(),)))
    answer = await doing.update_item(db, command(tenant), item)
    await doing.set_item_availability(db, command(tenant), item.id, True)
    assert answer.item.version == 2
    assert await version_of(db, tenant) == 2


async def test_a_command_with_the_same_key_is_executed_once(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    same, item = command(tenant), an_item(category.id)
    first = await doing.create_item(db, same, item)
    with inbound(budget_seconds=PATIENT_SECONDS) as call:
        assert await doing.create_item(db, same, item) == first
    assert call.replayed
    assert await version_of(db, tenant) == 2
    other = Command(tenant, IdempotencyKey("test", same.key.key, b"another request"))
    with pytest.raises(IdempotencyKeyReuse):
        await doing.create_item(db, other, item)


async def test_names_are_unique_in_their_category_without_regard_to_case(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    mains, drinks = await a_category(db, tenant), await a_category(db, tenant, "Drinks")
    item = await saved(db, tenant, an_item(mains.id, name="Fizz"))
    with pytest.raises(NameTaken):
        await doing.create_item(db, command(tenant), an_item(mains.id, name="FIZZ"))
    with pytest.raises(NameTaken):
        await doing.create_category(db, command(tenant), Category(new_id(), "mains"))
    await saved(db, tenant, an_item(drinks.id, name="Fizz"))
    with pytest.raises(NameTaken):
        await doing.update_item(db, command(tenant), replace(item, category_id=drinks.id))
    await doing.delete_item(db, command(tenant), item.id)
    await saved(db, tenant, an_item(mains.id, name="Fizz"))


async def test_an_identity_is_given_once_also_after_removal(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    item = await saved(db, tenant, an_item(category.id))
    await doing.delete_item(db, command(tenant), item.id)
    with pytest.raises(AlreadyExists):
        await doing.create_item(db, command(tenant), replace(item, name="Another"))
    with pytest.raises(AlreadyExists):
        await doing.create_category(db, command(tenant), replace(category, name="Another"))


async def test_a_category_with_items_is_not_deleted(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    item = await saved(db, tenant, an_item(category.id))
    with pytest.raises(CategoryNotEmpty):
        await doing.delete_category(db, command(tenant), category.id)
    await doing.delete_item(db, command(tenant), item.id)
    await doing.delete_category(db, command(tenant), category.id)
    with pytest.raises(UnknownCategory):
        await doing.delete_category(db, command(tenant), category.id)


async def test_items_of_another_restaurant_do_not_exist(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant, stranger = await a_restaurant(db), await a_restaurant(db)
    item = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    for attempt in (
        doing.delete_item(db, command(stranger), item.id),
        doing.set_item_availability(db, command(stranger), item.id, False),
        doing.update_item(db, command(stranger), item),
    ):
        with pytest.raises(UnknownItem):
            await attempt


async def test_taking_off_and_putting_back_is_told_once_each(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    item = await saved(db, tenant, an_item((await a_category(db, tenant)).id))
    for available in (False, False, True, True):
        await doing.set_item_availability(db, command(tenant), item.id, available)
    told = await event_recorder.of_type(db, catalog_events.ItemAvailabilityChanged, tenant)
    assert [(each.cause, each.available, each.menu_version) for each in told] == [
        ("taken_off", False, 3),
        ("put_back", True, 4),
    ]


async def test_putting_back_what_ran_out_brings_nothing_back(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    item = await counted(db, tenant, await a_category(db, tenant), 0)
    before = await causes(event_recorder, db, tenant)
    for available in (False, True):
        await doing.set_item_availability(db, command(tenant), item.id, available)
    assert await causes(event_recorder, db, tenant) == before


async def test_deleting_an_item_takes_it_off_and_ends_its_count(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    some, none = await counted(db, tenant, category, 3), await counted(db, tenant, category, 0)
    before = await causes(event_recorder, db, tenant)
    for item in (some, none):
        await doing.delete_item(db, command(tenant), item.id)
    assert (await causes(event_recorder, db, tenant))[len(before) :] == ["taken_off", "taken_off"]


async def test_a_level_that_is_kept_no_longer_says_so_in_its_last_change(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    cake, pie = await counted(db, tenant, category, 3), await counted(db, tenant, category, 4)
    await doing.delete_item(db, command(tenant), cake.id)
    current = replace(pie, stock_tracked=False, version=await _version_of_item(db, tenant, pie.id))
    await doing.update_item(db, command(tenant), current)
    told = (await event_recorder.of_type(db, catalog_events.StockChanged, tenant))[-2:]
    assert [(each.level.item_id, each.level.untracked) for each in told] == [
        (str(cake.id), True),
        (str(pie.id), True),
    ]
    async with db.transaction(tenant) as tx:
        assert await stock_store.levels(tx) == []


async def test_an_item_that_is_changed_is_counted_on(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    pie = await counted(db, tenant, await a_category(db, tenant), 4)
    wanted = replace(pie, stock_tracked=False, version=await _version_of_item(db, tenant, pie.id))
    wanted = replace(wanted, price_minor=pie.price_minor + 1)
    answer = await doing.update_item(db, command(tenant), wanted, keep_stock_tracked=True)
    assert (answer.item.price_minor, answer.item.stock_tracked) == (wanted.price_minor, True)
    async with db.transaction(tenant) as tx:
        [level] = await stock_store.levels(tx)
    assert (level.item_id, level.on_hand) == (pie.id, 4)


async def _version_of_item(db: Database, tenant: UUID, item_id: UUID) -> int:
    async with db.transaction(tenant) as tx:
        item = await item_store.find_item(tx, item_id)
    assert item is not None
    return item.version


async def test_a_tracked_item_starts_with_nothing_on_hand(
    service_database: OpenDatabase, event_recorder: EventRecorder
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    await saved(db, tenant, an_item((await a_category(db, tenant)).id, stock_tracked=True))
    [changed] = await event_recorder.of_type(db, catalog_events.StockChanged, tenant)
    assert (changed.level.on_hand, changed.level.version) == (0, 1)
    assert await causes(event_recorder, db, tenant) == ["out_of_stock"]


async def test_an_item_too_large_for_an_event_is_refused(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    prices = {f"{number:03} {'x' * 100}": number for number in range(100)}
    groups = tuple(a_group(f"Group {number}", **prices) for number in range(6))
    with pytest.raises(MenuTooLarge):
        await doing.create_item(db, command(tenant), an_item(category.id, option_groups=groups))


async def test_a_menu_has_a_largest_size(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)

    async def import_dishes(names: range) -> int:
        rows = "".join(f"Mains,Dish {number},9,hot_food\n" for number in names)
        content = f"category,item,price,vat_class\n{rows}".encode()
        return (await doing.import_menu(db, command(tenant), content)).created

    assert await import_dishes(range(MAX_ITEMS_PER_MENU)) == MAX_ITEMS_PER_MENU
    with pytest.raises(MenuTooLarge):
        await import_dishes(range(MAX_ITEMS_PER_MENU, MAX_ITEMS_PER_MENU + 1))
    assert await version_of(db, tenant) == 1
