"""Random evenings of one table: it is split, paid, added to and split again, in any order. No penny is lost,
and who has paid is asked for nothing more.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import floor
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.errors import Problem
from services.orders.domain.check import Check, CheckState, SplitMode, WantedSplit
from services.orders.domain.order.checks import sums_of_order
from services.orders.domain.order.order import Order
from services.orders.pricing import BillMode
from services.orders.tests.splits import (
    Rates,
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
    summed,
    with_lines,
)
from services.orders.wire.check import split_message, split_of

REFUSALS = {
    "AMOUNTS_ABOVE_TOTAL",
    "CHECKS_PAID",
    "ILLEGAL_TRANSITION",
    "INVALID_SPLIT",
    "NO_SEATS",
    "SHARES_ABOVE_LINE",
    "SPLIT_TOO_LARGE",
    "UNKNOWN_SEAT",
}
PRICES = st.lists(st.integers(0, 5_000), min_size=1, max_size=5)
SEATS = st.lists(st.integers(0, 3), max_size=5)
RATES = st.sampled_from([(2000,), (0,), (500,), (0, 2000), (2000, 500, 0)])
EACH_RATE = st.lists(RATES, max_size=5)
PARTS = ("goods", "discount", "service_charge", "vat", "total")


def hamilton(total: int, weights: list[Fraction]) -> list[int]:
    """Largest remainder as a textbook has it, apart from the chassis' own."""
    quotas = [total * weight / sum(weights) for weight in weights]
    shares = [floor(quota) for quota in quotas]
    by_remainder = sorted(range(len(weights)), key=lambda index: quotas[index] - shares[index], reverse=True)
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def of_each(order: Order) -> dict[str, list[int]]:
    return {part: [getattr(check.sums, f"{part}_minor") for check in checks(order)] for part in PARTS}


def of_order(order: Order) -> dict[str, int]:
    return {part: getattr(order.totals, f"{part}_minor") for part in PARTS}


@given(
    prices=PRICES, ways=st.integers(2, 40), mode=st.sampled_from(BillMode), service=st.sampled_from([0, 1250])
)
def test_an_even_split_is_the_total_by_largest_remainder(
    prices: list[int], ways: int, mode: BillMode, service: int
) -> None:
    order = an_order(*prices, 1, bill_mode=mode, service_charge_bp=service)
    found = of_each(after_split(order, evenly(ways)))
    assert found["total"] == hamilton(order.totals.total_minor, [Fraction(1)] * ways)
    taxed = found["goods" if mode is BillMode.INCLUSIVE_OPTIONAL else "total"]
    assert found["vat"] == hamilton(order.totals.vat_minor, [Fraction(one) for one in taxed])
    for part, whole in of_order(order).items():
        assert sum(found[part]) == whole
        assert all(abs(one - Fraction(whole, ways)) < 2 for one in found[part])


@given(
    prices=st.lists(st.integers(1, 5_000), min_size=2, max_size=6),
    cut=st.lists(st.fractions(0, 1, max_denominator=4), min_size=6, max_size=6),
    service=st.sampled_from([0, 1250, 1000]),
    mode=st.sampled_from(BillMode),
)
def test_a_split_by_item_is_the_goods_by_share_and_the_charges_by_goods(
    prices: list[int], cut: list[Fraction], service: int, mode: BillMode
) -> None:
    order = an_order(*prices, bill_mode=mode, service_charge_bp=service)
    first = [(line, part) for line, part in zip(order.lines, cut, strict=False) if part]
    if not first or sum(part for _, part in first) == len(order.lines):
        return
    found = of_each(after_split(order, by_item(first)))
    exact = sum((part * line.gross_minor for line, part in first), Fraction())
    assert found["goods"] == hamilton(order.totals.goods_minor, [exact, order.totals.goods_minor - exact])
    goods = [Fraction(one) for one in found["goods"]]
    assert found["service_charge"] == hamilton(order.totals.service_charge_minor, goods)
    taxed = goods
    if mode is not BillMode.INCLUSIVE_OPTIONAL:
        taxed = [
            of_goods + of_service for of_goods, of_service in zip(goods, found["service_charge"], strict=True)
        ]
    assert found["vat"] == hamilton(order.totals.vat_minor, taxed)
    assert sum(found["total"]) == order.totals.total_minor


@given(total=st.integers(1, 10**7), amounts=st.lists(st.integers(1, 10**6), min_size=1, max_size=12))
def test_a_split_by_amount_is_what_was_asked_and_the_last_pays_the_rest(
    total: int, amounts: list[int]
) -> None:
    order = an_order(total)
    if sum(amounts) > total:
        with pytest.raises(Problem):
            after_split(order, by_amount(*amounts))
        return
    after = after_split(order, by_amount(*amounts))
    left = total - sum(amounts)
    expected = [*amounts, *([left] if left else [])]
    assert after.split is None if len(expected) == 1 else of_each(after)["total"] == expected


class Evening(RuleBasedStateMachine):
    """One order and its checks."""

    def __init__(self) -> None:
        super().__init__()
        self.paid = 0
        self.frozen: dict[UUID, Check] = {}
        self.gone: list[Check] = []

    @initialize(
        prices=PRICES,
        seats=SEATS,
        rates=EACH_RATE,
        mode=st.sampled_from(BillMode),
        service=st.sampled_from([0, 1250]),
    )
    def placed(
        self, prices: list[int], seats: list[int], rates: list[Rates], mode: BillMode, service: int
    ) -> None:
        self.service = service
        self.order = an_order(
            *prices, seats=seats[: len(prices)], rates=rates, bill_mode=mode, service_charge_bp=service
        )

    @rule(ways=st.integers(1, 5))
    def split_evenly(self, ways: int) -> None:
        self._split(evenly(ways))

    @rule(seats=st.lists(st.sets(st.integers(1, 3), min_size=1), max_size=2))
    def split_by_seat(self, seats: list[set[int]]) -> None:
        self._split(by_seat(*(sorted(one) for one in seats)))

    @rule(amounts=st.lists(st.integers(1, 4_000), max_size=3))
    def split_by_amount(self, amounts: list[int]) -> None:
        self._split(by_amount(*amounts))

    @rule(parts=st.lists(st.integers(1, 6_000), max_size=3))
    def split_by_percentage(self, parts: list[int]) -> None:
        self._split(by_percentage(*parts))

    @rule(
        picks=st.lists(
            st.dictionaries(
                st.integers(0, 4),
                st.sampled_from([None, Fraction(1, 3), Fraction(1, 2), Fraction(1)]),
                min_size=1,
            ),
            max_size=3,
        )
    )
    def split_by_item(self, picks: list[dict[int, Fraction | None]]) -> None:
        lines = [line for line in self.order.lines if not line.voided]
        if not lines:
            return
        groups = [
            {lines[index % len(lines)].id: (lines[index % len(lines)], part) for index, part in one.items()}
            for one in picks
        ]
        self._split(
            by_item(
                *([line if part is None else (line, part) for line, part in one.values()] for one in groups)
            )
        )

    @precondition(lambda self: self.order.split is not None)
    @rule(pick=st.integers(0, 9), part=st.sampled_from([1, 1, 2, 3]))
    def pay_a_check(self, pick: int, part: int) -> None:
        due = [check for check in checks(self.order) if check.due_minor]
        if due:
            check = due[pick % len(due)]
            self._pay(-(-check.due_minor // part), check.id)

    @rule(part=st.sampled_from([1, 2, 3]))
    def pay_what_is_open(self, part: int) -> None:
        if self.order.totals.due_minor:
            self._pay(-(-self.order.totals.due_minor // part), None)

    @precondition(lambda self: self.gone)
    @rule(pick=st.integers(0, 9))
    def pay_a_check_that_is_no_more(self, pick: int) -> None:
        check = self.gone.pop(pick % len(self.gone))
        amount = min(check.sums.total_minor, self.order.totals.due_minor)
        if amount:
            self._pay(amount, check.id)

    @rule(price=st.integers(0, 3_000), seat=st.integers(0, 4), rates=RATES)
    def add_a_line(self, price: int, seat: int, rates: Rates) -> None:
        if len(self.order.lines) < 8:
            self._lines(lambda: [*self.order.lines, one_more(self.order, price, seat, rates)])

    @rule(pick=st.integers(0, 9), off=st.integers(1, 3_000))
    def discount_a_line(self, pick: int, off: int) -> None:
        self._change_one(pick, lambda gross: {"discount_minor": min(off, gross)})

    @rule(pick=st.integers(0, 9))
    def void_a_line(self, pick: int) -> None:
        self._change_one(pick, lambda _: {"voided": True})

    @invariant()
    def checks_are_the_order(self) -> None:
        if self.order.split is None:
            return
        found = of_each(self.order)
        for part, whole in of_order(self.order).items():
            assert sum(found[part]) == whole, part
            assert min(found[part]) >= (-len(self.order.lines) - len(found[part]) if part == "vat" else 0), (
                part
            )
        assert len({check.id for check in checks(self.order)}) == len(checks(self.order)) > 0

    @invariant()
    def checks_are_the_order_at_each_rate(self) -> None:
        if self.order.split is None:
            return
        split = self.order.split
        assert summed([check.sums for check in split.checks]) == sums_of_order(self.order)
        pennies = len(self.order.lines) + len(split.checks)
        for sums in [check.sums for check in split.checks]:
            gross = sum(group.gross_minor for group in sums.vat)
            optional = self.order.bill_mode is BillMode.INCLUSIVE_OPTIONAL
            assert gross == (sums.goods_minor if optional else sums.total_minor)
            assert sums.fits(pennies)

    @invariant()
    def every_penny_is_on_a_check(self) -> None:
        assert self.order.totals.paid_minor == self.paid
        if self.order.split is not None:
            assert sum(check.paid_minor for check in checks(self.order)) == self.paid

    @invariant()
    def who_has_paid_is_asked_for_nothing_more(self) -> None:
        if self.order.split is None:
            return
        now = {check.id: check for check in checks(self.order)}
        for check_id, frozen in self.frozen.items():
            assert (now[check_id].sums, now[check_id].shares) == (frozen.sums, frozen.shares)
        for check in now.values():
            assert check.due_minor == max(0, check.sums.total_minor - check.paid_minor)
            assert (check.state is CheckState.PAID) == (check.due_minor == 0)

    @invariant()
    def a_line_is_held_once(self) -> None:
        split = self.order.split
        if split is None or not split.mode.of_lines:
            return
        for line in self.order.lines:
            parts = [
                share.part for check in split.checks for share in check.shares if share.line_id == line.id
            ]
            assert line.voided or sum(parts) == 1

    @invariant()
    def it_is_told_and_read_as_it_is(self) -> None:
        if self.order.split is not None:
            assert split_of(split_message(self.order.split), self.order.vat) == self.order.split

    def _split(self, asked: WantedSplit) -> None:
        before = () if self.order.split is None else checks(self.order)
        if self._try(lambda: after_split(self.order, asked)):
            self._froze()
            now = set() if self.order.split is None else {check.id for check in checks(self.order)}
            self.gone.extend(check for check in before if check.id not in now)
            assert self.order.split is None or asked.mode is self.order.split.mode

    def _pay(self, amount: int, check_id: UUID | None) -> None:
        self.paid += amount
        self.order = after_paying(self.order, amount, check_id)
        self._froze()

    def _froze(self) -> None:
        split = self.order.split
        self.frozen = {} if split is None else {check.id: check for check in split.frozen}

    def _lines(self, made: Callable[[], list[object]]) -> None:
        self._try(lambda: with_lines(self.order, made(), self.service))  # type: ignore[arg-type]

    def _change_one(self, pick: int, change: Callable[[int], dict[str, object]]) -> None:
        lines = list(self.order.lines)
        index = pick % len(lines)
        lines[index] = replace(lines[index], **change(lines[index].gross_minor))  # type: ignore[arg-type]
        self._lines(lambda: list(lines))

    def _try(self, attempt: Callable[[], Order]) -> bool:
        refusal = None
        try:
            self.order = attempt()
        except Problem as problem:
            refusal = problem.reason
        assert refusal is None or refusal in REFUSALS
        return refusal is None


Evening.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestEvening = Evening.TestCase


def test_every_mode_is_played() -> None:
    played = {
        name.removeprefix("split_by_").removeprefix("split_")
        for name in dir(Evening)
        if name.startswith("split_")
    }
    assert played == {"evenly" if mode is SplitMode.EVEN else mode.value for mode in SplitMode}
