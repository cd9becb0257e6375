"""Postings balance, and say what happened to the drawer."""

from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.bill import share_of
from services.payments.domain.fee import NO_FEE, Fee, Method
from services.payments.domain.ledger import (
    ACCOUNTS,
    CASH_DRAWER,
    CASH_OVER_SHORT,
    FEES,
    FEES_PAYABLE,
    SAFE,
    TIPS_PAYABLE,
    Entry,
    closing_posting,
    drawer_posting,
    is_balanced,
    opening_posting,
    payment_posting,
)
from services.payments.domain.till import DrawerKind
from services.payments.tests.builders import bill

money = st.integers(0, 10**8)


def net(entries: tuple[Entry, ...], account: str) -> int:
    return sum(entry.debit_minor - entry.credit_minor for entry in entries if entry.account == account)


@given(st.integers(1, 11250), money, st.sampled_from(list(Method)), money, money)
def test_a_payment_is_balanced_and_lands_where_the_money_lies(
    amount: int, tip: int, method: Method, provider: int, platform: int
) -> None:
    fee = NO_FEE if method is Method.CASH else Fee(provider, platform)
    entries = payment_posting(method, share_of(bill(), amount), tip, fee)
    assert is_balanced(entries)
    assert all((entry.debit_minor > 0) != (entry.credit_minor > 0) for entry in entries)
    assert {entry.account for entry in entries} <= ACCOUNTS
    place = CASH_DRAWER if method is Method.CASH else f"{method}_clearing"
    assert net(entries, place) == amount + tip
    assert net(entries, TIPS_PAYABLE) == -tip
    assert net(entries, FEES) == fee.total_minor == -net(entries, FEES_PAYABLE)


@given(st.sampled_from(list(DrawerKind)), st.integers(1, 10**8))
def test_drawer_events_move_the_drawer_by_their_amount(kind: DrawerKind, amount: int) -> None:
    entries = drawer_posting(kind, amount)
    assert is_balanced(entries)
    moved = {DrawerKind.PAID_IN: amount, DrawerKind.NO_SALE: 0}.get(kind, -amount)
    assert net(entries, CASH_DRAWER) == moved


@given(money, st.integers(-(10**6), 10**8))
def test_closing_empties_the_drawer_into_the_safe(counted: int, expected: int) -> None:
    entries = closing_posting(counted, counted - expected)
    assert is_balanced(entries)
    assert net(entries, CASH_DRAWER) == -expected
    assert net(entries, SAFE) == counted
    assert net(entries, CASH_OVER_SHORT) == expected - counted


@given(money)
def test_the_float_comes_from_the_safe(amount: int) -> None:
    entries = opening_posting(amount)
    assert is_balanced(entries)
    assert net(entries, CASH_DRAWER) == amount == -net(entries, SAFE)
