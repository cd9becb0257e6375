"""The VAT of a check is that of what is on it, rate by rate, and all checks together are the order's."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from services.orders.domain.check import Check, Split, SplitMode, Sums, by_rate
from services.orders.domain.levelling import level, sums_of_columns
from services.orders.domain.order.checks import sums_of_order
from services.orders.domain.spread import spread
from services.orders.pricing import BillMode, VatGroup
from services.orders.tests.splits import (
    Rates,
    after_paying,
    after_split,
    an_order,
    by_amount,
    by_item,
    by_percentage,
    checks,
    evenly,
    one_more,
    split_of,
    summed,
    with_lines,
)
from services.orders.wire import check as wire

HOT, COLD, CHILD_SEAT = (2000,), (0,), (500,)
EACH_RATE = st.lists(
    st.sampled_from([HOT, COLD, CHILD_SEAT, (0, 2000), (2000, 500, 0)]), min_size=1, max_size=6
)
PRICES = st.lists(st.integers(0, 5_000), min_size=1, max_size=6)
PARTS = st.lists(st.fractions(0, 1, max_denominator=4), min_size=6, max_size=6)


def vat_of(check: Check) -> dict[int, tuple[int, int]]:
    return {group.rate_bp: (group.gross_minor, group.vat_minor) for group in check.sums.vat}


def test_a_check_of_zero_rated_goods_has_no_vat() -> None:
    order = an_order(1200, 800, rates=[HOT, COLD])
    hot, cold = checks(after_split(order, by_item([order.lines[0]], [order.lines[1]])))
    assert (vat_of(hot), vat_of(cold)) == ({2000: (1200, 200)}, {0: (800, 0)})
    assert (hot.sums.vat_minor, cold.sums.vat_minor) == (200, 0)


def test_a_shared_line_brings_its_rate_to_each_who_shares_it() -> None:
    order = an_order(1000, 600, rates=[HOT, COLD])
    third = Fraction(1, 3)
    one, other = checks(after_split(order, by_item([(order.lines[0], third), order.lines[1]])))
    assert vat_of(one) == {0: (600, 0), 2000: (333, 56)}
    assert vat_of(other) == {2000: (667, 111)}


def test_what_is_taken_off_a_line_is_in_no_rate() -> None:
    order = an_order(1000, 500, 500, 500, rates=[HOT, COLD, HOT, COLD])
    cheaper, *others = order.lines
    order = with_lines(order, [replace(cheaper, discount_minor=500), *others])
    first, second = checks(after_split(order, by_item(order.lines[:2], order.lines[2:])))
    assert vat_of(first) == {0: (500, 0), 2000: (500, 84)}
    assert vat_of(second) == {0: (500, 0), 2000: (500, 83)}


def test_a_part_of_everything_is_a_part_of_each_rate() -> None:
    order = after_split(an_order(1000, 500, rates=[HOT, COLD]), evenly(2))
    assert [vat_of(check) for check in checks(order)] == [
        {0: (250, 0), 2000: (500, 84)},
        {0: (250, 0), 2000: (500, 83)},
    ]
    of_amounts = after_split(an_order(1000, 500, rates=[HOT, COLD]), by_amount(300))
    assert [vat_of(check) for check in checks(of_amounts)] == [
        {0: (100, 0), 2000: (200, 33)},
        {0: (400, 0), 2000: (800, 134)},
    ]


def test_a_compulsory_service_charge_has_the_rate_of_what_it_is_for() -> None:
    order = an_order(
        1000, 800, rates=[HOT, COLD], service_charge_bp=1250, bill_mode=BillMode.INCLUSIVE_COMPULSORY
    )
    hot, cold = checks(after_split(order, by_item([order.lines[0]], [order.lines[1]])))
    assert (hot.sums.service_charge_minor, cold.sums.service_charge_minor) == (125, 100)
    assert (vat_of(hot), vat_of(cold)) == ({2000: (1125, 188)}, {0: (900, 0)})


def test_a_combo_is_taxed_on_each_check_as_its_parts_are() -> None:
    order = an_order(900, 300, rates=[(0, 2000), COLD])
    combo, other = checks(after_split(order, by_item([order.lines[0]], [order.lines[1]])))
    assert (vat_of(combo), vat_of(other)) == ({0: (300, 0), 2000: (600, 100)}, {0: (300, 0)})


def test_a_paid_check_keeps_its_vat_whatever_is_added() -> None:
    order = after_split(an_order(1000, 500, rates=[HOT, COLD]), evenly(3))
    paid = checks(order)[0]
    order = after_paying(order, paid.sums.total_minor, paid.id)
    order = with_lines(order, [*order.lines, one_more(order, 800, rates=COLD)])
    assert checks(order)[0].sums == paid.sums
    assert summed([check.sums for check in checks(order)]) == sums_of_order(order)


def test_pennies_of_vat_never_keep_a_line_that_nobody_has_paid() -> None:
    """Three thirds of what has 5 of VAT: two have 2. Without the third it is 3 in all."""
    order = an_order(10, 10, 10)
    order = after_split(order, by_item(*([line] for line in order.lines)))
    assert [check.sums.vat_minor for check in checks(order)] == [2, 2, 1]
    for check in checks(order)[:2]:
        order = after_paying(order, 10, check.id)
    order = with_lines(order, order.lines[:2])
    assert (order.totals.total_minor, order.totals.vat_minor) == (20, 3)
    assert summed([check.sums for check in checks(order)]) == sums_of_order(order)


@given(
    prices=PRICES,
    rates=EACH_RATE,
    cut=PARTS,
    mode=st.sampled_from(BillMode),
    service=st.sampled_from([0, 1250]),
)
def test_by_item_each_rate_goes_by_the_goods_that_have_it(
    prices: list[int], rates: list[Rates], cut: list[Fraction], mode: BillMode, service: int
) -> None:
    order = an_order(*prices, 1, rates=rates, bill_mode=mode, service_charge_bp=service)
    groups = [(line, part) for line, part in zip(order.lines, cut, strict=False) if part]
    order = after_split(order, by_item(groups)) if groups else order
    if order.split is None:
        return
    assert summed([check.sums for check in checks(order)]) == sums_of_order(order)
    rates_of = {
        line.id: {one.vat_rate_bp for one in line.portions} or {line.vat_rate_bp} for line in order.lines
    }
    sold = {line.id for line in order.lines if line.gross_minor}
    for check in checks(order):
        there = {rate for share in check.shares if share.line_id in sold for rate in rates_of[share.line_id]}
        assert set(vat_of(check)) <= there, "a rate of nothing on it"
        gross = sum(group.gross_minor for group in check.sums.vat)
        optional = mode is BillMode.INCLUSIVE_OPTIONAL
        assert gross == (check.sums.goods_minor if optional else check.sums.total_minor)
        for group in check.sums.vat:
            exact = Fraction(group.gross_minor * group.rate_bp, 10_000 + group.rate_bp)
            assert abs(group.vat_minor - exact) < 2


@given(
    prices=PRICES,
    rates=EACH_RATE,
    asked=st.one_of(
        st.integers(2, 40).map(evenly),
        st.lists(st.integers(1, 3_000), min_size=1, max_size=5).map(lambda parts: by_percentage(*parts)),
    ),
    mode=st.sampled_from(BillMode),
    service=st.sampled_from([0, 1250]),
)
def test_a_part_of_everything_has_its_part_of_each_rate(
    prices: list[int], rates: list[Rates], asked: object, mode: BillMode, service: int
) -> None:
    order = an_order(*prices, 1, rates=rates, bill_mode=mode, service_charge_bp=service)
    order = after_split(order, asked)  # type: ignore[arg-type]
    if order.split is None:
        return
    assert summed([check.sums for check in checks(order)]) == sums_of_order(order)
    optional = mode is BillMode.INCLUSIVE_OPTIONAL
    whole = order.totals.goods_minor if optional else order.totals.total_minor
    for check in checks(order):
        taxed = check.sums.goods_minor if optional else check.sums.total_minor
        assert sum(group.gross_minor for group in check.sums.vat) == taxed
        for group in order.vat:
            gross, _ = vat_of(check).get(group.rate_bp, (0, 0))
            assert abs(gross - Fraction(group.gross_minor * taxed, whole or 1)) < 1


@given(
    cells=st.integers(1, 5).flatmap(
        lambda columns: st.lists(
            st.lists(st.fractions(0, 50, max_denominator=7), min_size=columns, max_size=columns),
            min_size=1,
            max_size=4,
        )
    )
)
def test_a_table_is_right_in_rows_and_columns_and_a_unit_from_exact_at_most(
    cells: list[list[Fraction]],
) -> None:
    columns = len(cells[0])
    short = [-sum(row) % 1 for row in cells]
    exact = [[*row, more] for row, more in zip(cells, short, strict=True)]
    totals = [sum(column, Fraction()) for column in zip(*exact, strict=True)]
    wanted = [int(total) for total in totals]
    missing = int(sum(totals)) - sum(wanted)
    by_rest = sorted(range(columns + 1), key=lambda index: int(totals[index]) - totals[index])
    for index in by_rest[:missing]:
        wanted[index] += 1
    weights = [[int(one * 420) for one in row] for row in exact]
    rows = [spread(int(sum(row)), of_row) for row, of_row in zip(exact, weights, strict=True)]
    found = level(rows, wanted, weights)
    assert sums_of_columns(found, columns + 1) == wanted
    assert [sum(row) for row in found] == [sum(row) for row in exact]
    assert all(
        -1 < one - share < 1
        for row, of in zip(found, exact, strict=True)
        for one, share in zip(row, of, strict=True)
    )


def test_checks_from_before_rates_were_told_keep_the_vat_that_they_had() -> None:
    """Theirs went by goods, whatever was on them; each keeps it, and all together are the order's rates."""
    of_order = (VatGroup(0, 800, 0), VatGroup(2000, 1200, 200))
    made = (
        Check(new_id(), "1", sums=Sums(1200, 0, 150, (VatGroup(0, 1, 150),), 1350), paid_minor=1350),
        Check(new_id(), "2", sums=Sums(800, 0, 100, (VatGroup(0, 1, 50),), 900)),
    )
    older = wire.split_message(Split(SplitMode.ITEM, made))
    for check in older.checks:
        del check.vat[:]
    read = wire.split_of(older, of_order)
    assert [check.sums.vat_minor for check in read.checks] == [150, 50]
    assert by_rate(group for check in read.checks for group in check.sums.vat) == of_order
    assert [(check.sums.goods_minor, check.sums.total_minor) for check in read.checks] == [
        (1200, 1350),
        (800, 900),
    ]
    assert split_of(after_split(an_order(100), evenly(2))).ways == 2
