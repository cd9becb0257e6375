"""Every pair of a state and a command that moves lines between orders; what is special of bills that move."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from chassis.errors import Problem
from chassis.ids import derived_id, new_id
from services.orders.domain.discount import Discount, DiscountKind, OfPromotion
from services.orders.domain.errors import ChecksPaid, IllegalTransition, LineRefused, OrdersDiffer
from services.orders.domain.menu import OrderType
from services.orders.domain.order import guards
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.change import Locked
from services.orders.domain.order.house import House
from services.orders.domain.order.line import LINES_MAX
from services.orders.domain.order.merging import MERGED_MAX, merge, unmerge
from services.orders.domain.order.order import GuestAllergy, Order, Remarks
from services.orders.domain.order.transfer import lines_to_move, move_lines, with_allergy
from services.orders.pricing import BillMode, Rounding, VatGroup, bill
from services.orders.pricing import LineToPrice as Priced
from services.orders.tests.builders import NOON, stamp, station
from services.orders.tests.splits import (
    after_paying,
    after_split,
    an_order,
    by_item,
    evenly,
    split_of,
    totals,
)

HOUSE = House((station(),), auto_complete=False, service_charge_bp=0)
COMMANDS = ("transfer", "merge", "part", "unmerge")


def numbered(number: int, *prices: int, **overrides: object) -> Order:
    return replace(an_order(*prices or (1_000, 500), **overrides), number=number)  # type: ignore[arg-type]


def in_state(lifecycle: Lifecycle) -> Locked:
    """An order with another one merged into it, whatever became of it then."""
    whole = merge(Locked(numbered(1)), [Locked(numbered(2))], HOUSE, stamp())[0].order
    return Locked(replace(whole, lifecycle=lifecycle))


def attempt(command: str, locked: Locked) -> object:
    order, other = locked.order, Locked(numbered(3))
    verbs: dict[str, Callable[[], object]] = {
        "transfer": lambda: lines_to_move(order, [order.lines[0].id], []),
        "merge": lambda: merge(locked, [other], HOUSE, stamp()),
        "part": lambda: merge(other, [Locked(replace(order, merged=()))], HOUSE, stamp()),
        "unmerge": lambda: unmerge(locked, [part_of(order)], HOUSE, stamp()),
    }
    return verbs[command]()


def part_of(order: Order) -> Locked:
    [entry] = order.merged
    lines = tuple(
        replace(line, quantity=0, voided=True)
        for line in order.lines
        if line.moved_from and line.moved_from.order_id == entry.order_id
    )
    part = rebilled(replace(numbered(2), id=entry.order_id), 0, lines=lines)
    return Locked(replace(part, lifecycle=Lifecycle.MERGED))


@pytest.mark.parametrize(("lifecycle", "command"), list(product(Lifecycle, COMMANDS)))
def test_each_pair_of_state_and_command_is_legal_or_refused(lifecycle: Lifecycle, command: str) -> None:
    locked = in_state(lifecycle)
    if lifecycle is Lifecycle.VALIDATED:
        assert attempt(command, locked)
        assert {command} - {"part"} <= set(guards.allowed_commands(locked.order))
        return
    assert not {"merge", "unmerge"} & set(guards.allowed_commands(locked.order))
    with pytest.raises(IllegalTransition) as refused:
        attempt(command, locked)
    assert refused.value.metadata["command"] == command.replace("part", "merge")


def test_a_split_of_the_whole_follows_and_a_part_must_be_one_bill() -> None:
    order, other = numbered(1), numbered(2, 700)
    whole = merge(Locked(after_split(order, evenly(2))), [Locked(other)], HOUSE, stamp())[0].order
    assert sum(totals(whole)) == order.totals.total_minor + other.totals.total_minor
    with pytest.raises(Problem) as refused:
        merge(Locked(other), [Locked(after_split(order, evenly(2)))], HOUSE, stamp())
    assert (refused.value.reason, refused.value.metadata) == ("ORDER_SPLIT", {"order_id": str(order.id)})


def test_a_line_that_somebody_has_paid_stays_until_it_is_refunded() -> None:
    order, other = numbered(1, 1_000, 5_000, 300), numbered(2)
    split = after_split(order, by_item([order.lines[0]], [order.lines[1]]))
    paid = after_paying(split, 1_000, split_of(split).checks[0].id)
    with pytest.raises(ChecksPaid) as refused:
        move_lines(Locked(paid), Locked(other), paid.lines[:1], 0, HOUSE, stamp())
    assert "refund it first" in refused.value.detail
    came, left = move_lines(Locked(paid), Locked(other), paid.lines[1:2], 0, HOUSE, stamp())
    assert (left.order.totals.paid_minor, left.order.totals.due_minor) == (1_000, 300)
    assert came.order.totals.total_minor == other.totals.total_minor + 5_000


@pytest.mark.parametrize(
    ("differs", "changes"),
    [
        ("currency", {"currency_code": "EUR"}),
        ("order_type", {"order_type": OrderType.TAKEAWAY}),
        ("bill_mode", {"bill_mode": BillMode.EXCLUSIVE_LEGACY}),
        ("service_charge", {"service_charge_bp": 1_250}),
    ],
)
def test_orders_that_charge_differently_stay_by_themselves(differs: str, changes: dict[str, object]) -> None:
    order, other = numbered(1), replace(numbered(2), **changes)  # type: ignore[arg-type]
    with pytest.raises(OrdersDiffer) as refused:
        merge(Locked(order), [Locked(other)], HOUSE, stamp())
    assert refused.value.metadata == {"differs": differs}


def test_a_whole_has_a_limited_number_of_parts_and_lines() -> None:
    many = [Locked(numbered(2 + index)) for index in range(MERGED_MAX + 1)]
    with pytest.raises(Problem) as refused:
        merge(Locked(numbered(1)), many, HOUSE, stamp())
    assert refused.value.reason == "TOO_MANY_MERGED"
    large = numbered(1, *([100] * (LINES_MAX - 1)))
    with pytest.raises(LineRefused) as full:
        merge(Locked(large), [Locked(numbered(2))], HOUSE, stamp())
    assert full.value.reason == "TOO_MANY_LINES"
    twin = replace(numbered(2), lines=numbered(1).lines)
    with pytest.raises(LineRefused) as same:
        merge(Locked(replace(numbered(1), lines=twin.lines)), [Locked(twin)], HOUSE, stamp())
    assert same.value.reason == "DUPLICATE_LINE"


def test_a_line_that_comes_home_is_where_it_was_and_leaves_one_trace() -> None:
    order, other = Locked(numbered(1)), Locked(numbered(2))
    line = order.order.lines[0]
    for _ in range(3):
        came, left = move_lines(order, other, [line], 0, HOUSE, stamp())
        [there] = [one for one in came.order.lines if one.id == line.id]
        back, gone = move_lines(Locked(came.order), Locked(left.order), [there], 0, HOUSE, stamp())
        order, other = Locked(back.order), Locked(gone.order)
        line = order.order.lines[0]
    assert (line.quantity, line.moved_to, line.moved_from) == (1, None, None)
    assert [one.voided for one in other.order.lines] == [False, False, True]


def test_a_promotion_goes_with_its_line_and_an_amount_off_the_order_stays() -> None:
    order, other = numbered(1), numbered(2)
    happy = promoted(order, DiscountKind.PERCENT, 1_000, each_line=True)
    lunch = promoted(order, DiscountKind.AMOUNT, 200, each_line=False)
    order = rebilled(order, 0, discounts=(happy, lunch))
    came, left = move_lines(Locked(order), Locked(other), order.lines[:1], 0, HOUSE, stamp())
    assert [(one.id, one.amount_minor) for one in came.order.discounts] == [(happy.id, 100)]
    assert [(one.id, one.amount_minor) for one in left.order.discounts] == [(happy.id, 50), (lunch.id, 200)]


def test_an_amount_off_each_of_two_orders_is_off_both_when_they_are_one() -> None:
    order, other = numbered(1), numbered(2)
    one, its = (promoted(each, DiscountKind.AMOUNT, 200, each_line=False) for each in (order, other))
    its = replace(its, id=one.id)
    order, other = rebilled(order, 0, discounts=(one,)), rebilled(other, 0, discounts=(its,))
    whole, part = merge(Locked(order), [Locked(other)], HOUSE, stamp())
    assert [one.amount_minor for one in whole.order.discounts] == [200, 200]
    assert whole.order.discounts[1].id == derived_id(one.id, other.id)
    back, rest = unmerge(Locked(whole.order), [Locked(part.order)], HOUSE, stamp())
    assert (back.order.discounts, rest.order.discounts) == (other.discounts, order.discounts)


def test_pennies_of_a_bill_never_take_it_below_nothing() -> None:
    rounding = Rounding(-1, (VatGroup(2_000, 0, -1), VatGroup(500, 1, 1)))
    computed = bill([Priced(1, 1, 2_000)], BillMode.INCLUSIVE_OPTIONAL, 1_250, rounding)
    assert (computed.service_charge_minor, computed.vat_minor, computed.total_minor) == (0, 0, 1)
    nothing = bill([], BillMode.INCLUSIVE_OPTIONAL, 1_250, rounding)
    assert (nothing.total_minor, nothing.vat_groups) == (0, ())


def test_what_guests_of_two_orders_must_not_eat_is_said_once() -> None:
    one, other = Remarks(GuestAllergy((1,), "nuts; no egg"), "window"), Remarks(GuestAllergy((2,), "no egg"))
    assert with_allergy(one, other) == Remarks(GuestAllergy((1, 2), "nuts; no egg"), "window")
    assert with_allergy(Remarks(), other) == other
    assert with_allergy(one, Remarks()) == one


def promoted(order: Order, kind: DiscountKind, value: int, *, each_line: bool) -> Discount:
    lines = tuple(line.id for line in order.lines)
    return Discount(new_id(), kind, value, NOON, lines, promotion=OfPromotion(new_id(), "Lunch", each_line))
