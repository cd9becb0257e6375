"""The verbs of an order. Each takes the stored order and answers a Change, or raises what forbids it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.orders.domain import kitchen
from services.orders.domain.change import (
    Change,
    Command,
    Completed,
    Event,
    KitchenReady,
    Locked,
    PaymentRecorded,
    Placed,
    TicketMoved,
    Updated,
    change_of,
)
from services.orders.domain.errors import (
    BalanceOpen,
    LineRefused,
    TicketNotFound,
)
from services.orders.domain.firing import fire_waiting, lines_to_fire, put_on_tickets, with_line_states
from services.orders.domain.guards import illegal, kitchen_is_through
from services.orders.domain.kitchen import LineStep, Station, Ticket, TicketStep
from services.orders.domain.order import (
    GuestAllergy,
    Kitchen,
    Lifecycle,
    Order,
    ServiceFlow,
    State,
)
from services.orders.domain.placing import Basket, Terms, WantedOrder, refuse_empty

TICKET_CAUSES = {
    TicketStep.START: "started",
    TicketStep.BUMP: "bumped",
    TicketStep.RECALL: "recalled",
    TicketStep.ACK: "acknowledged",
    TicketStep.SERVE: "served",
}
DAY_ENDED = "day_ended"
LINE_CAUSES = {
    LineStep.START: "started",
    LineStep.READY: "bumped",
    LineStep.RECALL: "recalled",
    LineStep.SERVE: "served",
}


def open_draft(
    wanted: WantedOrder,
    basket: Basket,
    terms: Terms,
    menu_version: int,
    restaurant_id: UUID,
    command: Command,
) -> Change:
    """A draft: priced for show, without number, stock or effect on the kitchen."""
    draft = _draft(wanted, basket, terms, menu_version, restaurant_id, command)
    return change_of(None, Locked(draft), draft, (), command, [Updated("draft")])


def place(
    wanted: WantedOrder,
    basket: Basket,
    terms: Terms,
    menu_version: int,
    restaurant_id: UUID,
    stations: Sequence[Station],
    command: Command,
) -> Change:
    """A draft and its validation in one step. Raises EmptyOrder."""
    draft = _draft(wanted, basket, terms, menu_version, restaurant_id, command)
    return replace(validate(Locked(draft), basket, terms, menu_version, stations, command), before=None)


def validate(
    locked: Locked,
    basket: Basket,
    terms: Terms,
    menu_version: int,
    stations: Sequence[Station],
    command: Command,
) -> Change:
    """Draft to validated: prices are fixed and lines that need not wait go to the kitchen.

    The number is given by the store in the same statement. Raises IllegalTransition and EmptyOrder.
    """
    order = locked.order
    if order.lifecycle is not Lifecycle.DRAFT:
        raise illegal(order, "validate")
    refuse_empty(basket.lines)
    valid = replace(
        order,
        lifecycle=Lifecycle.VALIDATED,
        lines=basket.lines,
        vat=basket.bill.vat_groups,
        totals=basket.totals,
        bill_mode=terms.bill_mode,
        currency_code=terms.currency_code,
        business_date=terms.business_date,
        menu_version=menu_version,
        placed_at=command.at,
    )
    fired, tickets = fire_waiting(valid, (), stations, command)
    return change_of(order, locked, fired, tickets, command, [Placed()])


def fire(
    locked: Locked,
    line_ids: Sequence[UUID],
    course: str,
    stations: Sequence[Station],
    command: Command,
    pay_later: bool = False,
) -> Change:
    """Held lines to the kitchen: those named, those of a course, or all of them.

    ``pay_later``: the guest of a pay_first order pays after the meal instead; with nothing named, only what
    nobody holds back is fired. Raises IllegalTransition (also for pay_first before it is paid),
    LineAlreadyFired, NothingToFire, LineRefused (UNKNOWN_LINE).
    """
    order = locked.order
    if order.lifecycle is not Lifecycle.VALIDATED:
        raise illegal(order, "fire")
    if pay_later and not order.kitchen_may_start:
        order = replace(order, service_flow=ServiceFlow.PAY_LATER)
        line_ids = line_ids or ([] if course else [line.id for line in order.lines if line.fires_at_once])
    if not order.kitchen_may_start:
        raise illegal(order, "fire", "The kitchen starts when this order is paid.")
    lines = lines_to_fire(order, line_ids, course)
    after, tickets = put_on_tickets(order, lines, stations, locked.tickets, command)
    return change_of(locked.order, locked, after, tickets, command, [Updated("fired")])


def step_ticket(
    locked: Locked, ticket_id: UUID, step: TicketStep, auto_complete: bool, command: Command
) -> Change | None:
    """A cook moves a whole ticket. None: it was acknowledged before.

    Raises TicketNotFound, TicketStepRefused, RecallTooLate, AllergyNotAcknowledged, IllegalTransition (the
    order is closed).
    """
    ticket = _ticket(locked, ticket_id)
    if step is not TicketStep.ACK:
        _refuse_closed(locked.order, step)
    moved = kitchen.step_ticket(ticket, step, command.at)
    if moved is ticket:
        return None
    return _kitchen_change(locked, [moved], TICKET_CAUSES[step], auto_complete, command)


def step_line(
    locked: Locked, ticket_id: UUID, line_id: UUID, step: LineStep, auto_complete: bool, command: Command
) -> Change:
    """A cook moves one line. Raises as step_ticket, and LineRefused (UNKNOWN_LINE)."""
    ticket = _ticket(locked, ticket_id)
    if line_id not in {line.id for line in ticket.lines}:
        raise LineRefused("UNKNOWN_LINE", "line_id", "The ticket has no such line.")
    _refuse_closed(locked.order, step)
    moved = kitchen.step_line(ticket, line_id, step, command.at)
    return _kitchen_change(locked, [moved], LINE_CAUSES[step], auto_complete, command)


def step_all(locked: Locked, step: TicketStep, auto_complete: bool, command: Command) -> Change:
    """Every ticket that can take the step takes it.

    Raises IllegalTransition where none can, or where a bump would leave held lines behind.
    """
    order = locked.order
    moving = [ticket for ticket in locked.tickets if step in kitchen.allowed_steps(ticket)]
    held_back = step is TicketStep.BUMP and order.kitchen is Kitchen.HELD
    if order.lifecycle is not Lifecycle.VALIDATED or not moving or held_back:
        raise illegal(order, step.value)
    moved = [kitchen.step_ticket(ticket, step, command.at) for ticket in moving]
    return _kitchen_change(locked, moved, TICKET_CAUSES[step], auto_complete, command)


def set_guest_allergy(locked: Locked, allergy: GuestAllergy | None, command: Command) -> Change | None:
    """What a guest must not eat; tickets that are still cooked or wait to be served repeat it.

    None: it is that already. Raises IllegalTransition once the order is done, cancelled or about to be.
    """
    order = locked.order
    if order.lifecycle not in {Lifecycle.DRAFT, Lifecycle.VALIDATED}:
        raise illegal(order, "set_guest_allergy")
    if allergy == order.guest_allergy:
        return None
    tickets = tuple(
        kitchen.with_guest_allergy(ticket, allergy)
        for ticket in locked.tickets
        if ticket.state in kitchen.OPEN_TICKET
    )
    after = replace(order, guest_allergy=allergy)
    return change_of(order, locked, after, tickets, command, [Updated("guest_allergy")])


def acknowledge_allergy(
    locked: Locked, ticket_id: UUID, seen: GuestAllergy | None, command: Command
) -> Change | None:
    """A cook has read what a guest must not eat. None: it was acknowledged before.

    Raises TicketNotFound, AllergyChanged.
    """
    ticket = _ticket(locked, ticket_id)
    moved = kitchen.acknowledge_allergy(ticket, seen, command.at)
    if moved is ticket:
        return None
    events = [TicketMoved(moved, "allergy_acknowledged")]
    return change_of(locked.order, locked, locked.order, (moved,), command, events)


def end_day(
    locked: Locked, today: str, fired_before: datetime, auto_complete: bool, command: Command
) -> Change | None:
    """Tickets of earlier business days than ``today`` (ISO) leave the kitchen. None: there are none."""
    ended = [
        kitchen.end_day(ticket, command.at)
        for ticket in locked.tickets
        if kitchen.outlives_its_day(ticket, today, fired_before)
    ]
    if not ended:
        return None
    after = with_line_states(locked.order, locked.tickets, ended)
    events: list[Event] = [TicketMoved(ticket, DAY_ENDED) for ticket in ended]
    if after.lifecycle is Lifecycle.VALIDATED:
        after = _completed_by_itself(after, auto_complete, command, events)
    return change_of(locked.order, locked, after, tuple(ended), command, events)


def record_payment(
    locked: Locked,
    payment: PaymentRecorded,
    stations: Sequence[Station],
    auto_complete: bool,
    command: Command,
) -> Change:
    """Books money, whatever the state of the order: it has been taken.

    What follows from it, firing and completing, happens only while the order is open.
    """
    order = locked.order
    totals = replace(order.totals, paid_minor=order.totals.paid_minor + payment.amount_minor)
    paid = replace(order, totals=totals)
    tickets: tuple[Ticket, ...] = ()
    events: list[Event] = [payment]
    if paid.lifecycle is Lifecycle.VALIDATED:
        paid, tickets = fire_waiting(paid, locked.tickets, stations, command)
        paid = _completed_by_itself(paid, auto_complete, command, events)
    return change_of(order, locked, paid, tickets, command, events)


def complete(locked: Locked, command: Command) -> Change:
    """Paid and handed over. What was ready counts as served from now on.

    Raises IllegalTransition, BalanceOpen.
    """
    order = locked.order
    if order.lifecycle is not Lifecycle.VALIDATED or not kitchen_is_through(order):
        raise illegal(order, "complete")
    if order.totals.due_minor:
        raise BalanceOpen(
            "The order is not paid in full.", metadata={"due_minor": str(order.totals.due_minor)}
        )
    waiting = [ticket for ticket in locked.tickets if ticket.state is Kitchen.READY]
    served = tuple(kitchen.step_ticket(ticket, TicketStep.SERVE, command.at) for ticket in waiting)
    after = with_line_states(order, locked.tickets, served)
    after = replace(after, lifecycle=Lifecycle.DONE, completed_at=command.at)
    events: list[Event] = [TicketMoved(ticket, "served") for ticket in served]
    return change_of(order, locked, after, served, command, [*events, Completed()])


def _draft(
    wanted: WantedOrder,
    basket: Basket,
    terms: Terms,
    menu_version: int,
    restaurant_id: UUID,
    command: Command,
) -> Order:
    """Version 0: the change that stores it makes it version 1."""
    return Order(
        id=wanted.id,
        restaurant_id=restaurant_id,
        number=0,
        lifecycle=Lifecycle.DRAFT,
        service_flow=wanted.service_flow,
        order_type=wanted.order_type,
        covers=wanted.covers,
        currency_code=terms.currency_code,
        business_date=terms.business_date,
        created_at=command.at,
        updated_at=command.at,
        version=0,
        lines=basket.lines,
        vat=basket.bill.vat_groups,
        totals=basket.totals,
        bill_mode=terms.bill_mode,
        menu_version=menu_version,
        placed_by=command.actor,
        content_hash=wanted.content_hash,
        guest_allergy=wanted.guest_allergy,
    )


def _kitchen_change(
    locked: Locked, moved: Sequence[Ticket], cause: str, auto_complete: bool, command: Command
) -> Change:
    order = locked.order
    after = with_line_states(order, locked.tickets, moved)
    events: list[Event] = [TicketMoved(ticket, cause) for ticket in moved]
    if after.state is State.READY and order.state is not State.READY:
        events.append(KitchenReady())
    if after.lifecycle is Lifecycle.VALIDATED:
        after = _completed_by_itself(after, auto_complete, command, events)
    return change_of(order, locked, after, tuple(moved), command, events)


def _completed_by_itself(order: Order, auto_complete: bool, command: Command, events: list[Event]) -> Order:
    if not auto_complete or order.totals.due_minor or order.kitchen not in {Kitchen.SERVED, Kitchen.NONE}:
        return order
    events.append(Completed())
    return replace(order, lifecycle=Lifecycle.DONE, completed_at=command.at)


def _ticket(locked: Locked, ticket_id: UUID) -> Ticket:
    for ticket in locked.tickets:
        if ticket.id == ticket_id:
            return ticket
    raise TicketNotFound("There is no such ticket.")


def _refuse_closed(order: Order, step: str) -> None:
    if order.lifecycle is not Lifecycle.VALIDATED:
        raise illegal(order, str(step))
