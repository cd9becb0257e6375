"""When an item is sold: its own windows, its menus, and the nights on which the clock is changed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1.events_pb2 import MenuChanged

from chassis.ids import new_id
from services.orders.domain.errors import ItemUnavailable
from services.orders.domain.hours import TimedMenu, Window
from services.orders.domain.menu import Item, Menu, MenuPart, OrderType
from services.orders.domain.order.basket import price_basket
from services.orders.tests.builders import MAINS, item, item_message, line, menu, menu_message, terms
from services.orders.wire.menu import menu_kept, news_in, part_in, with_changes, with_news

LONDON = ZoneInfo("Europe/London")
EVERY_DAY: frozenset[int] = frozenset()
BREAKFAST = Window(EVERY_DAY, 7 * 60, 11 * 60)
LUNCH = Window(frozenset(range(5)), 12 * 60, 15 * 60)
SATURDAY_NIGHT = Window(frozenset({5}), 22 * 60, 3 * 60)
GAP, TWICE = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 0, tzinfo=UTC)
"""The instant from which an hour is missing, and the one from which an hour is shown that comes again."""


def a_menu(*windows: Window, **facts: Any) -> TimedMenu:
    """A menu of the main courses."""
    made = TimedMenu(windows, None, None, frozenset({MAINS}), frozenset())
    return replace(made, **facts)


def on(*menus: TimedMenu, of: Item) -> Menu:
    return replace(menu(of), timed_menus=menus)


def local(at: datetime) -> datetime:
    return at.astimezone(LONDON)


@pytest.mark.parametrize(
    ("window", "at", "sold"),
    [
        # On 29 March 01:00 to 02:00 does not come: 00:59 is followed by 02:00.
        (Window(EVERY_DAY, 90, 300), GAP - timedelta(seconds=1), False),
        (Window(EVERY_DAY, 90, 300), GAP, True),
        (Window(EVERY_DAY, 30, 90), GAP - timedelta(seconds=1), True),
        (Window(EVERY_DAY, 30, 90), GAP, False),
        (Window(EVERY_DAY, 75, 105), GAP, False),
        (SATURDAY_NIGHT, GAP + timedelta(minutes=59), True),
        (SATURDAY_NIGHT, GAP + timedelta(hours=1), False),
        # On 25 October 01:00 to 02:00 comes twice.
        (Window(EVERY_DAY, 60, 75), TWICE, True),
        (Window(EVERY_DAY, 60, 75), TWICE + timedelta(minutes=30), True),
        (Window(EVERY_DAY, 60, 75), TWICE + timedelta(minutes=74), True),
        (Window(EVERY_DAY, 60, 75), TWICE + timedelta(minutes=75), False),
        (Window(EVERY_DAY, 105, 150), TWICE + timedelta(minutes=44), False),
        (Window(EVERY_DAY, 105, 150), TWICE + timedelta(minutes=45), True),
        (Window(EVERY_DAY, 105, 150), TWICE + timedelta(minutes=70), True),
        (SATURDAY_NIGHT, TWICE + timedelta(minutes=179), True),
        (SATURDAY_NIGHT, TWICE + timedelta(minutes=180), False),
    ],
)
def test_an_hour_that_is_missing_opens_nothing_and_one_that_comes_twice_is_one(
    window: Window, at: datetime, sold: bool
) -> None:
    assert window.holds(local(at)) is sold


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_began() -> None:
    sunday_at_two = datetime(2026, 3, 8, 2, tzinfo=UTC)
    assert SATURDAY_NIGHT.opened_on(local(sunday_at_two)) == date(2026, 3, 7)
    assert SATURDAY_NIGHT.opened_on(local(sunday_at_two - timedelta(days=1))) is None


def test_what_is_on_menus_is_sold_while_one_of_them_is_served_and_its_own_windows_allow_it() -> None:
    burger, noon = item(), datetime(2026, 3, 2, 12, tzinfo=UTC)
    served = on(a_menu(BREAKFAST), a_menu(LUNCH), of=burger)
    hours = {hour: served.on_sale(burger, local(noon.replace(hour=hour))) for hour in (8, 11, 12, 15)}
    assert hours == {8: True, 11: False, 12: True, 15: False}
    late = replace(burger, windows=(Window(EVERY_DAY, 14 * 60, 20 * 60),))
    assert not served.on_sale(late, local(noon))
    assert served.on_sale(late, local(noon.replace(hour=14)))
    assert not served.on_sale(late, local(noon.replace(hour=16)))


def test_what_is_on_no_menu_is_sold_at_all_hours() -> None:
    cake = item(category_id=new_id())
    assert on(a_menu(BREAKFAST), of=cake).on_sale(cake, local(datetime(2026, 3, 2, 3, tzinfo=UTC)))


def test_a_menu_has_its_dates_and_a_window_over_midnight_those_of_its_beginning() -> None:
    burger = item()
    feast = a_menu(
        Window(EVERY_DAY, 20 * 60, 2 * 60), first_day=date(2026, 12, 31), last_day=date(2026, 12, 31)
    )
    served = on(feast, of=burger)
    new_year = datetime(2027, 1, 1, 1, tzinfo=UTC)
    assert served.on_sale(burger, local(new_year))
    assert not served.on_sale(burger, local(new_year + timedelta(days=1)))
    assert not served.on_sale(burger, local(new_year - timedelta(days=1)))
    all_day = on(a_menu(first_day=date(2027, 1, 1)), of=burger)
    assert all_day.on_sale(burger, local(new_year))
    assert not all_day.on_sale(burger, local(new_year - timedelta(hours=2)))


def test_a_menu_names_items_beside_categories() -> None:
    soup, bread = item(category_id=new_id()), item(category_id=new_id())
    lunch = a_menu(LUNCH, category_ids=frozenset(), item_ids=frozenset({soup.id}))
    early = local(datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert not on(lunch, of=soup).on_sale(soup, early)
    assert on(lunch, of=bread).on_sale(bread, early)


@pytest.mark.parametrize(
    ("facts", "menus", "says", "back"),
    [
        ({}, (a_menu(LUNCH),), "It is from 12:00.", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        (
            {"windows": (Window(EVERY_DAY, 7 * 60, 8 * 60),)},
            (),
            "It is from 07:00 on Tuesday, 3 March.",
            datetime(2026, 3, 3, 7, tzinfo=UTC),
        ),
        (
            {"windows": (Window(EVERY_DAY, 13 * 60, 20 * 60),)},
            (a_menu(LUNCH),),
            "It is from 13:00.",
            datetime(2026, 3, 2, 13, tzinfo=UTC),
        ),
        (
            {"available": False, "returns_at": datetime(2026, 3, 2, 17, tzinfo=UTC)},
            (),
            "It is from 17:00.",
            datetime(2026, 3, 2, 17, tzinfo=UTC),
        ),
        (
            {"available": False, "returns_at": datetime(2026, 3, 2, 17, tzinfo=UTC)},
            (a_menu(LUNCH),),
            "It is from 12:00 on Tuesday, 3 March.",
            datetime(2026, 3, 3, 12, tzinfo=UTC),
        ),
        ({"available": False}, (), "is not on sale now.", None),
        ({}, (a_menu(LUNCH, last_day=date(2026, 3, 1)),), "is not on sale now.", None),
    ],
)
def test_a_refusal_names_the_item_and_says_until_when(
    facts: dict[str, Any], menus: tuple[TimedMenu, ...], says: str, back: datetime | None
) -> None:
    burger = item(**facts)
    nine = local(datetime(2026, 3, 2, 9, tzinfo=UTC))
    with pytest.raises(ItemUnavailable) as refused:
        price_basket([line(burger)], OrderType.EAT_IN, 0, on(*menus, of=burger), terms(local=nine))
    assert refused.value.detail.startswith("Burger")
    assert refused.value.detail.endswith(says)
    told = {"item_id": str(burger.id)}
    assert refused.value.metadata == (told if back is None else told | {"available_at": back.isoformat()})


def test_the_copy_of_the_menu_follows_timed_menus() -> None:
    tenant, burger = new_id(), item_message()
    lunch, feast = (
        catalog_pb2.TimedMenu(id=str(new_id()), name=name, item_ids=[burger.id])
        for name in ("Lunch", "Feast")
    )
    lunch.windows.add(weekdays=[0], from_minutes=720, until_minutes=900)
    feast.effective_from = "2026-12-31"
    whole = menu_message(tenant, burger)
    whole.timed_menus.append(lunch)

    def part(version: int, **changes: Any) -> MenuPart:
        event = MenuChanged(version=version, previous_version=version - 1, part=1, parts=1, **changes)
        return part_in(event)

    kept = with_changes(whole.SerializeToString(), [part(2, timed_menus=[feast])])
    assert [each.windows for each in menu_kept(kept).timed_menus] == [
        (Window(frozenset({0}), 720, 900),),
        (),
    ]
    assert menu_kept(kept).timed_menus[1].first_day == date(2026, 12, 31)
    fewer = with_changes(kept, [part(3, removed_timed_menu_ids=[lunch.id])])
    assert [each.first_day for each in menu_kept(fewer).timed_menus] == [date(2026, 12, 31)]
    delta = catalog_api.GetMenuResponse(menu=catalog_pb2.Menu(version=4), delta=True)
    delta.removed_timed_menu_ids.append(feast.id)
    assert menu_kept(with_news(fewer, news_in(delta))).timed_menus == ()
