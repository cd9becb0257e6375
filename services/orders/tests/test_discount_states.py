"""Every pair of a state and a command about discounts: the states are made, what is legal is said once."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from chassis.errors import Problem
from chassis.ids import new_id
from services.orders.domain.approval import Authority, Rank
from services.orders.domain.discount import Discount, DiscountKind, OfPromotion
from services.orders.domain.order import placing
from services.orders.domain.order.axes import Kitchen, Lifecycle, Payment
from services.orders.domain.order.basket import price_basket
from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.discount import Caps, WantedDiscount, give, take_back
from services.orders.domain.order.house import House
from services.orders.domain.order.order import Order, ServiceFlow
from services.orders.tests.builders import NOON, item, line, menu, stamp, station, terms, wanted

BURGER = item()
HOUSE = House((station(),), auto_complete=False, service_charge_bp=0)
OWNER = Authority("discounts.manage", alone=True, rank=Rank.OWNER)
PAID_PARTS = {Payment.UNPAID: 0, Payment.PART_PAID: 1, Payment.PAID: 900}
OPEN = {Lifecycle.DRAFT, Lifecycle.VALIDATED}
KITCHENS = (Kitchen.HELD, Kitchen.QUEUED, Kitchen.PREPARING, Kitchen.READY, Kitchen.SERVED, Kitchen.CANCELLED)


@dataclass(frozen=True)
class Where:
    """A state of an order of 10.00 with a discount of 1.00 and a promotion of nothing left."""

    lifecycle: Lifecycle
    payment: Payment
    kitchen: Kitchen
    flow: ServiceFlow

    @property
    def possible(self) -> bool:
        """Whether an order can stand so."""
        draft = self.lifecycle is Lifecycle.DRAFT
        cancelled = self.kitchen is Kitchen.CANCELLED
        if draft and (self.payment is not Payment.UNPAID or self.kitchen is not Kitchen.HELD):
            return False
        if cancelled != (self.lifecycle is Lifecycle.CANCELLED):
            return False
        waits = self.flow is ServiceFlow.PAY_FIRST and self.payment is not Payment.PAID
        return not waits or self.kitchen in {Kitchen.HELD, Kitchen.CANCELLED}


def states() -> Iterator[Where]:
    for parts in itertools.product(
        Lifecycle, (Payment.UNPAID, Payment.PART_PAID, Payment.PAID), KITCHENS, ServiceFlow
    ):
        where = Where(*parts)
        if where.possible:
            yield where


STATES = list(states())


def standing(where: Where) -> Order:
    asked = wanted(line(BURGER, hold=True, course="mains"), service_flow=where.flow)
    basket = price_basket(asked.lines, asked.order_type, 0, menu(BURGER), terms())
    order = placing.place(asked, basket, new_id(), 1, HOUSE.stations, stamp()).order
    lines = [replace(one, kitchen=where.kitchen) for one in order.lines]
    source = OfPromotion(new_id(), "Happy hour", True)
    discounts = [
        Discount(new_id(), DiscountKind.PERCENT, 1_000, NOON),
        Discount(new_id(), DiscountKind.PERCENT, 1, NOON, (lines[0].id,), promotion=source),
    ]
    order = rebilled(order, 0, lines=lines, discounts=discounts[:1])
    paid = replace(order.totals, paid_minor=PAID_PARTS[where.payment])
    placed_at = None if where.lifecycle is Lifecycle.DRAFT else order.placed_at
    order = replace(order, totals=paid, lifecycle=where.lifecycle, placed_at=placed_at)
    assert order.payment is where.payment
    return replace(order, discounts=(*order.discounts, discounts[1]))


def attempt(verb: Callable[[], Change | None]) -> str:
    try:
        verb()
    except Problem as problem:
        return str(problem.reason)
    return "ok"


def giving(order: Order, kind: DiscountKind, value: int) -> str:
    asked = WantedDiscount(new_id(), kind, value, None, "late")
    return attempt(lambda: give(Locked(order), asked, OWNER, Caps(), HOUSE, stamp()))


def test_the_table_has_every_lifecycle_payment_and_stage_of_the_kitchen() -> None:
    assert {one.lifecycle for one in STATES} == set(Lifecycle)
    assert {one.payment for one in STATES} == set(PAID_PARTS)
    assert {one.kitchen for one in STATES} == set(KITCHENS)
    assert {one.flow for one in STATES} == set(ServiceFlow)
    assert len(STATES) > 60


@pytest.mark.parametrize(
    "where", STATES, ids=lambda one: f"{one.lifecycle}-{one.payment}-{one.kitchen}-{one.flow}"
)
def test_every_pair_of_a_state_and_a_command_about_discounts(where: Where) -> None:
    order = standing(where)
    is_open, paid = where.lifecycle in OPEN, where.payment is Payment.PAID
    mine, promoted = order.discounts
    expected = {
        "a penny off": "ILLEGAL_TRANSITION" if not is_open else "REFUND_REQUIRED" if paid else "ok",
        "all of it": "ILLEGAL_TRANSITION"
        if not is_open
        else "ok"
        if where.payment is Payment.UNPAID
        else "REFUND_REQUIRED",
        "take mine back": "ILLEGAL_TRANSITION" if not is_open else "ORDER_PAID" if paid else "ok",
        "take the promotion back": "PROMOTION_APPLIES" if is_open else "ILLEGAL_TRANSITION",
        "take back what is not there": "DISCOUNT_NOT_FOUND" if is_open else "ILLEGAL_TRANSITION",
    }
    found = {
        "a penny off": giving(order, DiscountKind.AMOUNT, 1),
        "all of it": giving(order, DiscountKind.COMP, 0),
        "take mine back": attempt(lambda: take_back(Locked(order), mine.id, 0, stamp())),
        "take the promotion back": attempt(lambda: take_back(Locked(order), promoted.id, 0, stamp())),
        "take back what is not there": attempt(lambda: take_back(Locked(order), new_id(), 0, stamp())),
    }
    assert found == expected
