"""Splitting a bill: vectors computed by hand, and what each split and each payment does to the checks."""

from dataclasses import replace
from fractions import Fraction

import pytest

from chassis.ids import new_id
from services.orders.domain.check import (
    CHECKS_MAX,
    CheckKind,
    CheckState,
    Group,
    SplitMode,
    Sums,
    WantedSplit,
)
from services.orders.domain.errors import (
    ChecksPaid,
    EditConflict,
    IllegalTransition,
    LineRefused,
    SplitRefused,
)
from services.orders.domain.order.axes import Kitchen, Lifecycle, State
from services.orders.domain.order.change import Locked
from services.orders.domain.order.checks import parts_of, sums_of_order
from services.orders.domain.order.guards import allowed_commands
from services.orders.domain.order.order import Order
from services.orders.domain.order.split import split
from services.orders.pricing import BillMode, VatGroup
from services.orders.tests.builders import stamp
from services.orders.tests.splits import (
    after_paying,
    after_split,
    an_order,
    by_amount,
    by_item,
    by_percentage,
    by_seat,
    checks,
    evenly,
    one_more,
    split_of,
    summed,
    totals,
    with_lines,
)

THIRD = Fraction(1, 3)


def at_20(gross: int, vat: int) -> tuple[VatGroup, ...]:
    """All of it at the usual rate."""
    return (VatGroup(2000, gross, vat),)


def refused(order: Order, asked: WantedSplit) -> str:
    """The reason."""
    with pytest.raises((SplitRefused, LineRefused, ChecksPaid)) as refusal:
        after_split(order, asked)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("total", "ways", "shares"),
    [
        (10001, 3, [3334, 3334, 3333]),
        (3000, 7, [429, 429, 429, 429, 428, 428, 428]),
        (100, 3, [34, 33, 33]),
    ],
)
def test_an_even_split_differs_by_a_penny_at_most_and_loses_none(
    total: int, ways: int, shares: list[int]
) -> None:
    assert totals(after_split(an_order(total), evenly(ways))) == shares


def test_a_bill_with_its_service_charge_and_vat_is_the_same_for_everybody() -> None:
    order = after_split(an_order(8637, service_charge_bp=1250), evenly(3))
    assert order.totals.service_charge_minor == 1080
    assert [check.sums for check in checks(order)] == [Sums(2879, 0, 360, at_20(2879, 480), 3239)] * 3
    assert [check.label for check in checks(order)] == ["1 of 3", "2 of 3", "3 of 3"]


def test_an_even_split_is_even_in_what_is_paid_not_only_in_goods() -> None:
    """Pennies of goods and of the service charge are not both the first guest's."""
    order = after_split(an_order(100, service_charge_bp=1000), evenly(3))
    assert totals(order) == [37, 37, 36]


def test_a_bottle_in_thirds_and_a_dish_for_each() -> None:
    order = an_order(1000, 1200, 1400, 3100)
    first, second, third, bottle = order.lines
    order = after_split(
        order, by_item([first, (bottle, THIRD)], [second, (bottle, THIRD)], [third, (bottle, THIRD)])
    )
    assert totals(order) == [2034, 2233, 2433]
    assert [str(check.shares[1].part) for check in checks(order)] == ["1/3"] * 3


def test_whoever_names_a_line_without_a_share_shares_what_is_left_of_it() -> None:
    order = an_order(1000, 3000)
    dish, bottle = order.lines
    order = after_split(order, by_item([dish, bottle], [bottle], [(bottle, Fraction(1, 2))]))
    assert [
        share.part for check in checks(order) for share in check.shares if share.line_id == bottle.id
    ] == [
        Fraction(1, 4),
        Fraction(1, 4),
        Fraction(1, 2),
    ]
    assert totals(order) == [1750, 750, 1500]


def test_what_nobody_names_is_a_check_of_its_own() -> None:
    order = an_order(1000, 2000, 3000)
    order = after_split(order, by_item([order.lines[0]], [(order.lines[1], THIRD)]))
    rest = checks(order)[-1]
    assert (rest.kind, rest.label, rest.sums.total_minor) == (CheckKind.REST, "Rest", 4333)
    assert {share.line_id: share.part for share in rest.shares} == {
        order.lines[1].id: Fraction(2, 3),
        order.lines[2].id: Fraction(1),
    }


def test_charges_and_vat_go_by_the_goods_of_a_check() -> None:
    order = an_order(1000, 2000, 3000, service_charge_bp=1250)
    order = after_split(order, by_item([order.lines[0]], [order.lines[1]], [order.lines[2]]))
    assert [check.sums for check in checks(order)] == [
        Sums(1000, 0, 125, at_20(1000, 167), 1125),
        Sums(2000, 0, 250, at_20(2000, 333), 2250),
        Sums(3000, 0, 375, at_20(3000, 500), 3375),
    ]


def test_lines_without_a_seat_are_everybodys() -> None:
    order = after_split(an_order(1000, 2000, 900, seats=[1, 2, 0]), by_seat())
    assert [(check.label, check.seats, check.sums.total_minor) for check in checks(order)] == [
        ("Seat 1", (1,), 1450),
        ("Seat 2", (2,), 2450),
    ]


def test_seats_that_pay_together_have_one_check_and_take_their_part_of_what_is_shared() -> None:
    order = after_split(an_order(1000, 2000, 3000, 900, seats=[1, 2, 3]), by_seat([1, 3]))
    assert [(check.label, check.sums.total_minor) for check in checks(order)] == [
        ("Seats 1, 3", 4600),
        ("Seat 2", 2300),
    ]


def test_by_amount_the_last_check_pays_what_is_left() -> None:
    order = after_split(an_order(8637, service_charge_bp=1250), by_amount(3000, 5000))
    assert totals(order) == [3000, 5000, 1717]
    assert checks(order)[-1].kind is CheckKind.REST
    assert totals(after_split(order, by_amount(717, 9000))) == [717, 9000]


def test_by_percentage_the_last_check_pays_what_is_left() -> None:
    assert totals(after_split(an_order(10001), by_percentage(2500, 5000))) == [2500, 5001, 2500]
    assert totals(after_split(an_order(1001), by_percentage(5000, 5000))) == [501, 500]


@pytest.mark.parametrize("mode", BillMode)
def test_checks_sum_up_to_the_order_in_each_of_its_sums(mode: BillMode) -> None:
    order = an_order(1999, 1, 0, 333, service_charge_bp=1250, bill_mode=mode, seats=[1, 2, 3])
    first, second, *_ = order.lines
    ways = (
        evenly(7),
        by_item([first], [(second, THIRD)]),
        by_seat(),
        by_amount(17, 1),
        by_percentage(1, 3333),
    )
    for asked in ways:
        made = [check.sums for check in checks(after_split(order, asked))]
        assert summed(made) == sums_of_order(order)
        assert all(sums.fits() for sums in made)


def test_who_has_not_seen_how_somebody_split_it_does_not_split_it_anew() -> None:
    order = an_order(1000)
    seen = order.version
    order = after_split(order, evenly(3))
    with pytest.raises(EditConflict) as refused:
        after_split(order, replace(by_amount(100, 200), base_version=seen))
    assert refused.value.metadata == {
        "conflict.field": "split",
        "conflict.yours": "by amount, 2 checks",
        "conflict.theirs": "evenly by 3",
    }
    assert split_of(after_split(order, replace(evenly(2), base_version=order.version))).ways == 2
    one_bill = after_split(order, evenly(1))
    with pytest.raises(EditConflict) as refused:
        after_split(one_bill, replace(by_seat(), base_version=order.version))
    assert refused.value.metadata["conflict.theirs"] == "one bill"
    assert split_of(after_split(one_bill, evenly(2))).ways == 2, "whoever says no version has seen it all"


def test_what_else_happens_to_an_order_is_no_other_split() -> None:
    order = after_split(an_order(1000, 500), evenly(3))
    seen = order.version
    order = after_paying(order, 500, checks(order)[0].id)
    order = with_lines(order, [*order.lines, one_more(order, 700)])
    assert split_of(after_split(order, replace(evenly(3), base_version=seen))).ways == 3


def test_a_split_is_told_in_an_event_of_its_own_and_no_ticket_changes() -> None:
    order = an_order(1000)
    change = split(Locked(order, ()), evenly(2), stamp())
    assert change is not None
    assert [event.cause for event in change.events] == ["split"]  # type: ignore[union-attr]
    assert (change.tickets, change.history) == ((), ())
    assert change.order.version == order.version + 1
    assert change.order.state is order.state


def test_money_on_a_check_is_due_no_more_and_changes_no_other() -> None:
    order = after_split(an_order(100), evenly(3))
    first, *others = checks(order)
    order = after_paying(order, 20, first.id)
    paid, *same = checks(order)
    assert (paid.paid_minor, paid.due_minor, paid.state) == (20, 14, CheckState.PART_PAID)
    assert same == others
    order = after_paying(order, 14, first.id)
    assert checks(order)[0].state is CheckState.PAID
    assert order.totals.paid_minor == 34


def test_a_payment_that_names_no_check_pays_what_is_open_one_after_the_other() -> None:
    order = after_split(an_order(100), evenly(3))
    order = after_paying(order, 40)
    assert [check.paid_minor for check in checks(order)] == [34, 6, 0]
    assert [check.paid_minor for check in checks(after_paying(order, 60))] == [34, 33, 33]


def test_once_somebody_has_paid_an_even_share_the_number_of_ways_stays() -> None:
    order = after_split(an_order(100), evenly(3))
    order = after_paying(order, 34, checks(order)[0].id)
    assert refused(order, evenly(4)) == "CHECKS_PAID"
    assert totals(after_split(order, evenly(3))) == [34, 33, 33]
    assert checks(after_split(order, evenly(3)))[0] == checks(order)[0]


def test_what_is_left_when_somebody_has_paid_can_be_split_another_way() -> None:
    order = an_order(1000, 2000, service_charge_bp=1250)
    order = after_split(order, by_item([order.lines[0]]))
    paid = checks(order)[0]
    order = after_paying(order, paid.sums.total_minor, paid.id)
    for asked in (evenly(2), by_amount(100), by_percentage(3000), by_item([(order.lines[1], THIRD)])):
        again = after_split(order, asked)
        first, *others = checks(again)
        assert replace(first, kind=paid.kind, paid_minor=0) == paid
        assert first.kind is CheckKind.EARLIER
        assert summed([check.sums for check in checks(again)]) == sums_of_order(order)
        assert sum(check.sums.total_minor for check in others) == 2250


def test_money_from_before_the_split_is_a_check_of_its_own() -> None:
    order = after_split(after_paying(an_order(1000), 100), evenly(3))
    earlier, *shares = checks(order)
    assert (earlier.kind, earlier.sums.total_minor, earlier.paid_minor) == (CheckKind.EARLIER, 100, 100)
    assert [check.sums.total_minor for check in shares] == [300, 300, 300]


def test_a_line_that_is_added_before_anybody_has_paid_is_split_like_the_others() -> None:
    order = after_split(an_order(100), evenly(3))
    ids = [check.id for check in checks(order)]
    order = with_lines(order, [*order.lines, one_more(order, 100)])
    assert totals(order) == [67, 67, 66]
    assert [check.id for check in checks(order)] == ids


def test_a_line_that_is_added_after_a_share_is_paid_is_a_check_of_its_own() -> None:
    order = after_split(an_order(100), evenly(3))
    before = checks(order)
    order = after_paying(order, 34, before[0].id)
    order = with_lines(order, [*order.lines, one_more(order, 50)])
    paid, *open_shares, rest = checks(order)
    assert (paid.sums, tuple(open_shares)) == (before[0].sums, before[1:])
    assert (rest.kind, rest.sums.total_minor) == (CheckKind.REST, 50)
    order = with_lines(order, [*order.lines, one_more(order, 25)])
    assert checks(order)[-1].id == rest.id
    assert totals(order) == [34, 33, 33, 75]
    assert totals(after_split(order, evenly(3))) == [34, 71, 70]


def test_a_line_that_is_added_at_a_seat_is_on_its_check_unless_that_is_paid() -> None:
    order = after_split(an_order(1000, 2000, seats=[1, 2]), by_seat())
    order = with_lines(order, [*order.lines, one_more(order, 500, seat=2), one_more(order, 70, seat=5)])
    assert [(check.label, check.sums.total_minor) for check in checks(order)] == [
        ("Seat 1", 1000),
        ("Seat 2", 2500),
        ("Seat 5", 70),
    ]
    order = after_paying(order, 1000, checks(order)[0].id)
    order = with_lines(order, [*order.lines, one_more(order, 300, seat=1)])
    assert [(check.label, check.sums.total_minor) for check in checks(order)][-1] == ("Rest", 300)
    assert checks(order)[0].sums.total_minor == 1000


def test_a_line_that_is_taken_off_is_off_its_check() -> None:
    order = an_order(1000, 2000)
    order = after_split(order, by_item([order.lines[0]], [order.lines[1]]))
    voided = replace(order.lines[0], voided=True)
    assert totals(with_lines(order, [voided, order.lines[1]])) == [0, 2000]


def test_a_line_on_a_check_that_somebody_has_paid_on_stays_as_it_is() -> None:
    order = an_order(1000, 2000)
    order = after_split(order, by_item([order.lines[0]], [order.lines[1]]))
    order = after_paying(order, 1, checks(order)[0].id)
    first, second = order.lines
    for changed in (replace(first, voided=True), replace(first, discount_minor=1)):
        with pytest.raises(ChecksPaid) as refusal:
            with_lines(order, [changed, second])
        assert refusal.value.metadata == {"line_id": str(first.id)}
    assert totals(with_lines(order, [first, replace(second, discount_minor=500)])) == [1000, 1500]


def test_an_order_cannot_come_to_less_than_what_is_paid_on_checks_of_everything() -> None:
    order = after_split(an_order(1000, 2000), by_amount(2500))
    order = after_paying(order, 2500, checks(order)[0].id)
    with pytest.raises(ChecksPaid):
        with_lines(order, [order.lines[0], replace(order.lines[1], voided=True)])
    assert totals(with_lines(order, [order.lines[0], replace(order.lines[1], discount_minor=400)])) == [
        2500,
        100,
    ]


def test_what_was_paid_for_a_check_as_it_was_is_that_check_from_now_on() -> None:
    """The till took it while somebody else changed the order."""
    order = after_split(an_order(900), evenly(3))
    shown = checks(order)[0]
    order = with_lines(order, [replace(order.lines[0], discount_minor=300)])
    order = after_paying(order, shown.sums.total_minor, shown.id)
    assert totals(order) == [300, 150, 150]
    assert summed([check.sums for check in checks(order)]) == sums_of_order(order)


def test_what_was_paid_for_a_check_that_is_no_more_is_a_check_of_its_own() -> None:
    order = after_split(an_order(900), evenly(3))
    shown = checks(order)[0]
    order = after_paying(after_split(order, evenly(2)), 300, shown.id)
    assert totals(order) == [300, 300, 300]
    assert [check.paid_minor for check in checks(order)] == [0, 0, 300]
    assert {check.kind for check in checks(order) if check.id == shown.id} == {CheckKind.EARLIER}


def test_more_than_everything_is_booked_all_the_same() -> None:
    order = after_split(an_order(100), evenly(2))
    order = after_paying(order, 130, checks(order)[0].id)
    assert totals(order) == [100, 0]
    assert [check.paid_minor for check in checks(order)] == [130, 0]
    assert sum(check.paid_minor for check in checks(after_paying(order, 5))) == 135


def test_split_into_one_it_is_split_no_more() -> None:
    order = after_split(an_order(100), evenly(3))
    for asked in (evenly(1), by_amount(), by_item(), by_percentage()):
        assert after_split(order, asked).split is None
    assert split(Locked(an_order(100)), evenly(1), stamp()) is None


def test_the_rest_of_an_order_that_is_part_paid_becomes_one_check() -> None:
    order = after_split(an_order(1000), by_amount(100, 200, 300))
    order = after_paying(order, 100, checks(order)[0].id)
    assert totals(after_split(order, by_amount())) == [100, 900]


def test_a_split_says_what_its_mode_needs_and_nothing_else() -> None:
    order = an_order(1000, seats=[1])
    mixed = Group(amount_minor=5, seats=(1,))
    for asked in (
        WantedSplit(SplitMode.EVEN),
        WantedSplit(SplitMode.EVEN, 2, (Group(amount_minor=5),)),
        WantedSplit(SplitMode.AMOUNT, 2, (Group(amount_minor=5),)),
        *(WantedSplit(mode, groups=(mixed,)) for mode in SplitMode if mode is not SplitMode.EVEN),
        *(WantedSplit(mode, groups=(Group(),)) for mode in SplitMode if mode is not SplitMode.EVEN),
        by_item([order.lines[0], order.lines[0]]),
        by_seat([1], [1]),
    ):
        assert refused(order, asked) == "INVALID_SPLIT"


def test_no_more_can_be_given_out_than_there_is() -> None:
    order = an_order(1000, 500, seats=[1])
    first, second = order.lines
    assert refused(order, by_amount(1000, 501)) == "AMOUNTS_ABOVE_TOTAL"
    assert totals(after_split(order, by_amount(1000, 500))) == [1000, 500]
    assert refused(order, by_percentage(5000, 5001)) == "AMOUNTS_ABOVE_TOTAL"
    assert (
        refused(order, by_item([(first, Fraction(2, 3))], [(first, Fraction(1, 2))])) == "SHARES_ABOVE_LINE"
    )
    assert refused(order, by_item([(first, Fraction(1))], [first])) == "SHARES_ABOVE_LINE"
    assert refused(order, by_item([(first, Fraction(3, 2))])) == "SHARES_ABOVE_LINE"
    assert refused(order, by_item([replace(second, id=new_id())])) == "UNKNOWN_LINE"
    assert refused(order, by_seat([2])) == "UNKNOWN_SEAT"
    assert refused(an_order(1000), by_seat()) == "NO_SEATS"


def test_an_order_has_at_most_so_many_checks() -> None:
    order = an_order(1000)
    assert len(checks(after_split(order, by_amount(*[1] * (CHECKS_MAX - 1))))) == CHECKS_MAX
    assert refused(order, by_amount(*[1] * CHECKS_MAX)) == "SPLIT_TOO_LARGE"


def test_shares_are_fractions_that_can_be_written_down() -> None:
    order = an_order(1000)
    [one] = order.lines
    primes = [Fraction(1, prime) for prime in (97, 89, 83, 79, 73)]
    assert refused(order, by_item(*([(one, part)] for part in primes))) == "SPLIT_TOO_LARGE"


def test_nothing_is_split_before_it_is_placed_nor_when_nothing_is_left_to_pay() -> None:
    order = an_order(100)
    for closed in (
        replace(order, lifecycle=Lifecycle.DRAFT),
        replace(order, lifecycle=Lifecycle.CANCEL_PENDING),
        replace(order, lifecycle=Lifecycle.CANCELLED),
        after_paying(order, 100),
        an_order(0),
    ):
        with pytest.raises(IllegalTransition):
            split(Locked(closed), evenly(2), stamp())


def test_where_somebody_has_paid_on_every_check_nothing_is_left_to_split() -> None:
    order = after_split(an_order(100), evenly(2))
    for check in checks(order):
        order = after_paying(order, 10, check.id)
    assert refused(order, evenly(2)) == "CHECKS_PAID"


def test_the_lines_of_a_check_come_to_its_goods() -> None:
    order = an_order(1000, 1200, 3100)
    first, second, bottle = order.lines
    order = after_split(order, by_item([first, (bottle, THIRD)], [second, (bottle, Fraction(2, 3))]))
    parts = [
        [(one.line.id, one.part, one.amount_minor) for one in parts_of(order, check)]
        for check in checks(order)
    ]
    assert parts == [
        [(first.id, Fraction(1), 1000), (bottle.id, THIRD, 1033)],
        [(second.id, Fraction(1), 1200), (bottle.id, Fraction(2, 3), 2067)],
    ]
    of_everything = after_split(an_order(1000, 1, 1), evenly(3))
    for check in checks(of_everything):
        parts_now = parts_of(of_everything, check)
        assert [one.part for one in parts_now] == [None] * 3
        assert sum(one.amount_minor for one in parts_now) == check.sums.goods_minor


def test_checks_without_money_are_new_ones_after_each_split() -> None:
    order = after_split(an_order(100), evenly(2))
    again = after_split(order, evenly(2))
    assert not {check.id for check in checks(order)} & {check.id for check in checks(again)}
    assert split_of(again).ways == 2


def in_state(state: State, paid_minor: int = 0) -> Order:
    """An order of 1.00 that clients see in this state."""
    order = an_order(100)
    lifecycle = {
        State.DRAFT: Lifecycle.DRAFT,
        State.DONE: Lifecycle.DONE,
        State.INVOICED: Lifecycle.INVOICED,
        State.CANCELLED: Lifecycle.CANCELLED,
        State.MERGED: Lifecycle.MERGED,
    }.get(state, Lifecycle.VALIDATED)
    kitchen = {State.PREPARING: Kitchen.PREPARING, State.READY: Kitchen.READY}.get(state, Kitchen.QUEUED)
    lines = tuple(replace(line, kitchen=kitchen) for line in order.lines)
    totals = replace(order.totals, paid_minor=100 if state is State.PAID else paid_minor)
    return replace(order, lifecycle=lifecycle, lines=lines, totals=totals)


@pytest.mark.parametrize("paid_minor", [0, 99, 100])
@pytest.mark.parametrize("state", State)
def test_an_order_is_split_while_it_is_open_and_something_is_due(state: State, paid_minor: int) -> None:
    order = in_state(state, paid_minor)
    assert order.state in {state, State.PAID}
    is_open = state in {State.VALIDATED, State.PREPARING, State.READY}
    legal = is_open and paid_minor < 100
    assert ("split" in allowed_commands(order)) == legal
    if legal:
        assert sum(totals(after_split(order, evenly(2)))) == 100
    else:
        with pytest.raises(IllegalTransition) as refusal:
            split(Locked(order), evenly(2), stamp())
        assert refusal.value.metadata["command"] == "split"
