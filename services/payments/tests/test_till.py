"""Till arithmetic, what closing needs, and the chain of Z reports."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from services.payments.domain.errors import (
    DrawerAmount,
    HalfPaidOrders,
    TenderedTooLittle,
    TillNotOpen,
    VarianceNeedsReason,
    ZReportTampered,
)
from services.payments.domain.fee import Method
from services.payments.domain.report import (
    GENESIS_HASH,
    IssuedReport,
    Taken,
    TillReport,
    VatTotal,
    issue,
    reopen,
    report_of,
    verify_chain,
)
from services.payments.domain.till import (
    CashTotals,
    Closing,
    DrawerKind,
    HalfPaid,
    TillState,
    cash_totals,
    change_of,
    check_open,
    drawer_change,
    variance_of,
)
from services.payments.tests.builders import ANNA, NOON, session

money = st.integers(0, 10**8)


def closing(counted: int, *, reason: str = "", carried: frozenset[UUID] = frozenset()) -> Closing:
    return Closing(counted, reason, carried)


def takings(amount: int = 1000, *, method: Method = Method.CASH, order: int = 1) -> Taken:
    return Taken(
        method, ANNA.user_id, ANNA.name, 1, amount, 50, 0, amount - 100, 0, 0, 100, 2, 1, order, order
    )


def chain(length: int) -> list[IssuedReport]:
    issued: list[IssuedReport] = []
    for number in range(1, length + 1):
        report = report_of(session(), NOON, [takings(order=number)], [VatTotal(2000, 900, 150)], CashTotals())
        _, stored = issue(report, number, issued[-1].hash if issued else GENESIS_HASH)
        issued.append(stored)
    return issued


@given(money, money, money)
def test_change_is_what_is_tendered_beyond_amount_and_tip(amount: int, tip: int, extra: int) -> None:
    assert change_of(amount, tip, amount + tip + extra) == (amount + tip + extra, extra)
    assert change_of(amount, tip, None) == (amount + tip, 0)


def test_a_penny_too_little_is_refused() -> None:
    with pytest.raises(TenderedTooLittle):
        change_of(1000, 100, 1099)
    assert change_of(1000, 100, 1100) == (1100, 0)


@given(money, money, money, money, money, money)
def test_expected_cash_is_float_plus_in_minus_out(
    opening: int, sales: int, refunds: int, paid_in: int, paid_out: int, drops: int
) -> None:
    totals = CashTotals(opening, sales, refunds, paid_in, paid_out, drops)
    assert totals.expected_minor == opening + sales - refunds + paid_in - paid_out - drops


@pytest.mark.parametrize("kind", [DrawerKind.PAID_IN, DrawerKind.PAID_OUT, DrawerKind.DROP])
def test_moving_cash_needs_an_amount(kind: DrawerKind) -> None:
    assert abs(drawer_change(kind, 1)) == 1
    with pytest.raises(DrawerAmount):
        drawer_change(kind, 0)


def test_opening_the_drawer_moves_no_money() -> None:
    assert drawer_change(DrawerKind.NO_SALE, 0) == 0
    with pytest.raises(DrawerAmount):
        drawer_change(DrawerKind.NO_SALE, 1)


def test_a_closed_session_is_not_open() -> None:
    check_open(session())
    with pytest.raises(TillNotOpen):
        check_open(replace(session(), state=TillState.CLOSED))


@pytest.mark.parametrize("counted", [4500, 5000, 5500])
def test_a_difference_of_up_to_five_pounds_needs_nobody(counted: int) -> None:
    assert variance_of(5000, closing(counted), []) == counted - 5000


@pytest.mark.parametrize("counted", [4499, 5501, 0])
def test_a_larger_difference_needs_a_reason(counted: int) -> None:
    with pytest.raises(VarianceNeedsReason):
        variance_of(5000, closing(counted, reason="  "), [])
    assert variance_of(5000, closing(counted, reason="float was miscounted"), []) == counted - 5000


def test_half_paid_orders_keep_a_till_open_until_each_is_carried_over() -> None:
    one, other = new_id(), new_id()
    half_paid = [HalfPaid(one, 7, 250), HalfPaid(other, 12, 1000)]
    with pytest.raises(HalfPaidOrders) as refused:
        variance_of(0, closing(0), half_paid)
    assert refused.value.metadata["order_ids"] == f"{one},{other}"
    # A till names them to people by their numbers, with what is missing.
    assert refused.value.metadata["order_numbers"] == "7,12"
    assert refused.value.metadata["due_minor"] == "250,1000"
    with pytest.raises(HalfPaidOrders) as refused:
        variance_of(0, closing(0, carried=frozenset({one})), half_paid)
    assert refused.value.metadata["order_ids"] == str(other)
    assert variance_of(0, closing(0, carried=frozenset({one, other})), half_paid) == 0


def test_a_report_sums_up_its_session() -> None:
    card = takings(2000, method=Method.CARD, order=9)
    report = report_of(
        session(), NOON + timedelta(hours=8), [takings(order=3), card], [], CashTotals(5000, 1050)
    )
    assert (report.number, report.hash, report.previous_hash) == (0, "", "")
    assert report.net_minor == 3000
    assert report.gross_minor - report.discount_minor + report.service_charge_minor == report.net_minor
    assert [(t.method, t.amount_minor) for t in report.tenders] == [(Method.CARD, 2000), (Method.CASH, 1000)]
    assert [(s.name, s.count, s.amount_minor) for s in report.staff] == [("Anna", 2, 3000)]
    assert (report.first_order_number, report.last_order_number) == (3, 9)
    assert report.cash.expected_minor == 6050


def test_a_session_without_sales_has_a_report_too() -> None:
    report = report_of(session(), NOON, [], [], CashTotals(5000))
    assert (report.net_minor, report.first_order_number, report.tenders) == (0, 0, ())


def test_a_stored_report_opens_as_it_was_issued() -> None:
    issued, stored = issue(
        report_of(session(), NOON, [takings()], [VatTotal(2000, 900, 150)], CashTotals(5000, 1050)),
        1,
        GENESIS_HASH,
    )
    assert reopen(stored) == issued
    assert isinstance(issued, TillReport)


def test_the_hash_can_be_computed_by_anyone_from_the_stored_text() -> None:
    (stored,) = chain(1)
    assert stored.hash == hashlib.sha256(("0" * 64 + stored.content).encode()).hexdigest()
    assert stored.content == json.dumps(
        json.loads(stored.content), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def test_an_unbroken_chain_verifies_page_by_page() -> None:
    issued = chain(5)
    number, tip = verify_chain(issued[:2])
    assert verify_chain(issued[2:], after_number=number, after_hash=tip) == (5, issued[-1].hash)


@pytest.mark.parametrize("victim", [0, 2, 4])
def test_a_tampered_copy_fails(victim: int) -> None:
    issued = chain(5)
    altered = issued[victim].content.replace('"net_minor":1000', '"net_minor":900')
    assert altered != issued[victim].content
    issued[victim] = replace(issued[victim], content=altered)
    with pytest.raises(ZReportTampered) as found:
        verify_chain(issued)
    assert found.value.metadata["number"] == str(victim + 1)
    with pytest.raises(ZReportTampered):
        reopen(issued[victim])


def test_resealing_an_altered_report_breaks_the_one_after_it() -> None:
    issued = chain(3)
    content = issued[1].content.replace('"net_minor":1000', '"net_minor":900')
    sealed = hashlib.sha256((issued[1].previous_hash + content).encode()).hexdigest()
    issued[1] = replace(issued[1], content=content, hash=sealed)
    with pytest.raises(ZReportTampered) as found:
        verify_chain(issued)
    assert found.value.metadata["number"] == "3"


def test_a_report_that_names_another_predecessor_is_noticed() -> None:
    issued = chain(3)
    issued[1] = replace(issued[1], previous_hash=GENESIS_HASH)
    with pytest.raises(ZReportTampered) as found:
        verify_chain(issued)
    assert found.value.metadata["number"] == "2"


def test_a_missing_report_is_noticed() -> None:
    issued = chain(4)
    with pytest.raises(ZReportTampered) as found:
        verify_chain(issued[:1] + issued[2:])
    assert found.value.metadata["number"] == "2"


def test_a_sale_puts_what_was_tendered_into_the_drawer_and_takes_the_change_out() -> None:
    moved = {"tendered": 2000, "change": 300, "paid_in": 50, "paid_out": 20, "drop": 500, "no_sale": 0}
    totals = cash_totals(session(), moved)
    assert totals == CashTotals(
        opening_float_minor=session().opening_float_minor,
        sales_minor=1700,
        paid_in_minor=50,
        paid_out_minor=20,
        drops_minor=500,
    )
    sold = session().after_sale(2000, 300)
    assert sold.expected_minor - session().expected_minor == totals.sales_minor
    assert sold.version == session().version + 1
