"""Discounts over random orders: what any sequence of giving, taking back, adding and voiding comes to is
calculated here once more, by hand.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.ids import new_id
from services.orders.domain.approval import Authority, Rank
from services.orders.domain.discount import Discount, DiscountKind, OfPromotion
from services.orders.domain.errors import TooManyDiscounts
from services.orders.domain.order import placing
from services.orders.domain.order.basket import price_basket
from services.orders.domain.order.bill import billed, rebilled, stage_of
from services.orders.domain.order.change import Locked
from services.orders.domain.order.discount import Caps, WantedDiscount, give, take_back
from services.orders.domain.order.house import House
from services.orders.domain.order.order import Line, Order
from services.orders.pricing import BillMode, Reduction, Stage, Target, reduce
from services.orders.tests.builders import MIA, NOON, item, line, menu, stamp, station, terms, wanted

OWNER = Authority("discounts.manage", alone=True, rank=Rank.OWNER)
SERVICE_BP = 1250
ITEMS = (
    item(price_minor=895),
    item(price_minor=450, vat_class="cold_food"),
    item(price_minor=620, name="Water"),
    item(price_minor=1, name="Mint"),
    item(price_minor=0, name="Tap water"),
)
MENU = menu(*ITEMS)
HOUSE = House((station(),), auto_complete=False, service_charge_bp=SERVICE_BP)


def placed(*quantities: tuple[int, int], mode: BillMode = BillMode.INCLUSIVE_OPTIONAL) -> Order:
    """An order of so many of each item, by its place above."""
    order = wanted(*(line(ITEMS[which], quantity) for which, quantity in quantities))
    basket = price_basket(
        order.lines, order.order_type, 0, MENU, terms(bill_mode=mode, service_charge_bp=SERVICE_BP)
    )
    return placing.place(order, basket, new_id(), 1, HOUSE.stations, stamp()).order


def discount(kind: DiscountKind, value: int, *lines: Line, **more: Any) -> Discount:
    return Discount(new_id(), kind, value, NOON, tuple(one.id for one in lines), **more)


def percent_of(amount: int, basis_points: int) -> int:
    exact = Decimal(amount) * basis_points / 10_000
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def dealt(total: int, weights: list[int]) -> list[int]:
    """Whole shares, the missing pennies one by one to whoever is furthest below the exact share."""
    if not sum(weights):
        return [0] * len(weights)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    shares = [int(share) for share in exact]
    behind = sorted(range(len(weights)), key=lambda one: (shares[one] - exact[one], one))
    for one in behind[: total - sum(shares)]:
        shares[one] += 1
    return shares


def by_hand(lines: Sequence[Line], discounts: Sequence[Discount]) -> list[int]:
    """What is left of each line, from the rules alone."""
    left = [0 if one.voided else one.gross_minor for one in lines]
    gross = list(left)
    in_turn = sorted(
        discounts,
        key=lambda one: (
            stage_of(one),
            one.kind is DiscountKind.AMOUNT,
            one.value if one.kind is not DiscountKind.COMP else 10_000,
            tuple(places_of(one, lines)),
            str(one.id),
        ),
    )
    for one in in_turn:
        places = places_of(one, lines)
        if stage_of(one) in (Stage.LINE_PROMOTION, Stage.LINE):
            for place in places:
                times = lines[place].quantity if one.promotion else 1
                left[place] -= taken(one, left[place], gross[place], times)
        else:
            rest = [left[place] for place in places]
            whole = taken(one, sum(rest), sum(gross[place] for place in places), 1)
            for place, share in zip(places, dealt(whole, rest), strict=True):
                left[place] -= share
    return left


def places_of(one: Discount, lines: Sequence[Line]) -> list[int]:
    everything = not one.line_ids and one.promotion is None
    return [
        place
        for place, line in enumerate(lines)
        if not line.voided and (everything or line.id in one.line_ids)
    ]


def taken(one: Discount, left: int, gross: int, times: int) -> int:
    if one.kind is DiscountKind.COMP:
        return left
    if one.kind is DiscountKind.PERCENT:
        return percent_of(left, one.value)
    return min(left, one.value * times, percent_of(gross, one.cap_bp))


def check(order: Order) -> None:
    """The laws of a bill, and that it is the one calculated by hand."""
    totals, active = order.totals, [one for one in order.lines if not one.voided]
    left = by_hand(order.lines, order.discounts)
    nets = [0 if one.voided else one.gross_minor - one.discount_minor for one in order.lines]
    assert nets == left
    assert totals.goods_minor == sum(nets)
    assert totals.discount_minor == sum(one.discount_minor for one in order.lines)
    assert totals.discount_minor == sum(one.amount_minor for one in order.discounts)
    assert totals.vat_minor == sum(one.vat_minor for one in order.vat)
    for group in order.vat:
        assert group.vat_minor == sum(one.vat_minor for one in active if one.vat_rate_bp == group.rate_bp)
    assert totals.service_charge_minor == percent_of(totals.goods_minor, SERVICE_BP)
    on_top = totals.vat_minor if order.bill_mode is BillMode.EXCLUSIVE_LEGACY else 0
    assert totals.total_minor == totals.goods_minor + totals.service_charge_minor + on_top
    amounts = [value for one in order.lines for value in (one.discount_minor, one.vat_minor)]
    amounts += [*nets, *(one.amount_minor for one in order.discounts), totals.total_minor, totals.vat_minor]
    assert min(amounts) >= 0


def bill_of(order: Order) -> tuple[object, ...]:
    return order.lines, order.vat, order.totals


values = st.tuples(
    st.sampled_from(DiscountKind),
    st.one_of(st.integers(1, 10_000), st.sampled_from([1, 500, 1_000, 3_333, 10_000])),
    st.one_of(st.none(), st.integers(0, 9)),
)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("give"), values),
        st.tuples(st.just("take"), st.integers(0, 9)),
        st.tuples(st.just("add"), st.tuples(st.integers(0, len(ITEMS) - 1), st.integers(1, 9))),
        st.tuples(st.just("void"), st.integers(0, 9)),
    ),
    max_size=10,
)
baskets = st.lists(st.tuples(st.integers(0, len(ITEMS) - 1), st.integers(1, 20)), min_size=1, max_size=5)


def after(order: Order, deed: tuple[str, Any]) -> Order:
    what, how = deed
    active = [one for one in order.lines if not one.voided]
    match what:
        case "give":
            kind, value, which = how
            line_id = None if which is None or not active else active[which % len(active)].id
            asked = WantedDiscount(new_id(), kind, value, line_id, "regular guest")
            try:
                change = give(Locked(order), asked, OWNER, Caps(), HOUSE, stamp())
            except TooManyDiscounts:
                return order
            assert change is not None
            back = take_back(Locked(change.order), asked.id, SERVICE_BP, stamp()).order
            assert bill_of(back) == bill_of(order), "taking it back restores the bill"
            return change.order
        case "take":
            if not order.discounts:
                return order
            gone = order.discounts[how % len(order.discounts)]
            return take_back(Locked(order), gone.id, SERVICE_BP, stamp()).order
        case "add":
            which, quantity = how
            [more] = placed((which, quantity)).lines
            return rebilled(order, SERVICE_BP, lines=[*order.lines, more])
        case _:
            if len(active) < 2:
                return order
            gone_line = active[how % len(active)].id
            lines = [replace(one, voided=one.voided or one.id == gone_line) for one in order.lines]
            return rebilled(order, SERVICE_BP, lines=lines)


@settings(deadline=None, max_examples=200)
@given(baskets, deeds, st.sampled_from(BillMode), st.randoms(use_true_random=False))
def test_whatever_is_given_taken_added_and_voided_adds_up_and_the_order_of_arrival_does_not_matter(
    basket: list[tuple[int, int]], done: list[tuple[str, Any]], mode: BillMode, chance: Any
) -> None:
    order = placed(*basket, mode=mode)
    check(order)
    for deed in done:
        order = after(order, deed)
        check(order)
        shuffled = list(order.discounts)
        chance.shuffle(shuffled)
        assert bill_of(rebilled(order, SERVICE_BP, discounts=shuffled)) == bill_of(order)


@settings(deadline=None, max_examples=200)
@given(baskets, st.lists(st.tuples(values, st.sampled_from(["", "each", "all"])), max_size=6))
def test_promotions_and_people_s_discounts_together_are_calculated_by_hand(
    basket: list[tuple[int, int]], given_ones: list[tuple[Any, str]]
) -> None:
    order = placed(*basket)
    discounts = []
    for (kind, value, which), promoted in given_ones:
        on = [order.lines[which % len(order.lines)]] if which is not None else []
        if promoted and kind is not DiscountKind.COMP:
            source = OfPromotion(new_id(), "Happy hour", promoted == "each")
            discounts.append(discount(kind, value, *(on or order.lines), promotion=source))
        else:
            discounts.append(discount(kind, value, *on, cap_bp=5_000))
    computed = billed(order.lines, discounts, order.bill_mode, 0)
    assert [one.gross_minor - one.discount_minor for one in computed.lines] == by_hand(order.lines, discounts)
    assert computed.totals.discount_minor == sum(one.amount_minor for one in computed.discounts)


def test_ten_percent_of_three_lines_is_the_published_vector() -> None:
    order = placed((0, 1), (1, 1), (2, 1))
    reduced = rebilled(order, SERVICE_BP, discounts=[discount(DiscountKind.PERCENT, 1_000)])
    assert [one.discount_minor for one in reduced.lines] == [90, 45, 62]
    assert (reduced.totals.discount_minor, reduced.totals.goods_minor) == (197, 1768)
    assert reduced.totals.service_charge_minor == 221  # 12.5 % of what is left


def test_a_line_s_discounts_come_before_the_order_s_and_percentages_before_amounts() -> None:
    order = placed((0, 10), (1, 10))
    burger, _ = order.lines
    of_order = discount(DiscountKind.PERCENT, 1_000)
    amount = discount(DiscountKind.AMOUNT, 500, burger)
    part = discount(DiscountKind.PERCENT, 2_000, burger)
    reduced = rebilled(order, SERVICE_BP, discounts=[of_order, amount, part])
    # 8950 - 20 % = 7160, - 5.00 = 6660; with 4500: 11160, a tenth of it is 1116.
    assert [one.amount_minor for one in reduced.discounts] == [1116, 500, 1790]
    assert reduced.totals.goods_minor == 11_160 - 1_116


def test_promotions_on_items_then_people_s_then_promotions_on_orders_then_people_s_then_comps() -> None:
    order = placed((0, 10))
    [burger] = order.lines
    each, all_ = OfPromotion(new_id(), "Burger day", True), OfPromotion(new_id(), "Lunch", False)
    stacked = [
        discount(DiscountKind.COMP, 0, burger),
        discount(DiscountKind.PERCENT, 1_000),
        discount(DiscountKind.PERCENT, 1_000, burger, promotion=all_),
        discount(DiscountKind.PERCENT, 1_000, burger),
        discount(DiscountKind.PERCENT, 1_000, burger, promotion=each),
    ]
    reduced = rebilled(order, SERVICE_BP, discounts=stacked)
    # 8950: 895; of 8055: 806; of 7249: 725; of 6524: 652; the rest is on the house.
    assert [one.amount_minor for one in reduced.discounts] == [5872, 652, 725, 806, 895]
    assert reduced.totals.total_minor == 0


def test_a_promotion_s_amount_is_off_each_unit_and_a_person_s_off_the_line() -> None:
    order = placed((0, 3))
    [burger] = order.lines
    source = OfPromotion(new_id(), "Burger day", True)
    promoted = rebilled(order, 0, discounts=[discount(DiscountKind.AMOUNT, 100, burger, promotion=source)])
    person = rebilled(order, 0, discounts=[discount(DiscountKind.AMOUNT, 100, burger)])
    assert (promoted.totals.discount_minor, person.totals.discount_minor) == (300, 100)


def test_an_amount_shrinks_with_the_order_to_the_cap_it_was_given_under() -> None:
    order = placed((0, 10), (1, 1))
    capped = discount(DiscountKind.AMOUNT, 900, cap_bp=1_000)
    whole = rebilled(order, SERVICE_BP, discounts=[capped])
    assert whole.totals.discount_minor == 900
    burger, _ = whole.lines
    fewer = rebilled(whole, SERVICE_BP, lines=[replace(burger, voided=True), whole.lines[1]])
    assert fewer.totals.discount_minor == 45
    assert rebilled(fewer, SERVICE_BP, lines=whole.lines).totals == whole.totals


def test_a_line_that_comes_later_has_the_order_s_percentage_and_not_a_promotion_of_before() -> None:
    order = placed((0, 1))
    source = OfPromotion(new_id(), "Happy hour", False)
    happy = discount(DiscountKind.PERCENT, 5_000, *order.lines, promotion=source)
    order = rebilled(order, SERVICE_BP, discounts=[happy, discount(DiscountKind.PERCENT, 1_000)])
    grown = rebilled(order, SERVICE_BP, lines=[*order.lines, *placed((1, 1)).lines])
    # Half of 895 is 448; a tenth of 447 + 450 is 90.
    assert [one.amount_minor for one in grown.discounts] == [448, 90]


def test_a_bill_without_discounts_is_the_former_one() -> None:
    order = placed((0, 1), (1, 2), (2, 3))
    assert bill_of(rebilled(order, 9_999)) == bill_of(order)


@pytest.mark.parametrize("goods", [999, 12_345, 999_999])
def test_an_order_older_than_its_service_charge_goes_on_with_what_it_was_charged(goods: int) -> None:
    order = placed((3, goods))
    older = replace(order, service_charge_bp=None)
    for today in (SERVICE_BP, 0, 1_000):
        anew = rebilled(older, today)
        assert abs(anew.totals.service_charge_minor - order.totals.service_charge_minor) <= goods // 20_000
    assert rebilled(older, SERVICE_BP).totals == order.totals


def test_a_reduction_of_nothing_is_nothing() -> None:
    nothing = Reduction(Stage.ORDER, (Target(0), Target(1)), percent_bp=1_000)
    assert reduce([0, 0], [nothing]).lines == (0, 0)
    assert reduce([5], [Reduction(Stage.LINE, (), amount_minor=3)]).reductions == (0,)


def test_who_gave_it_is_the_actor_of_the_command() -> None:
    order = placed((0, 1))
    asked = WantedDiscount(new_id(), DiscountKind.PERCENT, 1_000, None, "late")
    change = give(Locked(order), asked, OWNER, Caps(), HOUSE, stamp(reason="late"))
    assert change is not None
    [kept] = change.order.discounts
    assert (kept.given_by, kept.approved_by, kept.reason, kept.at) == (MIA, None, "late", NOON)
    [row] = change.history
    assert (row.axis, row.from_value, row.to_value, row.reason) == ("discounts", "", "10 %", "late")
    assert give(Locked(change.order), asked, OWNER, Caps(), HOUSE, stamp()) is None
