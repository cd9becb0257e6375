"""Random lives of an order: whatever staff, cooks and money do in whatever order, no illegal path exists."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.errors import Problem
from chassis.ids import new_id
from services.orders.domain import firing
from services.orders.domain.approval import Authority, Rank
from services.orders.domain.day import Figures, figures
from services.orders.domain.discount import DiscountKind
from services.orders.domain.menu import Item
from services.orders.domain.order import cancelling, customer, guards, invoicing, lifecycle, placing, split
from services.orders.domain.order import line as lines
from services.orders.domain.order.axes import STAGE, Kitchen, Lifecycle, Payment, State
from services.orders.domain.order.basket import price_basket, price_lines, wanted_again
from services.orders.domain.order.change import Cancelled, Change, Locked, Placed, Stamp, Updated
from services.orders.domain.order.discount import Caps, WantedDiscount, give, take_back
from services.orders.domain.order.house import House
from services.orders.domain.order.order import Order, ServiceFlow
from services.orders.domain.payment import Captured, record
from services.orders.domain.ticket import LineStep, TicketStep, line_states
from services.orders.tests.builders import DRINKS, MIA, NOON, item, line, menu, station, terms, wanted
from services.orders.tests.splits import evenly

STATIONS = (station(), station(name="Bar", is_default=False, category_ids=frozenset({DRINKS})))
ITEMS = (item(), item(category_id=DRINKS, name="Beer"), item(name="Water", price_minor=0))
MENU = menu(*ITEMS)
ADA = new_id()
REFUSALS = {
    "ILLEGAL_TRANSITION",
    "LINE_ALREADY_FIRED",
    "NOTHING_TO_FIRE",
    "RECALL_TOO_LATE",
    "REFUND_REQUIRED",
    "REASON_REQUIRED",
    "BALANCE_OPEN",
    "TOO_FEW_LEFT",
    "LINE_VOIDED",
    "VOID_REQUIRED",
    "CONFLICT",
    "EMPTY_ORDER",
    "ORDER_PAID",
    "DISCOUNT_NOT_FOUND",
    "TOO_MANY_DISCOUNTS",
    "UNKNOWN_LINE",
    "CHECKS_PAID",
}
OF_LINES = {"lines_added", "line_voided", "line_changed"}
FORWARD = {
    State.DRAFT: {State.VALIDATED, State.PAID, State.CANCELLED},
    State.VALIDATED: {State.PAID, State.PREPARING, State.READY, State.CANCELLED},
    # What was on the house is not any more.
    State.PAID: {State.VALIDATED, State.PREPARING, State.READY, State.CANCELLED},
    State.PREPARING: {State.READY, State.DONE, State.CANCELLED},
    State.READY: {State.PREPARING, State.DONE, State.CANCELLED},
    State.DONE: {State.INVOICED},
    State.INVOICED: set(),
    State.CANCELLED: set(),
}
BEFORE_MONEY = {State.DRAFT, State.VALIDATED}

wanted_lines = st.lists(
    st.tuples(st.sampled_from(ITEMS), st.booleans(), st.sampled_from(["", "", "dessert"])),
    min_size=1,
    max_size=4,
)


class OrderLife(RuleBasedStateMachine):
    """One order and everything that can be asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOON
        self.changes = 0
        self.paid = 0
        self.figures = Figures()
        self.history: dict[str, str] = {}

    @initialize(lines=wanted_lines, flow=st.sampled_from(ServiceFlow), auto=st.booleans())
    def draft(self, lines: list[tuple[object, bool, str]], flow: ServiceFlow, auto: bool) -> None:
        self.auto_complete = auto
        asked = tuple(line(thing, hold=hold, course=course) for thing, hold, course in lines)  # type: ignore[arg-type]
        order = wanted(*asked, service_flow=flow, draft=True)
        basket = price_basket(asked, order.order_type, 0, MENU, terms())
        self._took(placing.open_draft(order, basket, new_id(), self._stamp()))

    @rule()
    def validate(self) -> None:
        order = self.locked.order
        basket = price_basket(wanted_again(order), order.order_type, 0, MENU, terms(), order.discounts)
        self._try(lambda: placing.validate(self.locked, basket, 1, STATIONS, self._stamp()))

    @precondition(lambda self: self.locked.order.placed_at is not None)
    @rule(part=st.sampled_from([1, 2, 3]))
    def pay(self, part: int) -> None:
        amount = -(-self.locked.order.totals.due_minor // part) or 1
        cash = Captured(new_id(), self.locked.order.id, amount, "cash", amount, "GBP", MIA)
        self.paid += amount
        self._took(record(self.locked, cash, STATIONS, self.auto_complete, self._stamp()))

    @rule(
        kind=st.sampled_from(DiscountKind), value=st.sampled_from([1, 1_000, 10_000]), pick=st.integers(-3, 3)
    )
    def discount(self, kind: DiscountKind, value: int, pick: int) -> None:
        lines = self.locked.order.lines
        asked = WantedDiscount(
            new_id(), kind, value, lines[pick % len(lines)].id if pick > 0 else None, "late"
        )
        owner = Authority("discounts.manage", alone=True, rank=Rank.OWNER)
        self._try(lambda: give(self.locked, asked, owner, Caps(), self._house(), self._stamp()))

    @rule(pick=st.integers(0, 9))
    def take_discount_back(self, pick: int) -> None:
        given = self.locked.order.discounts
        gone = given[pick % len(given)].id if given else new_id()
        self._try(lambda: take_back(self.locked, gone, 0, self._stamp()))

    @rule(course=st.sampled_from(["", "dessert"]))
    def fire(self, course: str) -> None:
        self._try(lambda: firing.fire(self.locked, [], course, STATIONS, self._stamp()))

    @precondition(lambda self: self.locked.tickets)
    @rule(pick=st.integers(0, 9), step=st.sampled_from(TicketStep))
    def step_ticket(self, pick: int, step: TicketStep) -> None:
        ticket = self.locked.tickets[pick % len(self.locked.tickets)]
        self._try(
            lambda: lifecycle.step_ticket(self.locked, ticket.id, step, self.auto_complete, self._stamp())
        )

    @precondition(lambda self: self.locked.tickets)
    @rule(pick=st.integers(0, 9), which=st.integers(0, 9), step=st.sampled_from(LineStep))
    def step_line(self, pick: int, which: int, step: LineStep) -> None:
        ticket = self.locked.tickets[pick % len(self.locked.tickets)]
        on_it = ticket.lines[which % len(ticket.lines)].id
        self._try(
            lambda: lifecycle.step_line(
                self.locked, ticket.id, on_it, step, self.auto_complete, self._stamp()
            )
        )

    @rule(step=st.sampled_from([TicketStep.START, TicketStep.BUMP]))
    def step_all(self, step: TicketStep) -> None:
        self._try(lambda: lifecycle.step_all(self.locked, step, self.auto_complete, self._stamp()))

    @rule(thing=st.sampled_from(ITEMS), hold=st.booleans(), course=st.sampled_from(["", "dessert"]))
    def add_line(self, thing: Item, hold: bool, course: str) -> None:
        more = line(thing, 2, hold=hold, course=course)
        priced = price_lines(((0, more),), self.locked.order.order_type, 0, MENU, terms())
        self._try(lambda: lines.add(self.locked, priced, terms(), self._house(), self._stamp()))

    @rule(pick=st.integers(0, 9), quantity=st.integers(1, 2))
    def void_line(self, pick: int, quantity: int) -> None:
        of = self.locked.order.lines[pick % len(self.locked.order.lines)].id
        self._try(lambda: lines.void(self.locked, of, quantity, None, self._house(), self._stamp("no")))

    @rule(pick=st.integers(0, 9), quantity=st.integers(1, 4), course=st.sampled_from(["", "dessert"]))
    def change_line(self, pick: int, quantity: int, course: str) -> None:
        of = self.locked.order.lines[pick % len(self.locked.order.lines)].id
        wanted = lines.Edit(quantity=quantity, course=course, seat=3, base_version=self.changes)
        self._try(lambda: lines.change(self.locked, of, wanted, self._house(), self._stamp()))

    @rule()
    def complete(self) -> None:
        self._try(lambda: lifecycle.complete(self.locked, self._stamp()))

    @rule()
    def invoice(self) -> None:
        self._try(lambda: invoicing.invoiced(self.locked, 1, None, self._stamp()))

    @rule(whose=st.sampled_from([None, ADA]))
    def set_customer(self, whose: UUID | None) -> None:
        self._try(lambda: customer.set_customer(self.locked, whose, self._stamp()))

    @rule(reason=st.sampled_from(["", "guest left"]))
    def begin_cancel(self, reason: str) -> None:
        self._try(lambda: cancelling.begin_cancel(self.locked, self._stamp(reason)))

    @precondition(lambda self: self.locked.order.lifecycle is Lifecycle.CANCEL_PENDING)
    @rule(closed=st.booleans())
    def payments_answer(self, closed: bool) -> None:
        if closed:
            self._try(lambda: cancelling.finish_cancel(self.locked, self._stamp()))
        else:
            self._try(lambda: cancelling.refuse_cancel(self.locked, STATIONS, self._stamp()))

    @rule()
    def cancel_draft(self) -> None:
        self._try(lambda: cancelling.cancel_draft(self.locked, self._stamp()))

    @rule(ways=st.integers(2, 4))
    def split(self, ways: int) -> None:
        before = self.locked
        self._try(lambda: split.split(before, evenly(ways), self._stamp()))
        assert self.locked.tickets == before.tickets

    @rule(minutes=st.sampled_from([1, 20, 40]))
    def time_passes(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @invariant()
    def a_line_stands_where_its_least_advanced_ticket_stands(self) -> None:
        states = line_states(self.locked.tickets)
        for one in self.locked.order.lines:
            if one.active:
                assert one.kitchen is states.get(one.id, Kitchen.HELD)

    @invariant()
    def every_unit_of_a_fired_line_is_on_tickets_of_each_of_its_stations(self) -> None:
        for one in self.locked.order.lines:
            by_station: dict[object, int] = {}
            # What is served is on no screen any more: nobody is told there that it was taken off the bill.
            is_served = False
            for ticket in self.locked.tickets:
                for part in ticket.lines:
                    if part.id == one.id and part.state in STAGE:
                        by_station[ticket.station_id] = by_station.get(ticket.station_id, 0) + part.quantity
                        is_served = is_served or part.state is Kitchen.SERVED
            if one.active and one.kitchen is not Kitchen.HELD and not is_served:
                assert set(by_station.values()) == {one.quantity}

    @invariant()
    def done_is_paid_and_handed_over(self) -> None:
        order = self.locked.order
        if order.lifecycle is Lifecycle.DONE:
            assert order.totals.due_minor == 0
            assert {one.kitchen for one in order.lines if one.active} <= {Kitchen.SERVED}

    @invariant()
    def money_is_never_lost(self) -> None:
        assert self.locked.order.totals.paid_minor == self.paid

    @invariant()
    def every_change_counts_one_version_and_the_figures_add_up(self) -> None:
        assert self.locked.order.version == self.changes
        assert self.figures == figures(self.locked.order, self.locked.tickets)

    @invariant()
    def what_is_said_to_be_possible_is_possible(self) -> None:
        order = self.locked.order
        possible = set(guards.allowed_commands(order))
        for name, attempt in self._attempts().items():
            assert (name in possible) == _works(attempt), (name, possible, order.state)

    def _attempts(self) -> dict[str, Callable[[], object]]:
        locked, stamp = self.locked, self._stamp("guest left")
        return {
            "fire": lambda: firing.fire(locked, [], "", STATIONS, stamp),
            "start": lambda: lifecycle.step_all(locked, TicketStep.START, False, stamp),
            "complete": lambda: lifecycle.complete(locked, stamp),
            "add_lines": lambda: lines.add(locked, (), terms(), self._house(), stamp),
            "split": lambda: split.split(
                replace(locked, order=replace(locked.order, split=None)), evenly(2), stamp
            ),
            "invoice": lambda: invoicing.invoiced(locked, 1, None, stamp),
        }

    def _house(self) -> House:
        return House(STATIONS, self.auto_complete, 0)

    def _stamp(self, reason: str = "") -> Stamp:
        return Stamp("cmd", MIA, self.at, reason)

    def _try(self, verb: Callable[[], Change | None]) -> None:
        outcome: Change | Problem | None
        try:
            outcome = verb()
        except Problem as problem:
            outcome = problem
        if isinstance(outcome, Problem):
            assert outcome.reason in REFUSALS
        elif outcome is not None:
            self._took(outcome)

    def _took(self, change: Change) -> None:
        if change.before is not None:
            _check_move(change)
            _check_cost(change)
        newest = {ticket.id: ticket for ticket in (*change.old_tickets, *change.tickets)}
        for old in change.old_tickets:
            assert newest[old.id].revision - old.revision == (old.id in {one.id for one in change.tickets})
        for row in change.history:
            assert row.from_value == self.history.get(row.axis, row.from_value)
            self.history[row.axis] = row.to_value
        self.locked = Locked(change.order, tuple(newest.values()))
        self.changes += 1
        self.figures = _sum(self.figures, change.gained)


def _check_move(change: Change) -> None:
    before, after = change.before, change.order
    assert before is not None
    if any(isinstance(event, Updated) and event.cause in OF_LINES for event in change.events):
        # What is paid may be part paid again, and what was the last of the kitchen may be off.
        assert before.lifecycle in {Lifecycle.DRAFT, Lifecycle.VALIDATED}
        _check_money(before, after)
        return
    moved = (before.state, after.state)
    of_nothing = before.is_empty and after.state is State.DONE
    assert before.state is after.state or after.state in FORWARD[before.state] or of_nothing, moved
    _check_money(before, after)
    # What was paid and in the kitchen goes on there when more is ordered, which is not paid yet.
    if after.service_flow is ServiceFlow.PAY_FIRST and before.state in BEFORE_MONEY:
        still = {before.state, State.VALIDATED, State.PAID, State.CANCELLED}
        assert after.state in still or before.fired or of_nothing


def _check_money(before: Order, after: Order) -> None:
    """Nothing goes to the kitchen before the money is safe."""
    held = {one.id for one in before.lines if one.kitchen is Kitchen.HELD}
    if any(one.id in held and one.active and one.kitchen is not Kitchen.HELD for one in after.lines):
        assert after.service_flow is ServiceFlow.PAY_LATER or after.payment is Payment.PAID


def _check_cost(change: Change) -> None:
    """What an order costs changes with the events that tell bills of it: those of money and of completion are
    no such news.
    """
    before, after = change.before, change.order
    assert before is not None
    told = [event for event in change.events if isinstance(event, (Placed, Updated, Cancelled))]
    if told or after.placed_at is None:
        return
    assert replace(after.totals, paid_minor=0) == replace(before.totals, paid_minor=0)
    for of_cost in ("number", "currency_code", "covers", "bill_mode", "vat"):
        assert getattr(after, of_cost) == getattr(before, of_cost)
    voided = [[line.id for line in one.lines if not line.active] for one in (before, after)]
    assert voided[0] == voided[1]


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Problem:
        return False
    return True


def _sum(left: Figures, right: Figures) -> Figures:
    return left.minus(Figures().minus(right))


OrderLife.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestOrderLife = OrderLife.TestCase
