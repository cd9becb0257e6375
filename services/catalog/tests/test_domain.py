"""Which menus are possible, which VAT rate holds, what stock and reservations do."""

from datetime import date, timedelta
from typing import Any

import pytest
from fynlo.catalog.v1 import catalog_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Problem
from chassis.ids import new_id
from services.catalog.domain import reservation as reservations
from services.catalog.domain.allergen import Allergen, allergen_named
from services.catalog.domain.category import Category, check_category
from services.catalog.domain.errors import (
    InvalidMenu,
    NoVatRateYet,
    OrderFinished,
    ReservationMismatch,
    StaleVersion,
)
from services.catalog.domain.item import MAX_PRICE_MINOR, check_item, lowest_price_minor
from services.catalog.domain.label import name_key
from services.catalog.domain.menu import check_version
from services.catalog.domain.option import Option, OptionGroup
from services.catalog.domain.reservation import Reservation, ReservationState, StockOrder
from services.catalog.domain.stock import (
    AvailabilityCause,
    LevelChange,
    StockLine,
    StockPolicy,
    count,
    move,
    require_available,
)
from services.catalog.domain.vat import rate_on
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.domain.window import AvailabilityWindow
from services.catalog.tests.builders import NOON, a_group, a_level, an_item

CODES = frozenset(each.code for each in VAT_CLASSES)
REPEATED = OptionGroup(new_id(), "Ice", 0, 1, (Option(new_id(), "Pistachio", allergens=(10, 10)),))
RATES = {each.code: each.rates for each in VAT_CLASSES}


def window(*days: int, start: int = 60, end: int = 120) -> AvailabilityWindow:
    return AvailabilityWindow(days, start, end)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "x" * 120},
        {"price_minor": 0},
        {"price_minor": MAX_PRICE_MINOR},
        {"description": "x" * 1000},
        {"windows": (window(0, 6), window(start=1439, end=0))},
        {"option_groups": (a_group(least=0, most=1), a_group("Extras", 0, 3, Cheese=80))},
        {"price_minor": 100, "option_groups": (a_group("Less", 0, 2, Cheese=-50),)},
        {"allergens": (1, 14)},
        {"preparation_minutes": 240},
    ],
)
def test_an_item_within_the_rules_is_accepted(changes: dict[str, Any]) -> None:
    check_item(an_item(**changes), CODES)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"preparation_minutes": 241}, "item.preparation_minutes"),
        ({"name": " "}, "item.name"),
        ({"name": "x" * 121}, "item.name"),
        ({"name": "a\nb"}, "item.name"),
        ({"price_minor": -1}, "item.price_minor"),
        ({"price_minor": MAX_PRICE_MINOR + 1}, "item.price_minor"),
        ({"description": "x" * 1001}, "item.description"),
        ({"vat_class": "luxury"}, "item.vat_class"),
        ({"allergens": (1, 1)}, "item.allergens"),
        ({"position": -1}, "item.position"),
        ({"windows": (window(start=60, end=60),)}, "item.windows[0].until_minutes"),
        ({"windows": (window(), window(7))}, "item.windows[1].weekdays"),
        ({"windows": (window(1, 1),)}, "item.windows[0].weekdays"),
        ({"windows": (window(start=1440, end=60),)}, "item.windows[0].from_minutes"),
        ({"option_groups": (a_group(least=2, most=1),)}, "item.option_groups[0].min_choices"),
        ({"option_groups": (a_group(least=0, most=0),)}, "item.option_groups[0].max_choices"),
        ({"option_groups": (a_group("S", A=0), a_group("s", A=0))}, "item.option_groups[1].name"),
        ({"option_groups": (a_group(A=0, a=1),)}, "item.option_groups[0].options[1].name"),
        ({"option_groups": (REPEATED,)}, "item.option_groups[0].options[0].allergens"),
        ({"price_minor": 99, "option_groups": (a_group("Less", 0, 2, Cheese=-50),)}, "item.option_groups"),
    ],
)
def test_an_item_that_breaks_a_rule_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidMenu) as refused:
        check_item(an_item(**changes), CODES)
    assert [error.field for error in refused.value.fields] == [field]


def test_every_broken_rule_is_told_at_once() -> None:
    with pytest.raises(InvalidMenu) as refused:
        check_item(an_item(name="", price_minor=-1, vat_class="x"), CODES)
    assert len(refused.value.fields) == 3


def test_a_category_needs_a_name() -> None:
    check_category(Category(new_id(), "Mains"))
    with pytest.raises(InvalidMenu):
        check_category(Category(new_id(), ""))


def test_the_lowest_price_takes_what_must_be_chosen_and_all_that_lowers_it() -> None:
    groups = (a_group("Size", 1, 1, Small=100, Large=200), a_group("Less", 0, 3, Cheese=-20, Ham=-10))
    assert lowest_price_minor(an_item(price_minor=500, option_groups=groups)) == 540


def test_names_are_compared_without_case_blanks_and_forms() -> None:
    assert name_key("  Fish   & CHIPS ") == name_key("fish & chips")
    assert name_key("Ⅳ") == name_key("iv")
    assert name_key("fish") != name_key("dish")


def test_only_the_current_version_may_be_replaced() -> None:
    check_version(3, 3)
    with pytest.raises(StaleVersion) as refused:
        check_version(2, 3)
    assert (refused.value.reason, refused.value.metadata) == ("STALE_VERSION", {"current_version": "3"})


@pytest.mark.parametrize(
    ("code", "on", "eat_in", "takeaway"),
    [
        ("hot_food", "2020-07-14", 2000, 2000),
        ("hot_food", "2020-07-15", 500, 500),
        ("hot_food", "2021-09-30", 500, 500),
        ("hot_food", "2021-10-01", 1250, 1250),
        ("hot_food", "2022-03-31", 1250, 1250),
        ("hot_food", "2022-04-01", 2000, 2000),
        ("cold_food", "2021-01-01", 500, 0),
        ("cold_food", "2026-03-02", 2000, 0),
        ("always_standard", "2026-03-02", 2000, 2000),
        ("always_standard", "2021-01-01", 500, 2000),
        ("zero_rated_takeaway", "2026-03-02", 2000, 0),
        ("alcohol", "2021-01-01", 2000, 2000),
        ("alcohol", "2026-03-02", 2000, 2000),
        ("outside_scope", "2026-03-02", 0, 0),
    ],
)
def test_the_rate_of_a_day_is_the_newest_that_has_begun(
    code: str, on: str, eat_in: int, takeaway: int
) -> None:
    rate = rate_on(RATES[code], date.fromisoformat(on))
    assert (rate.eat_in_bp, rate.takeaway_bp) == (eat_in, takeaway)


def test_before_the_first_rate_there_is_none() -> None:
    with pytest.raises(NoVatRateYet):
        rate_on(RATES["hot_food"], date(2011, 1, 3))


def test_allergens_are_numbered_as_in_the_contract() -> None:
    contract = {
        name.removeprefix("ALLERGEN_"): number for name, number in catalog_pb2.Allergen.items() if number
    }
    assert contract == {allergen.name: allergen.value for allergen in Allergen}
    assert allergen_named(" Cereals containing  gluten") is Allergen.CEREALS_CONTAINING_GLUTEN
    assert allergen_named("dust") is None


def test_stock_is_short_by_item_and_told_with_what_is_left() -> None:
    cake, pie = a_level(10, 4), a_level(3)
    levels = {cake.item_id: cake, pie.item_id: pie}
    require_available(levels, {cake.item_id: 6, pie.item_id: 3})
    with pytest.raises(Problem) as refused:
        require_available(levels, {cake.item_id: 7, pie.item_id: 4})
    assert refused.value.reason == "INSUFFICIENT_STOCK"
    assert refused.value.metadata == {str(cake.item_id): "6", str(pie.item_id): "3"}


def test_an_item_that_may_be_oversold_is_never_short() -> None:
    cake = a_level(0, policy=StockPolicy.ALLOW)
    require_available({cake.item_id: cake}, {cake.item_id: 5})
    assert not cake.is_out


def test_more_than_is_reserved_cannot_be_given_back() -> None:
    cake = a_level(10, 1)
    with pytest.raises(ValueError, match="given back"):
        move({cake.item_id: cake}, {cake.item_id: -2}, {}, NOON)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(6, 5, True), (5, 4, False), (6, 6, False), (4, 6, False), (10, 0, True)],
)
def test_low_is_a_downward_crossing_of_the_reorder_point(before: int, after: int, expected: bool) -> None:
    change = LevelChange(a_level(before, reorder_point=5), a_level(after, reorder_point=5))
    assert change.fell_low is expected


def test_without_a_reorder_point_nothing_is_low() -> None:
    assert not LevelChange(a_level(1), a_level(0)).fell_low


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (1, 0, AvailabilityCause.OUT_OF_STOCK),
        (0, 1, AvailabilityCause.RESTOCKED),
        (0, 0, None),
        (2, 1, None),
    ],
)
def test_running_out_is_told_when_it_happens(
    before: int, after: int, cause: AvailabilityCause | None
) -> None:
    assert LevelChange(a_level(before), a_level(after)).availability is cause


def test_an_item_that_is_taken_off_does_not_run_out() -> None:
    change = LevelChange(a_level(1, item_available=False), a_level(0, item_available=False))
    assert change.availability is None


def test_a_count_leaves_what_is_reserved() -> None:
    level = count(a_level(10, 4), 2, 3, NOON + timedelta(hours=1))
    assert (level.on_hand, level.reserved, level.available, level.version) == (2, 4, -2, 2)


steps = st.lists(
    st.tuples(
        st.sampled_from(["hold", "release", "confirm", "commit", "cancel", "waste"]),
        st.integers(1, 4),
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), max_size=3),
    ),
    max_size=12,
)


@given(steps)
def test_what_is_reserved_and_taken_always_follows_from_the_reservation(
    script: list[tuple[str, int, list[tuple[int, int]]]],
) -> None:
    order_id, ids = new_id(), [new_id() for _ in range(3)]
    current: Reservation | None = None
    reserved: dict[Any, int] = dict.fromkeys(ids, 0)
    taken: dict[Any, int] = dict.fromkeys(ids, 0)
    ends = 0
    for verb, version, basket in script:
        lines = tuple(StockLine(ids[index], ids[index], quantity) for index, quantity in basket)
        lines = tuple({line.line_id: line for line in lines}.values())
        order = StockOrder(order_id, version, lines)
        try:
            step = _step(verb, current, order)
        except (ReservationMismatch, OrderFinished):
            continue
        if step is None:
            continue
        current = step.reservation
        ends += current.state in reservations.FINAL
        for item_id, units in step.reserved.items():
            reserved[item_id] += units
        for line in step.taken:
            taken[line.item_id] += line.quantity
    held = {line.item_id: line.quantity for line in current.active_lines} if current else {}
    assert reserved == {item_id: held.get(item_id, 0) for item_id in ids}
    sold = current is not None and current.state in {ReservationState.COMMITTED, ReservationState.WASTED}
    gone = {line.item_id: line.quantity for line in current.lines} if current and sold else {}
    assert taken == {item_id: gone.get(item_id, 0) for item_id in ids}
    assert ends <= 1


def _step(verb: str, current: Reservation | None, order: StockOrder) -> reservations.Settlement | None:
    def tracked(item_id: object) -> bool:
        return True

    match verb:
        case "hold":
            return reservations.hold(current, order.order_id, order.lines, NOON)
        case "release":
            return reservations.release(current)
        case "confirm":
            return reservations.confirm(current, order, tracked)
        case "commit":
            return reservations.commit(current, order, tracked)
        case _:
            return reservations.cancel(current, order, tracked, wasted=verb == "waste")
