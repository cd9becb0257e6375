"""Changed orders, checks, tickets and shelves: each law is broken once in a small made-up run."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.test_checkers import OURS, answered, broken, order, paid, placed, stores, truth
from tools.chaos.changes import Dish, Noted, asked_lines
from tools.chaos.checkers import check
from tools.chaos.evidence import Evidence, Violation
from tools.chaos.history import Operation
from tools.chaos.observe import StockRow, StoredPayment

BURGER = Dish("burger", ("well done",), 725)
CHIPS = Dish("chips", (), 300)


def noted() -> Noted:
    """Two burgers, as they were placed."""
    two = Noted("pay_later")
    two.add("l1", BURGER, 2)
    return two


def place() -> Operation:
    asked = {"flow": "pay_later", "id": "o1", "total_minor": 1450, "lines": asked_lines(noted())}
    return replace(placed(), asked=asked, content=noted().content)


def changed(kind: str, total: int, **asked: Any) -> Operation:
    asked |= {"order_id": "o1", "total_minor": total}
    told = answered(total_minor=total)
    return Operation(f"{kind} op", kind, "till", OURS, kind, "x", asked, 1.1, 1.2, answers=[told])


ADDED = changed("add_line", 1750, lines=[["l2", "chips", 1, [], 300]])
VOIDED = changed("void_line", 1025, line_id="l1", quantity=1)
LESS = changed("discount", 922, bp=1000)


def after() -> Noted:
    """A burger, chips, a tenth off."""
    now = noted()
    now.add("l2", CHIPS, 1)
    now.void("l1", 1)
    now.off_bp = 1000
    return now


def run(**changes: Any) -> list[Violation]:
    """A run in which everything was done to the order, with this of the truth changed."""
    kept = order(content=after().content, total_minor=922, paid_minor=922)
    money = [StoredPayment("p1", OURS, "o1", 922, "c1")]
    pay = replace(
        paid(),
        asked={"order_id": "o1", "amount_minor": 922, "id": "p1", "check_id": "c1", "check_minor": 922},
    )
    ledger = [
        replace(row, debit_minor=row.debit_minor and 922, credit_minor=row.credit_minor and 922)
        for row in truth().ledger
    ]
    balance = {OURS: [("cash_drawer", "GBP", 922, 0), ("sales", "GBP", 0, 922)]}
    units = Counter({("o1", "burger"): 2, ("o1", "chips"): 1})
    stock = [StockRow("burger", 43, 2, 43, 2)]
    found = truth(
        orders=[kept], payments=money, ledger=ledger, trial_balance=balance, stock=stock, ticket_units=units
    )
    operations = changes.pop("operations", [place(), ADDED, VOIDED, LESS, pay, *STORE])
    return check(Evidence(operations, replace(found, **changes), stores(), opening_stock={"burger": 40}))


def stored(step: str, quantity: int) -> Operation:
    asked = {"item_id": "burger", "quantity": quantity}
    return Operation(f"{step} {quantity}", step, "store", OURS, step, "x", asked, 0.1, 0.2, answers=[{}])


STORE = [stored("count", 40), stored("delivery", 5), stored("waste", 2)]


def test_an_order_that_was_changed_is_what_its_notes_say() -> None:
    assert after().total_minor == 922  # 1025 less 102.5, half up
    assert run() == []


@pytest.mark.parametrize(
    "stored_order",
    [
        order(content=after().content, total_minor=1025, paid_minor=922),
        order(content=noted().content, total_minor=922, paid_minor=922),
    ],
    ids=["without its discount", "without its changes"],
)
def test_no_change_of_an_order_is_lost(stored_order: Any) -> None:
    assert broken(run(orders=[stored_order])) & {"I1", "I12"}


def test_each_answer_to_a_change_has_the_right_total() -> None:
    wrong = replace(ADDED, answers=[answered(total_minor=1749)])
    assert "I12" in broken(run(operations=[place(), wrong, VOIDED, LESS, *STORE]))


@pytest.mark.parametrize(
    "units", [{("o1", "burger"): 1}, {("o1", "burger"): 3}, {}], ids=["lost", "twice", "none"]
)
def test_tickets_hold_every_unit_once(units: dict[tuple[str, str], int]) -> None:
    assert broken(run(ticket_units=Counter({("o1", "chips"): 1, **units}))) == {"I4"}


@pytest.mark.parametrize("on_hand", [42, 44])
def test_the_shelf_is_as_noted(on_hand: int) -> None:
    assert broken(run(stock=[StockRow("burger", on_hand, 2, on_hand, 2)])) == {"I6"}


def test_goods_of_a_cancelled_order_are_back_or_wasted() -> None:
    cancelled = order(content=after().content, total_minor=922, paid_minor=0, lifecycle="cancelled")
    for on_hand, right in ((41, True), (43, True), (40, False), (44, False)):
        found = run(orders=[cancelled], stock=[StockRow("burger", on_hand, 0, on_hand, 0)])
        assert ("I6" not in broken(found)) == right


def test_a_check_is_paid_once() -> None:
    twice = [StoredPayment(name, OURS, "o1", 922, "c1") for name in ("p1", "p2")]
    found = run(payments=twice)
    assert any("on a check of 922" in one.what for one in found)


def test_who_was_too_late_for_the_money_of_a_check_is_told_so() -> None:
    check_of = {"order_id": "o1", "amount_minor": 922, "check_id": "c1", "check_minor": 922}
    first = replace(paid(), asked={**check_of, "id": "p1"})
    late = replace(paid(), id="op9", asked=check_of, answers=[], refusals=["409 check_paid"], unknown=1)
    both = [place(), ADDED, VOIDED, LESS, first, *STORE]
    assert run(operations=[*both, late]) == []
    alone = replace(first, asked={**first.asked, "check_id": "c2", "check_minor": 922})
    assert "I2" in broken(run(operations=[place(), ADDED, VOIDED, LESS, alone, *STORE, late]))
