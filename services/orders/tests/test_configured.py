"""Options of another VAT class, of two levels, sizes and combos: what may be chosen, and what it comes to."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.ids import new_id
from chassis.money import divide_half_up
from services.orders.domain.errors import ItemUnavailable, LineRefused, MenuOutdated
from services.orders.domain.menu import Item, Menu, Option, OptionGroup, OrderType
from services.orders.domain.order.basket import Basket, price_basket, wanted_again
from services.orders.domain.order.choosing import WantedOption
from services.orders.domain.order.order import Line, StockUse
from services.orders.domain.order.placing import place
from services.orders.domain.order.portion import to_price, with_vat
from services.orders.pricing import BillMode, LineToPrice, PartToPrice, bill
from services.orders.tests.builders import (
    COLD,
    DRINKS,
    HOT,
    MAINS,
    group,
    item,
    line,
    menu,
    option,
    stamp,
    station,
    terms,
    wanted,
)

ZERO, STANDARD = "cold_food", "hot_food"
TAKEAWAY = OrderType.TAKEAWAY


def sold(
    of: Item, *chosen: Option | tuple[Option, int], on: Menu | None = None, quantity: int = 1, shown: int = 0
) -> Line:
    """The line, taken away: hot food has 20 %, cold food none."""
    return priced(of, *chosen, on=on, quantity=quantity, shown=shown).lines[0]


def priced(
    of: Item, *chosen: Option | tuple[Option, int], on: Menu | None = None, quantity: int = 1, shown: int = 0
) -> Basket:
    picked = [one if isinstance(one, tuple) else (one, 1) for one in chosen]
    asked = line(of, quantity, options=tuple(WantedOption(each.id, count) for each, count in picked))
    return price_basket([asked], TAKEAWAY, shown, on or menu(of), terms())


def portions(of: Line) -> list[tuple[str, int, int, int]]:
    return [(one.name, one.vat_rate_bp, one.gross_minor, one.vat_minor) for one in of.portions]


# -- an option of another VAT class ----------------------------------------------------------------------


def test_an_option_of_another_class_is_taxed_at_its_own_rate_with_its_own_delta() -> None:
    wine = option(name="Wine", price_delta_minor=600, vat_class=STANDARD)
    salad = item(name="Salad", price_minor=800, vat_class=ZERO, groups=(group(wine),))
    basket = priced(salad, wine, quantity=3)
    [line] = basket.lines
    assert portions(line) == [("Salad", 0, 2400, 0), ("Wine", 2000, 1800, 300)]
    assert (line.vat_rate_bp, line.vat_minor, line.gross_minor) == (0, 300, 4200)
    assert [(one.rate_bp, one.gross_minor, one.vat_minor) for one in basket.bill.vat_groups] == [
        (0, 2400, 0),
        (2000, 1800, 300),
    ]


@pytest.mark.parametrize("vat_class", ["", ZERO])
def test_an_option_of_the_item_s_own_rate_is_no_part_of_its_own(vat_class: str) -> None:
    bread = option(price_delta_minor=100, vat_class=vat_class)
    salad = item(vat_class=ZERO, groups=(group(bread),))
    assert (sold(salad, bread).portions, sold(salad, bread).gross_minor) == ((), 1100)


def test_what_an_option_takes_off_it_takes_off_the_item() -> None:
    without = option(name="No cheese", price_delta_minor=-100, vat_class=STANDARD)
    wine = option(name="Wine", price_delta_minor=600, vat_class=STANDARD)
    salad = item(name="Salad", price_minor=800, vat_class=ZERO, groups=(group(without, wine, at_most=2),))
    assert portions(sold(salad, without, wine)) == [("Salad", 0, 700, 0), ("Wine", 2000, 600, 100)]
    assert sold(salad, without).portions == ()


def test_what_an_item_cannot_bear_comes_off_the_other_parts() -> None:
    off = option(name="Half", price_delta_minor=-500)
    wine = option(name="Wine", price_delta_minor=600, vat_class=STANDARD)
    salad = item(price_minor=400, vat_class=ZERO, groups=(group(off, wine, at_most=2),))
    line = sold(salad, off, wine)
    assert (line.gross_minor, sum(one.gross_minor for one in line.portions) or 500) == (500, 500)
    assert min((one.gross_minor for one in line.portions), default=0) >= 0


def test_a_class_of_an_option_without_a_rate_cannot_be_sold() -> None:
    odd = option(vat_class="unheard_of")
    with pytest.raises(LineRefused) as refused:
        sold(item(groups=(group(odd),)), odd)
    assert refused.value.reason == "NO_VAT_RATE"


# -- two levels ------------------------------------------------------------------------------------------

MAYO, KETCHUP = option(name="Mayo", price_delta_minor=20, allergens=(4,)), option(name="Ketchup")
SAUCE = replace(group(MAYO, KETCHUP, at_least=1, at_most=1), name="Sauce")
CHIPS, SALAD = option(name="Chips", groups=(SAUCE,)), option(name="Salad", price_delta_minor=0)
SIDE = replace(group(CHIPS, SALAD, at_least=1, at_most=2), name="Side")
BURGER = item(groups=(SIDE,))


def test_a_chosen_option_opens_its_groups_and_what_is_chosen_there_names_it() -> None:
    line = sold(BURGER, CHIPS, MAYO)
    assert [(one.name, one.parent_option_id) for one in line.options] == [("Chips", None), ("Mayo", CHIPS.id)]
    assert (line.gross_minor, line.allergens) == (1070, (2, 4, 7))


@pytest.mark.parametrize(
    ("chosen", "word"),
    [
        ((CHIPS,), "Burger, Chips, Sauce: choose 1 to 1, not 0."),
        ((CHIPS, MAYO, KETCHUP), "Burger, Chips, Sauce: choose 1 to 1, not 2."),
        ((SALAD, MAYO), "Burger, Chips, Sauce: Chips is not chosen."),
        (((CHIPS, 2), MAYO), "Burger, Chips, Sauce: choose 2 to 2, not 1."),
        ((MAYO,), "Burger, Side: choose 1 to 2, not 0."),
        (((CHIPS, 2), SALAD), "Burger, Side: choose 1 to 2, not 3."),
    ],
)
def test_the_limits_of_each_level_are_held_and_the_refusal_names_line_and_group(
    chosen: tuple[Option | tuple[Option, int], ...], word: str
) -> None:
    with pytest.raises(LineRefused) as refused:
        sold(BURGER, *chosen)
    assert (refused.value.reason, refused.value.fields[0].field) == ("OPTION_COUNT", "lines[0].options")
    assert word in str(refused.value.detail)


def test_a_nested_group_counts_for_each_of_the_option_that_opens_it() -> None:
    line = sold(BURGER, (CHIPS, 2), MAYO, KETCHUP)
    assert [(one.name, one.quantity) for one in line.options] == [("Chips", 2), ("Mayo", 1), ("Ketchup", 1)]


def test_a_nested_option_that_is_off_cannot_be_had() -> None:
    off = replace(MAYO, available=False)
    chips = replace(CHIPS, groups=(replace(SAUCE, options=(off,)),))
    with pytest.raises(ItemUnavailable):
        sold(replace(BURGER, groups=(replace(SIDE, options=(chips,)),)), chips, off)


def test_a_draft_asks_again_for_what_it_asked_for() -> None:
    basket = priced(BURGER, (CHIPS, 2), MAYO, KETCHUP)
    change = place(wanted(line(BURGER)), basket, new_id(), 1, (station(),), stamp())
    again = price_basket(wanted_again(change.order), TAKEAWAY, 0, menu(BURGER), terms())
    assert again.lines == basket.lines


def test_allergens_are_those_of_all_that_was_chosen_and_traces_only_of_what_is_not_in_it() -> None:
    nutty = option(name="Pesto", allergens=(10,), may_contain=(11, 7))
    dish = item(allergens=(7,), may_contain=(10, 13), groups=(group(nutty),))
    assert (sold(dish).allergens, sold(dish).may_contain) == ((7,), (10, 13))
    line = sold(dish, nutty)
    assert (line.allergens, line.may_contain) == ((7, 10), (11, 13))


# -- sizes -----------------------------------------------------------------------------------------------


def test_a_line_shows_its_size_and_has_its_price() -> None:
    small, large = option(name="Small", price_delta_minor=0), option(name="Large", price_delta_minor=150)
    sizes = replace(group(small, large, at_least=1, at_most=1), is_size=True)
    latte = item(name="Latte", price_minor=300, groups=(sizes,))
    line = sold(latte, large)
    assert ([(one.name, one.is_size) for one in line.options], line.gross_minor) == ([("Large", True)], 450)
    for wrong in ((), (small, large)):
        with pytest.raises(LineRefused):
            sold(latte, *wrong)


# -- combos ----------------------------------------------------------------------------------------------

SANDWICH = item(name="Sandwich", price_minor=360, vat_class=ZERO, allergens=(2,), category_id=MAINS)
CRISPS = item(name="Crisps", price_minor=120, vat_class=STANDARD, allergens=(), may_contain=(7,))
COLA = item(
    name="Cola", price_minor=120, vat_class=STANDARD, allergens=(), category_id=DRINKS, stock_tracked=True
)


def part(of: Item, **changes: object) -> Option:
    return option(**{"name": of.name, "price_delta_minor": 0, "item_id": of.id, **changes})


def slot(name: str, *options: Option, **changes: object) -> OptionGroup:
    return replace(group(*options, at_least=1, at_most=1), name=name, **changes)  # type: ignore[arg-type]


THE_SANDWICH, THE_CRISPS, THE_COLA = part(SANDWICH), part(CRISPS), part(COLA)
DEAL = item(
    name="Meal deal",
    price_minor=500,
    vat_class=STANDARD,
    allergens=(),
    groups=(slot("Main", THE_SANDWICH), slot("Snack", THE_CRISPS), slot("Drink", THE_COLA)),
)
SHOP = menu(DEAL, SANDWICH, CRISPS, COLA)


def test_a_meal_deal_is_apportioned_by_selling_prices_and_its_vat_is_right_to_the_penny() -> None:
    basket = priced(DEAL, THE_SANDWICH, THE_CRISPS, THE_COLA, on=SHOP)
    [line] = basket.lines
    assert portions(line) == [("Sandwich", 0, 300, 0), ("Crisps", 2000, 100, 17), ("Cola", 2000, 100, 16)]
    assert (line.gross_minor, line.vat_minor, line.vat_rate_bp) == (500, 33, 0)
    assert [(one.rate_bp, one.vat_minor) for one in basket.bill.vat_groups] == [(0, 0), (2000, 33)]


def test_a_combo_has_the_allergens_and_the_stock_of_its_components() -> None:
    line = sold(DEAL, THE_SANDWICH, THE_CRISPS, THE_COLA, on=SHOP, quantity=2)
    assert (line.allergens, line.may_contain) == ((2,), (7,))
    [use] = line.stock_uses
    assert (use.item_id, use.quantity, line.takes_stock, line.stock_tracked) == (COLA.id, 1, True, False)


def test_what_a_choice_adds_counts_as_the_selling_price_of_its_component() -> None:
    large = replace(THE_COLA, price_delta_minor=60)
    deal = replace(DEAL, groups=(*DEAL.groups[:2], slot("Drink", large)))
    line = sold(deal, THE_SANDWICH, THE_CRISPS, large, on=menu(deal, SANDWICH, CRISPS, COLA))
    assert [one.gross_minor for one in line.portions] == [305, 102, 153]
    assert line.gross_minor == 560


def test_an_ancillary_component_follows_its_main_one() -> None:
    dip = part(CRISPS, name="Dip")
    main = slot("Main", THE_SANDWICH)
    deal = replace(DEAL, groups=(main, slot("Dip", dip, ancillary_of=main.id)))
    basket = priced(deal, THE_SANDWICH, dip, on=menu(deal, SANDWICH, CRISPS))
    assert [(one.name, one.vat_rate_bp) for one in basket.lines[0].portions] == [("Sandwich", 0), ("Dip", 0)]
    assert basket.bill.vat_minor == 0


def test_what_is_asked_after_a_component_is_its_own_part_of_the_price() -> None:
    cheese = option(name="Cheese", price_delta_minor=50)
    wine = option(name="Wine", price_delta_minor=300, vat_class=STANDARD)
    main = replace(THE_SANDWICH, groups=(group(cheese, wine, at_most=2),))
    deal = replace(DEAL, groups=(slot("Main", main), *DEAL.groups[1:]))
    line = sold(deal, main, cheese, wine, THE_CRISPS, THE_COLA, on=menu(deal, SANDWICH, CRISPS, COLA))
    assert [(one.name, one.vat_rate_bp) for one in line.portions] == [
        ("Sandwich", 0),
        ("Crisps", 2000),
        ("Cola", 2000),
        ("Wine", 2000),
    ]
    assert sum(one.gross_minor for one in line.portions[:3]) == 550
    assert [one.parent_option_id for one in line.options] == [None, main.id, main.id, None, None]


def test_free_components_share_a_price_evenly() -> None:
    free = [replace(each, price_minor=0) for each in (SANDWICH, CRISPS, COLA)]
    line = sold(DEAL, THE_SANDWICH, THE_CRISPS, THE_COLA, on=menu(DEAL, *free))
    assert [one.gross_minor for one in line.portions] == [167, 167, 166]


@pytest.mark.parametrize("gone", [replace(COLA, available=False), None])
def test_a_component_that_is_off_or_gone_cannot_be_had(gone: Item | None) -> None:
    on = menu(DEAL, SANDWICH, CRISPS, *([gone] if gone is not None else []))
    with pytest.raises(ItemUnavailable):
        sold(DEAL, THE_SANDWICH, THE_CRISPS, THE_COLA, on=on)


def test_a_component_that_changed_after_the_menu_that_was_shown_is_refused() -> None:
    newer = menu(DEAL, SANDWICH, CRISPS, replace(COLA, version=5), version=5)
    with pytest.raises(MenuOutdated):
        sold(DEAL, THE_SANDWICH, THE_CRISPS, THE_COLA, on=newer, shown=4)
    assert sold(DEAL, THE_SANDWICH, THE_CRISPS, THE_COLA, on=newer, shown=5).gross_minor == 500


def test_a_component_is_cooked_where_its_category_is_with_what_was_chosen_for_it() -> None:
    cheese, note = option(name="Cheese"), option(name="To share", price_delta_minor=0)
    main = replace(THE_SANDWICH, groups=(group(cheese),))
    groups = (slot("Main", main), slot("Drink", THE_COLA), replace(group(note), name="How"))
    deal = replace(DEAL, groups=groups)
    basket = priced(deal, main, cheese, THE_COLA, note, on=menu(deal, SANDWICH, COLA))
    kitchen, bar = station(), station(name="Bar", is_default=False, category_ids=frozenset({DRINKS}))
    change = place(wanted(line(deal)), basket, new_id(), 1, (kitchen, bar), stamp())
    shown = {
        ticket.station_name: [[one.name for one in line.options] for line in ticket.lines]
        for ticket in change.tickets
    }
    assert shown == {"Kitchen": [["Sandwich", "Cheese", "To share"]], "Bar": [["Cola"]]}
    assert {ticket.lines[0].name for ticket in change.tickets} == {"Meal deal"}


def test_tickets_tell_traces_and_not_of_what_they_contain() -> None:
    pesto = item(name="Pesto", allergens=(10,), may_contain=(11,))
    cake = item(name="Cake", allergens=(7,), may_contain=(10, 13))
    asked = [line(pesto), line(cake)]
    basket = price_basket(asked, TAKEAWAY, 0, menu(pesto, cake), terms())
    [ticket] = place(wanted(*asked), basket, new_id(), 1, (station(),), stamp()).tickets
    assert (ticket.allergens, ticket.may_contain) == ((7, 10), (11, 13))


# -- stock -----------------------------------------------------------------------------------------------


def test_an_option_takes_of_the_stock_of_what_is_counted_and_of_nothing_else() -> None:
    shot = option(name="Shot", takes=2, takes_of=COLA.id)
    other = option(name="Other", takes=3, takes_of=CRISPS.id)
    long_drink = item(groups=(group(shot, other, at_most=3),))
    line = sold(long_drink, (shot, 2), other, on=menu(long_drink, COLA, CRISPS))
    [use] = line.stock_uses
    assert (use.item_id, use.quantity) == (COLA.id, 4)
    assert use.id not in (line.id, COLA.id)
    untracked = replace(COLA, stock_tracked=False)
    assert sold(long_drink, shot, on=menu(long_drink, untracked)).stock_uses == ()


def test_what_one_item_gives_to_a_line_is_one_use_of_it() -> None:
    shot = option(name="Shot", takes=2, takes_of=COLA.id)
    deal = replace(DEAL, groups=(slot("Drink", THE_COLA), replace(group(shot), name="Extra")))
    again = [sold(deal, THE_COLA, shot, on=menu(deal, COLA)).stock_uses for _ in range(2)]
    assert [[(use.item_id, use.quantity) for use in uses] for uses in again] == [[(COLA.id, 3)]] * 2
    assert isinstance(again[0][0], StockUse)


# -- laws ------------------------------------------------------------------------------------------------

deltas = st.integers(-300, 500)
classes = st.sampled_from(["", ZERO, STANDARD])


@st.composite
def configured(draw: st.DrawFn) -> tuple[Item, list[Option], Menu]:
    """An item with chosen options of any class, with or without components, some with nested options."""
    base = st.builds(
        lambda price, vat: item(price_minor=price, vat_class=vat),
        st.integers(0, 900),
        st.sampled_from([ZERO, STANDARD]),
    )
    chosen, groups, others = [], [], []
    for component in draw(st.lists(base, max_size=3)):
        nested = tuple(option(price_delta_minor=each) for each in draw(st.lists(deltas, max_size=2)))
        opened = (group(*nested, at_most=9),) if nested else ()
        one = part(component, price_delta_minor=draw(deltas), groups=opened)
        others.append(component)
        groups.append(group(one))
        chosen += [one, *nested]
    for each in draw(st.lists(st.tuples(deltas, classes), max_size=3)):
        one = option(price_delta_minor=each[0], vat_class=each[1])
        groups.append(group(one))
        chosen.append(one)
    of = draw(base)
    of = replace(of, groups=tuple(groups))
    assume(of.price_minor + sum(one.price_delta_minor for one in chosen) >= 0)
    return of, chosen, menu(of, *others)


@given(st.lists(configured(), min_size=1, max_size=4), st.sampled_from(BillMode), st.integers(1, 9))
def test_portions_lines_groups_and_the_bill_add_up_whatever_is_chosen(
    baskets: list[tuple[Item, list[Option], Menu]], mode: BillMode, quantity: int
) -> None:
    whole = menu(*(one for _, _, on in baskets for one in on.items.values()))
    asked = [
        line(of, quantity, options=tuple(WantedOption(one.id, 1) for one in chosen))
        for of, chosen, _ in baskets
    ]
    basket = price_basket(asked, TAKEAWAY, 0, whole, terms(bill_mode=mode, service_charge_bp=0))
    for of, chosen, sold_line in zip(
        (one for one, _, _ in baskets), (each for _, each, _ in baskets), basket.lines, strict=True
    ):
        unit = of.price_minor + sum(one.price_delta_minor for one in chosen)
        assert sold_line.gross_minor == unit * quantity
        if sold_line.portions:
            assert sum(one.gross_minor for one in sold_line.portions) == sold_line.gross_minor
            assert sum(one.vat_minor for one in sold_line.portions) == sold_line.vat_minor
            assert min(one.gross_minor for one in sold_line.portions) >= 0
            assert all(one.gross_minor % quantity == 0 for one in sold_line.portions)
            assert sold_line.vat_rate_bp == sold_line.portions[0].vat_rate_bp
    assert sum(one.vat_minor for one in basket.lines) == sum(one.vat_minor for one in basket.bill.vat_groups)
    if mode is not BillMode.EXCLUSIVE_LEGACY:
        by_rate: dict[int, int] = {}
        for one in basket.lines:
            parts = one.portions or (one,)
            for each in parts:
                by_rate[each.vat_rate_bp] = by_rate.get(each.vat_rate_bp, 0) + each.gross_minor
        exact = {rate: divide_half_up(gross * rate, 10_000 + rate) for rate, gross in by_rate.items()}
        assert {one.rate_bp: one.vat_minor for one in basket.bill.vat_groups} == exact


@given(
    st.lists(st.tuples(st.integers(0, 2_000), st.sampled_from([0, 500, 2000])), min_size=1, max_size=4),
    st.integers(1, 9),
    st.data(),
)
def test_a_discount_falls_on_the_parts_of_its_line_and_the_bill_adds_up(
    parts: list[tuple[int, int]], quantity: int, data: st.DataObject
) -> None:
    unit = sum(amount for amount, _ in parts)
    discount = data.draw(st.integers(0, unit * quantity))
    grosses = tuple(PartToPrice(amount * quantity, rate) for amount, rate in parts)
    one = LineToPrice(unit, quantity, 2000, discount, grosses)
    computed = bill([one, LineToPrice(333, 1, 2000)], BillMode.INCLUSIVE_COMPULSORY, 1250)
    assert sum(computed.part_vat_minor[0]) == computed.line_vat_minor[0]
    assert computed.part_vat_minor[1] == ()
    assert sum(computed.line_vat_minor) == computed.vat_minor
    assert sum(each.gross_minor for each in computed.vat_groups) == computed.total_minor


@pytest.mark.parametrize(
    "parts", [(PartToPrice(-1, 0), PartToPrice(101, 0)), (PartToPrice(99, 0),), (PartToPrice(101, 0),)]
)
def test_parts_that_are_not_their_line_are_refused(parts: tuple[PartToPrice, ...]) -> None:
    with pytest.raises(ValueError, match="add up"):
        bill([LineToPrice(100, 1, 0, parts=parts)], BillMode.INCLUSIVE_OPTIONAL, 0)


@given(st.integers(0, 5_000), st.integers(1, 9), st.sampled_from([0, 2000]), st.sampled_from(BillMode))
def test_a_line_in_one_part_costs_what_the_line_costs(
    unit: int, quantity: int, rate: int, mode: BillMode
) -> None:
    whole = bill([LineToPrice(unit, quantity, rate)], mode, 1250)
    in_one = bill(
        [LineToPrice(unit, quantity, rate, parts=(PartToPrice(unit * quantity, rate),))], mode, 1250
    )
    assert replace(in_one, part_vat_minor=whole.part_vat_minor) == whole


@given(st.lists(configured(), min_size=1, max_size=3), st.sampled_from(BillMode), st.integers(1, 9))
def test_lines_that_are_billed_again_come_to_the_same(
    baskets: list[tuple[Item, list[Option], Menu]], mode: BillMode, quantity: int
) -> None:
    whole = menu(*(one for _, _, on in baskets for one in on.items.values()))
    asked = [
        line(of, quantity, options=tuple(WantedOption(one.id, 1) for one in chosen))
        for of, chosen, _ in baskets
    ]
    basket = price_basket(asked, TAKEAWAY, 0, whole, terms(bill_mode=mode))
    bare = [
        replace(one, vat_minor=0, portions=tuple(replace(each, vat_minor=0) for each in one.portions))
        for one in basket.lines
    ]
    again = bill([to_price(one) for one in bare], mode, 0)
    assert (with_vat(bare, again), again) == (basket.lines, basket.bill)


def test_rates_of_the_day_count_for_every_part() -> None:
    assert (HOT[0].takeaway_bp, COLD[0].takeaway_bp) == (2000, 0)
    wine = option(price_delta_minor=600, vat_class=STANDARD)
    salad = item(vat_class=ZERO, groups=(group(wine),))
    asked = line(salad, options=(WantedOption(wine.id, 1),))
    eaten_in = price_basket([asked], OrderType.EAT_IN, 0, menu(salad), terms())
    assert eaten_in.lines[0].portions == ()  # both have 20 % there
    assert eaten_in.lines[0].vat_rate_bp == 2000
