"""The order's state machine and the kitchen: guards just inside and just outside, and no illegal path."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from chassis.errors import Problem
from chassis.ids import new_id
from services.orders.domain import firing
from services.orders.domain.errors import (
    BalanceOpen,
    IllegalTransition,
    LineAlreadyFired,
    LineRefused,
    NothingToFire,
    ReasonRequired,
    RecallTooLate,
    RefundRequired,
    TicketStepRefused,
)
from services.orders.domain.order import cancelling, guards, lifecycle, placing
from services.orders.domain.order.axes import Kitchen, Lifecycle, Payment, State
from services.orders.domain.order.basket import WantedLine, price_basket, wanted_again
from services.orders.domain.order.change import (
    Cancelled,
    Change,
    Completed,
    KitchenReady,
    Locked,
    PaymentRecorded,
)
from services.orders.domain.order.choosing import WantedOption
from services.orders.domain.order.order import ServiceFlow
from services.orders.domain.payment import Captured, record
from services.orders.domain.ticket import RECALL_WITHIN, LineStep, TicketStep, newest
from services.orders.tests.builders import (
    DRINKS,
    MAINS,
    MIA,
    NOON,
    group,
    item,
    line,
    menu,
    option,
    stamp,
    station,
    terms,
    wanted,
)

KITCHEN = station()
BAR = station(name="Bar", is_default=False, category_ids=frozenset({DRINKS}))
BURGER, BEER, SALAD = item(), item(category_id=DRINKS, name="Beer"), item(name="Salad", allergens=(9,))
MENU = menu(BURGER, BEER, SALAD)


def placed(*lines: WantedLine, flow: ServiceFlow = ServiceFlow.PAY_LATER) -> Locked:
    lines = lines or (line(BURGER),)
    order = wanted(*lines, service_flow=flow)
    basket = price_basket(lines, order.order_type, 0, MENU, terms())
    change = placing.place(order, basket, new_id(), 1, (KITCHEN, BAR), stamp())
    return after(change)


def drafted(*lines: WantedLine) -> Locked:
    order = wanted(*lines, draft=True)
    basket = price_basket(lines, order.order_type, 0, MENU, terms())
    return after(placing.open_draft(order, basket, new_id(), stamp()))


def after(change: Change) -> Locked:
    return Locked(change.order, tuple(newest(change.old_tickets, change.tickets)))


def pay(locked: Locked, amount: int | None = None) -> Change:
    amount = locked.order.totals.due_minor if amount is None else amount
    return record(locked, cash(locked, amount), (KITCHEN, BAR), False, stamp())


def cash(locked: Locked, amount: int) -> Captured:
    return Captured(new_id(), locked.order.id, 1, "cash", amount, "GBP", MIA)


def cook(locked: Locked, *steps: TicketStep) -> Locked:
    for step in steps:
        for ticket in locked.tickets:
            change = lifecycle.step_ticket(locked, ticket.id, step, False, stamp())
            assert change is not None
            locked = after(change)
    return locked


def validated(locked: Locked) -> Change:
    basket = price_basket(wanted_again(locked.order), locked.order.order_type, 0, MENU, terms())
    return placing.validate(locked, basket, 1, (KITCHEN, BAR), stamp())


def test_the_allergens_of_a_line_are_those_of_the_food_as_it_is_ordered() -> None:
    pistachio, vanilla = option(name="Pistachio", allergens=(10, 7)), option(name="Vanilla", allergens=(4,))
    ice = item(name="Ice cream", allergens=(7, 4), groups=(group(pistachio, vanilla),))
    plain, nutty = line(ice), line(ice, options=(WantedOption(pistachio.id, 1),))
    order = wanted(plain, nutty)
    basket = price_basket(order.lines, order.order_type, 0, menu(ice), terms())
    assert [one.allergens for one in basket.lines] == [(4, 7), (4, 7, 10)]
    change = placing.place(order, basket, new_id(), 1, (KITCHEN,), stamp())
    assert [ticket.allergens for ticket in change.tickets] == [(4, 7, 10)]


def test_pay_first_goes_through_the_chain_that_was_asked_for() -> None:
    locked = drafted(line(BURGER))
    states = [locked.order.state]
    steps: list[Callable[[Locked], Locked]] = [
        lambda one: after(validated(one)),
        lambda one: after(pay(one)),
        lambda one: cook(one, TicketStep.START),
        lambda one: cook(one, TicketStep.BUMP),
        lambda one: after(lifecycle.complete(one, stamp())),
    ]
    locked = Locked(replace(locked.order, service_flow=ServiceFlow.PAY_FIRST))
    for step in steps:
        locked = step(locked)
        states.append(locked.order.state)
    assert states == [State.DRAFT, State.VALIDATED, State.PAID, State.PREPARING, State.READY, State.DONE]


def test_the_history_of_a_pay_first_order_reads_as_the_chain() -> None:
    order = wanted(line(BURGER), service_flow=ServiceFlow.PAY_FIRST)
    basket = price_basket(order.lines, order.order_type, 0, MENU, terms())
    change = placing.place(order, basket, new_id(), 1, (KITCHEN,), stamp())
    rows = list(change.history)
    for verb in (pay, lambda one: lifecycle.step_all(one, TicketStep.BUMP, False, stamp())):
        change = verb(after(change))
        rows += change.history
    states = [(row.from_value, row.to_value) for row in rows if row.axis == "state"]
    assert states == [("draft", "validated"), ("validated", "paid"), ("paid", "ready")]
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("flow", ServiceFlow)
@pytest.mark.parametrize("price_minor", [0, 1000])
def test_an_order_placed_at_once_came_the_way_of_a_draft_that_is_placed(
    flow: ServiceFlow, price_minor: int
) -> None:
    sold = item(price_minor=price_minor)
    order = wanted(line(sold), service_flow=flow)
    basket = price_basket(order.lines, order.order_type, 0, menu(sold), terms())
    at_once = placing.place(order, basket, new_id(), 7, (KITCHEN,), stamp())
    kept = after(placing.open_draft(order, basket, new_id(), stamp()))
    in_two_steps = placing.validate(kept, basket, 7, (KITCHEN,), stamp())

    def moves(change: Change) -> list[tuple[str, str, str]]:
        return [(row.axis, row.from_value, row.to_value) for row in change.history]

    assert moves(at_once) == moves(in_two_steps)
    assert (at_once.gained, at_once.events) == (in_two_steps.gained, in_two_steps.events)
    assert (at_once.order.number, at_once.order.version) == (7, 1)
    assert {ticket.order_number for ticket in at_once.tickets} <= {7}


def test_pay_later_shows_its_payment_in_the_history_and_not_in_the_state() -> None:
    change = pay(cook(placed(), TicketStep.START))
    assert change.order.state is State.PREPARING
    assert [(row.axis, row.to_value) for row in change.history] == [("payment", "paid")]


def test_a_draft_has_no_number_no_ticket_and_owes_nothing() -> None:
    locked = drafted(line(BURGER))
    assert (locked.order.number, locked.tickets, locked.order.payment) == (0, (), Payment.UNPAID)
    assert locked.order.state is State.DRAFT


def test_pay_first_reaches_the_kitchen_only_when_it_is_paid_in_full() -> None:
    locked = placed(flow=ServiceFlow.PAY_FIRST)
    part = pay(locked, locked.order.totals.total_minor - 1)
    assert (part.order.payment, part.tickets) == (Payment.PART_PAID, ())
    full = pay(after(part))
    assert (full.order.payment, full.order.kitchen) == (Payment.PAID, Kitchen.QUEUED)
    assert len(full.tickets) == 1


def test_a_free_pay_first_order_is_paid_at_once() -> None:
    free = item(price_minor=0)
    order = wanted(line(free), service_flow=ServiceFlow.PAY_FIRST)
    basket = price_basket(order.lines, order.order_type, 0, menu(free), terms())
    change = placing.place(order, basket, new_id(), 1, (KITCHEN,), stamp())
    assert (change.order.state, len(change.tickets)) == (State.PAID, 1)


def test_lines_on_hold_or_with_a_course_wait_for_fire() -> None:
    locked = placed(line(BURGER), line(BURGER, hold=True), line(SALAD, course="dessert"))
    assert [one.kitchen for one in locked.order.lines] == [Kitchen.QUEUED, Kitchen.HELD, Kitchen.HELD]
    fired = firing.fire(locked, [], "dessert", (KITCHEN,), stamp())
    assert [one.kitchen for one in fired.order.lines] == [Kitchen.QUEUED, Kitchen.HELD, Kitchen.QUEUED]
    rest = firing.fire(after(fired), [], "", (KITCHEN,), stamp())
    assert {one.kitchen for one in rest.order.lines} == {Kitchen.QUEUED}
    with pytest.raises(NothingToFire):
        firing.fire(after(rest), [], "", (KITCHEN,), stamp())


def test_named_lines_are_fired_once_and_must_exist() -> None:
    locked = placed(line(BURGER, hold=True), line(SALAD, hold=True))
    first = locked.order.lines[0].id
    fired = after(firing.fire(locked, [first], "", (KITCHEN,), stamp()))
    with pytest.raises(LineAlreadyFired):
        firing.fire(fired, [first], "", (KITCHEN,), stamp())
    with pytest.raises(LineRefused):
        firing.fire(fired, [new_id()], "", (KITCHEN,), stamp())


def test_pay_first_cannot_be_fired_before_it_is_paid() -> None:
    locked = placed(line(BURGER, hold=True), flow=ServiceFlow.PAY_FIRST)
    with pytest.raises(IllegalTransition) as refused:
        firing.fire(locked, [], "", (KITCHEN,), stamp())
    allowed = "split,transfer,merge,cancel,add_lines,change_line,void_line"
    assert refused.value.metadata == {"from": "validated", "command": "fire", "allowed": allowed}


def test_pay_first_is_fired_unpaid_when_somebody_lets_the_guest_pay_later() -> None:
    locked = placed(line(BURGER), line(SALAD, hold=True), flow=ServiceFlow.PAY_FIRST)
    assert [one.kitchen for one in locked.order.lines] == [Kitchen.HELD, Kitchen.HELD]
    fired = firing.fire(locked, [locked.order.lines[0].id], "", (KITCHEN,), stamp(), pay_later=True)
    assert [one.kitchen for one in fired.order.lines] == [Kitchen.QUEUED, Kitchen.HELD]
    assert (fired.order.service_flow, fired.order.version) == (ServiceFlow.PAY_LATER, 2)
    # From then on it is an order like any other that is paid after the meal.
    rest = firing.fire(after(fired), [], "", (KITCHEN,), stamp())
    assert {one.kitchen for one in rest.order.lines} == {Kitchen.QUEUED}


def test_every_station_gets_a_ticket_with_its_own_lines() -> None:
    locked = placed(line(BURGER), line(BEER), line(SALAD))
    by_station = {ticket.station_name: ticket for ticket in locked.tickets}
    assert [one.name for one in by_station["Kitchen"].lines] == ["Burger", "Salad"]
    assert [one.name for one in by_station["Bar"].lines] == ["Beer"]
    assert by_station["Kitchen"].allergens == (2, 7, 9)
    assert by_station["Kitchen"].target_at - NOON == timedelta(minutes=15)


def test_lines_fired_later_are_a_new_revision_of_a_ticket_that_is_being_cooked() -> None:
    locked = placed(line(BURGER), line(SALAD, hold=True))
    acknowledged = cook(locked, TicketStep.ACK)
    [ticket] = firing.fire(acknowledged, [], "", (KITCHEN,), stamp()).tickets
    assert (ticket.id, ticket.revision, len(ticket.lines)) == (locked.tickets[0].id, 3, 2)
    assert ticket.acknowledged_at is None


def test_lines_fired_after_the_ticket_was_ready_are_a_new_ticket() -> None:
    locked = cook(placed(line(BURGER), line(SALAD, hold=True)), TicketStep.BUMP)
    [ticket] = firing.fire(locked, [], "", (KITCHEN,), stamp()).tickets
    assert (ticket.id != locked.tickets[0].id, ticket.revision, len(ticket.lines)) == (True, 1, 1)


def test_a_line_goes_through_the_kitchen_step_by_step() -> None:
    locked = placed()
    ticket, burger = locked.tickets[0].id, locked.order.lines[0].id
    for step, state in [
        (LineStep.START, Kitchen.PREPARING),
        (LineStep.READY, Kitchen.READY),
        (LineStep.RECALL, Kitchen.PREPARING),
        (LineStep.READY, Kitchen.READY),
        (LineStep.SERVE, Kitchen.SERVED),
    ]:
        locked = after(lifecycle.step_line(locked, ticket, burger, step, False, stamp()))
        assert locked.order.lines[0].kitchen is state
    for step in LineStep:
        with pytest.raises(TicketStepRefused):
            lifecycle.step_line(locked, ticket, burger, step, False, stamp())


@pytest.mark.parametrize("step", [LineStep.READY, LineStep.SERVE, LineStep.RECALL])
def test_a_queued_line_can_only_be_started(step: LineStep) -> None:
    locked = placed()
    with pytest.raises(TicketStepRefused) as refused:
        lifecycle.step_line(locked, locked.tickets[0].id, locked.order.lines[0].id, step, False, stamp())
    assert refused.value.metadata["allowed"] == "start"
    assert refused.value.reason == "ILLEGAL_TRANSITION"


@pytest.mark.parametrize(("late", "fine"), [(timedelta(), True), (timedelta(microseconds=1), False)])
def test_a_recall_is_possible_for_thirty_minutes(late: timedelta, fine: bool) -> None:
    locked = cook(placed(), TicketStep.BUMP)
    recall = stamp(NOON + RECALL_WITHIN + late)
    if fine:
        change = lifecycle.step_ticket(locked, locked.tickets[0].id, TicketStep.RECALL, False, recall)
        assert change is not None
        assert (change.order.state, change.tickets[0].ready_at) == (State.PREPARING, None)
        return
    with pytest.raises(RecallTooLate):
        lifecycle.step_ticket(locked, locked.tickets[0].id, TicketStep.RECALL, False, recall)


def test_the_kitchen_state_of_an_order_is_its_least_advanced_line() -> None:
    locked = placed(line(BURGER), line(BEER))
    kitchen, bar = locked.tickets
    change = lifecycle.step_ticket(locked, bar.id, TicketStep.BUMP, False, stamp())
    assert change is not None
    assert (change.order.kitchen, change.order.state) == (Kitchen.QUEUED, State.PREPARING)
    last = lifecycle.step_ticket(after(change), kitchen.id, TicketStep.BUMP, False, stamp())
    assert last is not None
    assert (last.order.kitchen, last.order.state) == (Kitchen.READY, State.READY)
    assert any(isinstance(event, KitchenReady) for event in last.events)


def test_serving_the_first_of_two_lines_does_not_move_the_order_back() -> None:
    locked = placed(line(BURGER), line(SALAD))
    ticket, burger = locked.tickets[0].id, locked.order.lines[0].id
    for step in (LineStep.START, LineStep.READY, LineStep.SERVE):
        locked = after(lifecycle.step_line(locked, ticket, burger, step, False, stamp()))
        assert locked.order.state is State.PREPARING


def test_a_line_that_two_stations_cook_is_ready_when_both_are() -> None:
    grill = station(name="Grill", is_default=False, category_ids=frozenset({MAINS}))
    cold = station(name="Cold", is_default=False, category_ids=frozenset({MAINS}))
    order = wanted(line(BURGER))
    basket = price_basket(order.lines, order.order_type, 0, MENU, terms())
    locked = after(placing.place(order, basket, new_id(), 1, (KITCHEN, grill, cold), stamp()))
    first, second = locked.tickets
    one = lifecycle.step_ticket(locked, first.id, TicketStep.BUMP, False, stamp())
    assert one is not None
    assert one.order.lines[0].kitchen is Kitchen.QUEUED
    both = lifecycle.step_ticket(after(one), second.id, TicketStep.BUMP, False, stamp())
    assert both is not None
    assert both.order.lines[0].kitchen is Kitchen.READY


def test_an_acknowledgement_counts_once() -> None:
    locked = cook(placed(), TicketStep.ACK)
    assert lifecycle.step_ticket(locked, locked.tickets[0].id, TicketStep.ACK, False, stamp()) is None


def test_complete_needs_everything_handed_over_and_paid() -> None:
    locked = placed()
    with pytest.raises(IllegalTransition):
        lifecycle.complete(locked, stamp())
    ready = cook(locked, TicketStep.BUMP)
    with pytest.raises(BalanceOpen) as refused:
        lifecycle.complete(ready, stamp())
    assert refused.value.metadata == {"due_minor": "1000"}
    change = lifecycle.complete(after(pay(ready)), stamp())
    assert (change.order.state, change.order.completed_at) == (State.DONE, NOON)
    assert change.tickets[0].state is Kitchen.SERVED


@pytest.mark.parametrize("last", ["payment", "served"])
def test_an_order_completes_by_itself_when_it_is_paid_and_served(last: str) -> None:
    locked = cook(placed(), TicketStep.BUMP)
    ticket = locked.tickets[0].id
    payment = cash(locked, 1000)
    if last == "payment":
        served = lifecycle.step_ticket(locked, ticket, TicketStep.SERVE, True, stamp())
        assert served is not None
        assert served.order.lifecycle is Lifecycle.VALIDATED
        change: Change | None = record(after(served), payment, (KITCHEN,), True, stamp())
    else:
        paid = record(locked, payment, (KITCHEN,), True, stamp())
        assert paid.order.lifecycle is Lifecycle.VALIDATED
        change = lifecycle.step_ticket(after(paid), ticket, TicketStep.SERVE, True, stamp())
    assert change is not None
    assert (change.order.lifecycle, change.events[-1]) == (Lifecycle.DONE, Completed())


def test_a_cancellation_before_the_kitchen_started_wastes_nothing() -> None:
    pending = cancelling.begin_cancel(placed(), stamp(reason="guest left"))
    assert (pending.order.lifecycle, pending.order.state) == (Lifecycle.CANCEL_PENDING, State.VALIDATED)
    change = cancelling.finish_cancel(after(pending), stamp())
    assert change.order.state is State.CANCELLED
    assert change.order.kitchen is Kitchen.NONE
    assert change.events == (Cancelled("guest left", wasted=False),)
    assert (change.tickets[0].state, change.tickets[0].revision) == (Kitchen.CANCELLED, 2)


@pytest.mark.parametrize(
    "steps", [[TicketStep.START], [TicketStep.BUMP], [TicketStep.BUMP, TicketStep.SERVE]]
)
def test_a_cancellation_after_the_kitchen_started_is_waste(steps: list[TicketStep]) -> None:
    locked = cook(placed(), *steps)
    change = cancelling.finish_cancel(after(cancelling.begin_cancel(locked, stamp(reason="x"))), stamp())
    assert change.events == (Cancelled("x", wasted=True),)


def test_a_fired_order_is_cancelled_with_a_reason_only() -> None:
    with pytest.raises(ReasonRequired):
        cancelling.begin_cancel(placed(), stamp(reason="  "))
    unfired = placed(line(BURGER, hold=True))
    assert cancelling.begin_cancel(unfired, stamp()).order.lifecycle is Lifecycle.CANCEL_PENDING


def test_an_order_with_money_on_it_is_not_cancelled() -> None:
    with pytest.raises(RefundRequired):
        cancelling.begin_cancel(after(pay(placed(), 1)), stamp(reason="x"))


def test_a_refused_cancellation_leaves_the_order_as_it_was_and_cooks_what_was_paid_meanwhile() -> None:
    pending = after(cancelling.begin_cancel(placed(flow=ServiceFlow.PAY_FIRST), stamp()))
    paid = pay(pending)
    assert (paid.order.lifecycle, paid.tickets) == (Lifecycle.CANCEL_PENDING, ())
    restored = cancelling.refuse_cancel(after(paid), (KITCHEN,), stamp())
    assert (restored.order.state, len(restored.tickets)) == (State.PAID, 1)


def test_money_is_booked_whatever_the_state() -> None:
    pending = cancelling.begin_cancel(placed(), stamp(reason="x"))
    cancelled = after(cancelling.finish_cancel(after(pending), stamp()))
    change = pay(cancelled, 1000)
    assert (change.order.totals.paid_minor, change.order.state) == (1000, State.CANCELLED)
    assert isinstance(change.events[0], PaymentRecorded)


def closed_orders() -> list[Locked]:
    done = after(lifecycle.complete(after(pay(cook(placed(), TicketStep.BUMP))), stamp()))
    pending = after(cancelling.begin_cancel(placed(), stamp(reason="x")))
    return [
        done,
        pending,
        after(cancelling.finish_cancel(pending, stamp())),
        after(cancelling.cancel_draft(drafted(), stamp())),
    ]


@pytest.mark.parametrize("index", range(4))
def test_a_closed_order_takes_no_command(index: int) -> None:
    locked = closed_orders()[index]
    ticket_id: UUID = locked.tickets[0].id if locked.tickets else new_id()
    verbs: list[Callable[[], object]] = [
        lambda: firing.fire(locked, [], "", (KITCHEN,), stamp()),
        lambda: lifecycle.complete(locked, stamp()),
        lambda: cancelling.begin_cancel(locked, stamp(reason="x")),
        lambda: cancelling.cancel_draft(locked, stamp()),
        lambda: validated(locked),
        lambda: lifecycle.step_ticket(locked, ticket_id, TicketStep.START, False, stamp()),
        lambda: lifecycle.step_all(locked, TicketStep.BUMP, False, stamp()),
    ]
    for verb in verbs:
        with pytest.raises(Problem) as refused:
            verb()
        assert refused.value.reason in {"ILLEGAL_TRANSITION", "TICKET_NOT_FOUND"}
    done = locked.order.lifecycle is Lifecycle.DONE
    assert guards.allowed_commands(locked.order) == (["invoice"] if done else [])
    assert guards.reachable_statuses(locked.order) == []


def test_versions_and_revisions_grow_by_one() -> None:
    locked = placed()
    assert (locked.order.version, locked.tickets[0].revision) == (1, 1)
    locked = cook(locked, TicketStep.START)
    assert (locked.order.version, locked.tickets[0].revision) == (2, 2)


def test_a_bump_of_everything_does_not_leave_held_lines_behind() -> None:
    locked = placed(line(BURGER), line(SALAD, hold=True))
    with pytest.raises(IllegalTransition):
        lifecycle.step_all(locked, TicketStep.BUMP, False, stamp())
