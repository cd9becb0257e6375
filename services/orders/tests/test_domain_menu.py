"""What may be ordered, and at which rate."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.orders.domain.errors import EmptyOrder, ItemUnavailable, LineRefused, MenuOutdated
from services.orders.domain.hours import Window
from services.orders.domain.menu import Menu, OrderType, VatRate
from services.orders.domain.order.basket import Basket, WantedLine, price_basket
from services.orders.domain.order.choosing import WantedOption
from services.orders.domain.order.placing import refuse_empty
from services.orders.pricing import BillMode
from services.orders.tests.builders import NOON, group, item, line, menu, option, terms

LONDON = ZoneInfo("Europe/London")
MONDAY_NOON = NOON.astimezone(LONDON)


def price(
    on: Menu, *lines: WantedLine, order_type: OrderType = OrderType.EAT_IN, shown: int = 0, **how: object
) -> Basket:
    return price_basket(lines, order_type, shown, on, terms(**how))


def test_a_line_is_a_snapshot_of_the_menu() -> None:
    cheese = option()
    burger = item(groups=(group(cheese, at_most=2),))
    [sold] = price(menu(burger), line(burger, 2, options=(WantedOption(cheese.id, 2),), note="rare")).lines
    assert (sold.name, sold.unit_price_minor, sold.quantity, sold.gross_minor) == ("Burger", 1000, 2, 2200)
    assert (sold.options[0].name, sold.options[0].price_delta_minor, sold.note) == ("Cheese", 50, "rare")
    assert (sold.vat_rate_bp, sold.vat_minor) == (2000, 367)


@pytest.mark.parametrize(
    ("vat_class", "order_type", "rate"),
    [
        ("hot_food", OrderType.EAT_IN, 2000),
        ("hot_food", OrderType.TAKEAWAY, 2000),
        ("cold_food", OrderType.EAT_IN, 2000),
        ("cold_food", OrderType.TAKEAWAY, 0),
        ("cold_food", OrderType.DELIVERY, 0),
    ],
)
def test_vat_follows_the_class_and_how_the_goods_leave(
    vat_class: str, order_type: OrderType, rate: int
) -> None:
    thing = item(vat_class=vat_class)
    [sold] = price(menu(thing), line(thing), order_type=order_type).lines
    assert sold.vat_rate_bp == rate


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        (date(2020, 7, 14), 2000),
        (date(2020, 7, 15), 500),
        (date(2021, 9, 30), 500),
        (date(2021, 10, 1), 1250),
        (date(2022, 3, 31), 1250),
        (date(2022, 4, 1), 2000),
    ],
)
def test_the_newest_rate_that_is_in_force_counts(day: date, rate: int) -> None:
    history = tuple(
        VatRate(date.fromisoformat(since), bp, bp)
        for since, bp in [
            ("2011-01-04", 2000),
            ("2020-07-15", 500),
            ("2021-10-01", 1250),
            ("2022-04-01", 2000),
        ]
    )
    rates = Menu(1, "GBP", {}, {"hot_food": history})
    found = rates.vat_rate("hot_food", day)
    assert found is not None
    assert found.eat_in_bp == rate


def test_a_rate_changes_at_local_midnight_and_not_at_the_end_of_the_business_day() -> None:
    burger = item()
    rates = (VatRate(date(2021, 10, 1), 1250, 1250), VatRate(date(2022, 4, 1), 2000, 2000))
    on = Menu(1, "GBP", {burger.id: burger}, {"hot_food": rates})
    after_midnight = datetime(2022, 4, 1, 0, 30, tzinfo=LONDON)
    basket = price(on, line(burger), local=after_midnight, business_date=date(2022, 3, 31))
    assert basket.lines[0].vat_rate_bp == 2000


def test_a_class_without_a_rate_in_force_cannot_be_sold() -> None:
    burger = item(vat_class="unheard_of")
    with pytest.raises(LineRefused) as refused:
        price(menu(burger), line(burger))
    assert refused.value.reason == "NO_VAT_RATE"


def test_service_is_charged_on_what_is_eaten_in_only() -> None:
    burger = item()
    for order_type, service in [(OrderType.EAT_IN, 125), (OrderType.TAKEAWAY, 0), (OrderType.DELIVERY, 0)]:
        totals = price(menu(burger), line(burger), order_type=order_type, service_charge_bp=1250).totals
        assert totals.service_charge_minor == service


def test_the_bill_mode_of_the_restaurant_counts() -> None:
    burger = item()
    legacy = price(menu(burger), line(burger), bill_mode=BillMode.EXCLUSIVE_LEGACY, service_charge_bp=1250)
    assert legacy.totals.total_minor == 1350


WINDOWS = [
    (Window(frozenset(), 12 * 60, 15 * 60), timedelta(), True),
    (Window(frozenset(), 12 * 60, 15 * 60), timedelta(hours=3), False),
    (Window(frozenset(), 12 * 60, 15 * 60), timedelta(hours=2, minutes=59), True),
    (Window(frozenset(), 12 * 60, 15 * 60), timedelta(minutes=-1), False),
    (Window(frozenset({0}), 0, 1440), timedelta(), True),
    (Window(frozenset({1}), 0, 1440), timedelta(), False),
    (Window(frozenset({0}), 22 * 60, 2 * 60), timedelta(hours=11), True),
    (Window(frozenset({0}), 22 * 60, 2 * 60), timedelta(hours=13, minutes=59), True),
    (Window(frozenset({0}), 22 * 60, 2 * 60), timedelta(hours=14), False),
    (Window(frozenset({1}), 22 * 60, 2 * 60), timedelta(hours=13), False),
]


@pytest.mark.parametrize(("window", "after_noon", "on_sale"), WINDOWS)
def test_an_item_is_on_sale_inside_its_windows_only(
    window: Window, after_noon: timedelta, on_sale: bool
) -> None:
    assert menu().on_sale(item(windows=(window,)), MONDAY_NOON + after_noon) is on_sale


def test_windows_are_local_times() -> None:
    breakfast = item(windows=(Window(frozenset(), 8 * 60, 11 * 60),))
    summer_morning = datetime(2026, 7, 1, 7, 30, tzinfo=UTC).astimezone(LONDON)
    assert menu().on_sale(breakfast, summer_morning)


@pytest.mark.parametrize("gone", [item(available=False), item(windows=(Window(frozenset(), 0, 60),))])
def test_what_is_off_cannot_be_ordered(gone: object) -> None:
    with pytest.raises(ItemUnavailable):
        price(menu(gone), line(gone))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at_least", "at_most", "count", "fine"),
    [(1, 2, 0, False), (1, 2, 1, True), (1, 2, 2, True), (1, 2, 3, False), (0, 1, 0, True)],
)
def test_options_are_chosen_within_the_limits_of_their_group(
    at_least: int, at_most: int, count: int, fine: bool
) -> None:
    cheese = option()
    burger = item(groups=(group(cheese, at_least=at_least, at_most=at_most),))
    chosen = (WantedOption(cheese.id, count),) if count else ()
    if fine:
        assert price(menu(burger), line(burger, options=chosen)).totals.goods_minor == 1000 + 50 * count
        return
    with pytest.raises(LineRefused) as refused:
        price(menu(burger), line(burger, options=chosen))
    assert (refused.value.reason, refused.value.fields[0].field) == ("OPTION_COUNT", "lines[0].options")


def test_an_option_asked_for_twice_counts_twice() -> None:
    cheese = option()
    burger = item(groups=(group(cheese, at_most=1),))
    with pytest.raises(LineRefused):
        price(menu(burger), line(burger, options=(WantedOption(cheese.id, 1), WantedOption(cheese.id, 1))))


def test_options_of_other_items_and_options_that_are_off_are_refused() -> None:
    off = option(available=False)
    burger = item(groups=(group(off),))
    with pytest.raises(LineRefused) as refused:
        price(menu(burger), line(burger, options=(WantedOption(option().id, 1),)))
    assert refused.value.reason == "UNKNOWN_OPTION"
    with pytest.raises(ItemUnavailable):
        price(menu(burger), line(burger, options=(WantedOption(off.id, 1),)))


def test_options_cannot_bring_a_line_below_zero() -> None:
    without = option(price_delta_minor=-1001)
    burger = item(groups=(group(without),))
    with pytest.raises(LineRefused) as refused:
        price(menu(burger), line(burger, options=(WantedOption(without.id, 1),)))
    assert refused.value.reason == "NEGATIVE_PRICE"


def test_what_is_not_on_the_menu_is_refused_with_its_place_in_the_request() -> None:
    burger = item()
    with pytest.raises(LineRefused) as refused:
        price(menu(burger), line(burger), line(item()))
    assert (refused.value.reason, refused.value.fields[0].field) == ("UNKNOWN_ITEM", "lines[1].item_id")


def test_two_lines_with_one_id_are_refused() -> None:
    burger = item()
    twice = line(burger)
    with pytest.raises(LineRefused) as refused:
        price(menu(burger), twice, twice)
    assert refused.value.reason == "DUPLICATE_LINE"


@pytest.mark.parametrize(("shown", "fine"), [(0, True), (4, False), (5, True), (6, True)])
def test_an_item_that_changed_after_the_menu_that_was_shown_is_refused(shown: int, fine: bool) -> None:
    burger = item(version=5)
    on = menu(burger, version=6)
    if fine:
        assert price(on, line(burger), shown=shown).totals.goods_minor == 1000
        return
    with pytest.raises(MenuOutdated) as refused:
        price(on, line(burger), shown=shown)
    assert refused.value.metadata["menu_version"] == "6"


def test_an_order_has_a_line() -> None:
    with pytest.raises(EmptyOrder):
        refuse_empty(())
