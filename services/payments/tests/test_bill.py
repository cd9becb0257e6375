"""Shares of a bill: exact at the end, never taking back on the way, whatever the order of amounts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import percent
from services.payments.domain.bill import (
    SALES,
    SERVICE_CHARGE,
    VAT_PAYABLE,
    Bill,
    BillMode,
    BillState,
    Charges,
    Share,
    VatGroup,
    amount_to_pay,
    check_closable,
    parts_of,
    share_of,
)
from services.payments.domain.errors import (
    AmountAboveBalance,
    BillClosed,
    BillHasMoney,
    BillInconsistent,
    BillPaid,
)
from services.payments.tests.builders import bill, charges


def paid(of: Bill, amount: int) -> tuple[Bill, Share]:
    share = share_of(of, amount)
    after = replace(of, paid_minor=of.paid_minor + amount, sequence=of.sequence + 1, booked=share.booked)
    return after, share


@st.composite
def any_charges(draw: st.DrawFn) -> Charges:
    mode = draw(st.sampled_from(list(BillMode)))
    rates = draw(st.lists(st.sampled_from([0, 500, 1000, 2000]), min_size=1, max_size=4, unique=True))
    goods = {rate: draw(st.integers(1, 20_000)) for rate in rates}
    service = percent(sum(goods.values()), draw(st.integers(0, 2000)))
    discount = draw(st.integers(0, 3000))
    groups: list[VatGroup] = []
    for index, (rate, minor) in enumerate(goods.items()):
        taxed = minor + (service if index == 0 and mode is not BillMode.INCLUSIVE_OPTIONAL else 0)
        if mode is BillMode.EXCLUSIVE_LEGACY:
            groups.append(VatGroup(rate, taxed, percent(taxed, rate)))
        else:
            groups.append(VatGroup(rate, taxed, taxed * rate // (10000 + rate)))
    total = sum(goods.values()) + service
    if mode is BillMode.EXCLUSIVE_LEGACY:
        total += sum(group.vat_minor for group in groups)
    return Charges(mode, total, service, discount, 0, tuple(groups))


@given(any_charges())
def test_the_parts_of_a_bill_sum_up_to_its_total(of: Charges) -> None:
    parts = parts_of(of)
    assert sum(parts.values()) == of.total_minor
    assert min(parts.values()) >= 0
    for group in of.vat:
        assert parts[VAT_PAYABLE, group.rate_bp] == group.vat_minor


@given(any_charges(), st.data())
def test_payments_of_any_size_add_up_to_the_bill_exactly(of: Charges, data: st.DataObject) -> None:
    current, shares = bill(of), list[Share]()
    while current.due_minor:
        small = st.integers(1, min(current.due_minor, 3))
        amount = data.draw(st.one_of(small, st.integers(1, current.due_minor))) if len(shares) < 12 else None
        current, share = paid(current, amount_to_pay(current, amount))
        shares.append(share)
        assert sum(share.parts.values()) == amount or amount is None
        assert min(share.parts.values()) >= 0
        assert all(booked <= parts_of(of)[part] for part, booked in current.booked.parts.items())
    booked = {part: sum(share.parts.get(part, 0) for share in shares) for part in parts_of(of)}
    assert booked == parts_of(of)
    assert sum(share.service_minor for share in shares) == of.service_minor
    assert sum(share.discount_minor for share in shares) == of.discount_minor
    on_top = sum(group.vat_minor for group in of.vat) if of.mode is BillMode.EXCLUSIVE_LEGACY else 0
    gross = sum(share.gross_minor for share in shares)
    assert gross - of.discount_minor + of.service_minor + on_top == of.total_minor


@given(any_charges(), st.data())
def test_a_part_payment_books_its_own_share_of_vat(of: Charges, data: st.DataObject) -> None:
    if of.total_minor < 2:
        return
    _, share = paid(bill(of), amount := data.draw(st.integers(1, of.total_minor - 1)))
    for part, whole in parts_of(of).items():
        assert abs(share.parts.get(part, 0) - amount * whole / of.total_minor) < 1


def test_a_bill_that_grew_after_a_payment_still_ends_exact() -> None:
    first, _ = paid(bill(charges(6000, service=0, vat=(VatGroup(2000, 6000, 1000),))), 3000)
    grown = replace(
        first,
        charges=charges(16000, service=0, vat=(VatGroup(2000, 6000, 1000), VatGroup(0, 10000, 0))),
    )
    second, share = paid(grown, 100)
    assert min(share.parts.values()) >= 0
    last, _ = paid(second, second.due_minor)
    assert dict(last.booked.parts) == parts_of(grown.charges)


def test_a_rate_that_left_the_bill_is_taken_back_by_the_last_payment() -> None:
    first, _ = paid(bill(charges(6000, service=0, vat=(VatGroup(2000, 6000, 1000),))), 3000)
    changed = replace(first, charges=charges(6000, service=0, vat=(VatGroup(0, 6000, 0),)))
    last, share = paid(changed, 3000)
    assert share.parts[VAT_PAYABLE, 2000] == -500
    assert {part: minor for part, minor in last.booked.parts.items() if minor} == {(SALES, 0): 6000}


def test_optional_service_is_outside_vat_and_compulsory_service_is_taxed() -> None:
    optional = parts_of(charges(11250, service=1250))
    assert optional[SERVICE_CHARGE, None] == 1250
    assert optional[SALES, 2000] == 8333
    compulsory = parts_of(
        charges(11250, mode=BillMode.INCLUSIVE_COMPULSORY, vat=(VatGroup(2000, 11250, 1875),))
    )
    assert compulsory == {(SALES, 2000): 8333, (VAT_PAYABLE, 2000): 1875, (SERVICE_CHARGE, 2000): 1042}


def test_the_first_apps_formula_keeps_vat_on_top() -> None:
    legacy = charges(13500, mode=BillMode.EXCLUSIVE_LEGACY, vat=(VatGroup(2000, 11250, 2250),))
    assert parts_of(legacy) == {(SALES, 2000): 10000, (VAT_PAYABLE, 2000): 2250, (SERVICE_CHARGE, 2000): 1250}


def test_figures_that_exceed_the_total_are_refused() -> None:
    with pytest.raises(BillInconsistent):
        parts_of(charges(1000, service=0, vat=(VatGroup(2000, 1000, 1001),)))
    with pytest.raises(BillInconsistent):
        parts_of(charges(1000, service=1001, vat=()))


def test_the_balance_may_be_paid_and_not_a_penny_more() -> None:
    open_bill = bill()
    assert amount_to_pay(open_bill, 11250) == 11250
    assert amount_to_pay(open_bill, None) == 11250
    with pytest.raises(AmountAboveBalance) as refused:
        amount_to_pay(open_bill, 11251)
    assert refused.value.metadata["due_minor"] == "11250"


def test_a_paid_bill_and_a_closed_bill_take_nothing() -> None:
    whole, _ = paid(bill(), 11250)
    with pytest.raises(BillPaid):
        amount_to_pay(whole, None)
    with pytest.raises(BillClosed):
        amount_to_pay(replace(bill(), state=BillState.CLOSED), 1)


def test_a_bill_with_money_on_it_does_not_close() -> None:
    check_closable(bill())
    part, _ = paid(bill(), 1)
    with pytest.raises(BillHasMoney):
        check_closable(part)


def test_what_was_voided_and_who_ate_count_with_the_first_payment_alone() -> None:
    unpaid = bill(charges(11250, service=1250, void=300))
    first = share_of(unpaid, 400)
    assert (first.void_minor, first.covers) == (300, unpaid.covers)
    assert unpaid.covers > 0
    rest = share_of(replace(unpaid.after(400), booked=first.booked), 10850)
    assert (rest.void_minor, rest.covers) == (0, 0)
