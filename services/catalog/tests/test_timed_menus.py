"""Menus by time of day: what they may say, how they are kept and told, and what is sold by them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fynlo.catalog.v1.events_pb2 import MenuChanged

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.errors import (
    InvalidMenu,
    MenuTooLarge,
    NameTaken,
    StaleVersion,
    UnknownTimedMenu,
)
from services.catalog.domain.timed_menu import NAMED_MAX, TIMED_MENUS_MAX, TimedMenu, check_timed_menu
from services.catalog.domain.window import AvailabilityWindow
from services.catalog.tests import doing
from services.catalog.tests.builders import a_category, a_restaurant, an_item, command, saved
from services.catalog.usecases.timed_menu import list_timed_menus
from services.catalog.wire.timed_menu import timed_menu, timed_menu_in

LUNCH = (AvailabilityWindow((0, 1, 2, 3, 4), 12 * 60, 15 * 60),)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
async def db(service_database: OpenDatabase) -> Database:
    return await service_database("catalog")


def a_menu(**facts: Any) -> TimedMenu:
    return replace(TimedMenu(new_id(), "Lunch", windows=LUNCH), **facts)


async def put(db: Database, tenant: Any, menu: TimedMenu, *, is_new: bool = True) -> TimedMenu:
    answer = await doing.save_timed_menu(db, command(tenant), menu, is_new=is_new)
    return timed_menu_in(answer.menu)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": " "}, "menu.name"),
        ({"windows": (AvailabilityWindow((), 60, 60),)}, "menu.windows[0].until_minutes"),
        (
            {"effective_from": date(2026, 3, 2), "effective_until": date(2026, 3, 1)},
            "menu.effective_until",
        ),
        ({"item_ids": frozenset(new_id() for _ in range(1_001))}, "menu.item_ids"),
        ({"position": -1}, "menu.position"),
    ],
)
def test_what_a_menu_may_not_say_is_refused_by_field(facts: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidMenu) as refused:
        check_timed_menu(a_menu(**facts), [])
    assert [each.field for each in refused.value.fields] == [field]


def test_a_day_is_long_enough_for_a_menu_and_a_restaurant_has_so_many() -> None:
    day = date(2026, 3, 2)
    others = [a_menu() for _ in range(TIMED_MENUS_MAX - 1)]
    check_timed_menu(a_menu(effective_from=day, effective_until=day), others)
    with pytest.raises(MenuTooLarge):
        check_timed_menu(a_menu(), [*others, a_menu()])


def test_all_menus_together_name_so_many() -> None:
    items = frozenset(new_id() for _ in range(1_000))
    others = [a_menu(item_ids=items) for _ in range(NAMED_MAX // len(items) - 1)]
    check_timed_menu(a_menu(item_ids=items), others)
    with pytest.raises(MenuTooLarge):
        check_timed_menu(a_menu(item_ids=items, category_ids=frozenset({new_id()})), others)


async def test_a_menu_comes_back_as_it_was_saved(db: Database) -> None:
    tenant = await a_restaurant(db)
    mains = await a_category(db, tenant)
    cake = await saved(db, tenant, an_item(mains.id))
    facts = {"category_ids": frozenset({mains.id}), "item_ids": frozenset({cake.id}), "position": 3}
    menu = await put(db, tenant, a_menu(effective_from=date(2026, 3, 1), **facts))
    assert await list_timed_menus(db, tenant) == [menu]
    assert timed_menu_in(timed_menu(menu)) == menu
    changed = await put(db, tenant, replace(menu, name="Midday"), is_new=False)
    assert changed.version == menu.version + 1
    assert (await put(db, tenant, changed, is_new=False)) == changed


async def test_who_changes_a_menu_has_seen_it_as_it_is(db: Database) -> None:
    tenant = await a_restaurant(db)
    menu = await put(db, tenant, a_menu())
    await put(db, tenant, replace(menu, name="Midday"), is_new=False)
    with pytest.raises(StaleVersion):
        await put(db, tenant, replace(menu, name="Noon"), is_new=False)
    with pytest.raises(UnknownTimedMenu):
        await put(db, tenant, a_menu(), is_new=False)
    with pytest.raises(NameTaken):
        await put(db, tenant, a_menu(name="MIDDAY"))


async def test_it_names_what_is_on_the_menu_and_forgets_what_leaves_it(db: Database) -> None:
    tenant = await a_restaurant(db)
    with pytest.raises(InvalidMenu):
        await put(db, tenant, a_menu(item_ids=frozenset({new_id()})))
    with pytest.raises(InvalidMenu):
        await put(db, tenant, a_menu(category_ids=frozenset({new_id()})))
    mains = await a_category(db, tenant)
    cake = await saved(db, tenant, an_item(mains.id))
    await put(db, tenant, a_menu(category_ids=frozenset({mains.id}), item_ids=frozenset({cake.id})))
    await doing.delete_item(db, command(tenant), cake.id)
    await doing.delete_category(db, command(tenant), mains.id)
    [left] = await list_timed_menus(db, tenant)
    assert (left.category_ids, left.item_ids) == (frozenset(), frozenset())


async def test_the_menu_is_sold_by_its_hours_and_says_them(db: Database, fake_clock: FakeClock) -> None:
    fake_clock.advance(MONDAY + timedelta(days=7, hours=11, minutes=59) - fake_clock.now())
    tenant = await a_restaurant(db)
    mains, drinks = await a_category(db, tenant), await a_category(db, tenant, "Drinks")
    pie = await saved(db, tenant, an_item(mains.id, name="Pie"))
    tea = await saved(db, tenant, an_item(drinks.id, name="Tea"))
    menu = await put(db, tenant, a_menu(category_ids=frozenset({mains.id})))
    reader = doing.menu_reader(db, doing.nobody)
    early = await reader.get(tenant)
    assert list(early.available_item_ids) == [str(tea.id)]
    assert [list(group.item_ids) for group in early.hours] == [[str(pie.id)]]
    opens = early.hours[0].hours.times[0].opens_at.ToDatetime(tzinfo=UTC)
    assert opens == fake_clock.now() + timedelta(minutes=1)
    fake_clock.advance(timedelta(minutes=1))
    served = await reader.get(tenant)
    assert str(pie.id) in served.available_item_ids
    assert served.etag != early.etag
    await doing.delete_timed_menu(db, command(tenant), menu.id)
    after = await reader.get(tenant, since_version=menu.version)
    assert list(after.removed_timed_menu_ids) == [str(menu.id)]
    assert not after.hours
    with pytest.raises(UnknownTimedMenu):
        await doing.delete_timed_menu(db, command(tenant), menu.id)


async def test_a_change_is_announced_whole(db: Database, event_recorder: Any) -> None:
    tenant = await a_restaurant(db)
    menu = await put(db, tenant, a_menu())
    await doing.delete_timed_menu(db, command(tenant), menu.id)
    told = await event_recorder.of_type(db, MenuChanged, tenant)
    assert [list(each.timed_menus) for each in told] == [[timed_menu(menu)], []]
    assert list(told[1].removed_timed_menu_ids) == [str(menu.id)]
