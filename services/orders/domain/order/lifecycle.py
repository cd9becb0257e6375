"""How an order moves once it is placed: by what cooks do, by the end of its day, until it is done.

Each verb takes the stored order and answers a Change, or raises what forbids it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.orders.domain import ticket as tickets
from services.orders.domain.errors import BalanceOpen, LineRefused, TicketNotFound
from services.orders.domain.firing import with_line_states
from services.orders.domain.order.axes import Kitchen, Lifecycle, State
from services.orders.domain.order.change import (
    Change,
    Completed,
    Event,
    KitchenReady,
    Locked,
    Stamp,
    TicketMoved,
    change_of,
)
from services.orders.domain.order.guards import illegal, kitchen_is_through
from services.orders.domain.order.order import Order
from services.orders.domain.ticket import LineStep, Ticket, TicketStep

TICKET_CAUSES = {
    TicketStep.START: "started",
    TicketStep.BUMP: "bumped",
    TicketStep.RECALL: "recalled",
    TicketStep.ACK: "acknowledged",
    TicketStep.SERVE: "served",
}
LINE_CAUSES = {
    LineStep.START: "started",
    LineStep.READY: "bumped",
    LineStep.RECALL: "recalled",
    LineStep.SERVE: "served",
}
DAY_ENDED = "day_ended"


def step_ticket(
    locked: Locked, ticket_id: UUID, step: TicketStep, auto_complete: bool, stamp: Stamp
) -> Change | None:
    """A cook moves a whole ticket. None: it was acknowledged before.

    Raises TicketNotFound, TicketStepRefused, RecallTooLate, AllergyNotAcknowledged, IllegalTransition (the
    order is closed).
    """
    ticket = ticket_of(locked, ticket_id)
    if step is not TicketStep.ACK:
        _refuse_closed(locked.order, step)
    moved = tickets.step_ticket(ticket, step, stamp.at)
    if moved is ticket:
        return None
    return _kitchen_change(locked, [moved], TICKET_CAUSES[step], auto_complete, stamp)


def step_line(
    locked: Locked, ticket_id: UUID, line_id: UUID, step: LineStep, auto_complete: bool, stamp: Stamp
) -> Change:
    """A cook moves one line. Raises as step_ticket, and LineRefused (UNKNOWN_LINE)."""
    ticket = ticket_of(locked, ticket_id)
    if line_id not in {line.id for line in ticket.lines}:
        raise LineRefused("UNKNOWN_LINE", "line_id", "The ticket has no such line.")
    _refuse_closed(locked.order, step)
    moved = tickets.step_line(ticket, line_id, step, stamp.at)
    return _kitchen_change(locked, [moved], LINE_CAUSES[step], auto_complete, stamp)


def step_all(locked: Locked, step: TicketStep, auto_complete: bool, stamp: Stamp) -> Change:
    """Every ticket that can take the step takes it.

    Raises IllegalTransition where none can, or where a bump would leave held lines behind.
    """
    order = locked.order
    moving = [ticket for ticket in locked.tickets if step in tickets.allowed_steps(ticket)]
    held_back = step is TicketStep.BUMP and order.kitchen is Kitchen.HELD
    if order.lifecycle is not Lifecycle.VALIDATED or not moving or held_back:
        raise illegal(order, step.value)
    moved = [tickets.step_ticket(ticket, step, stamp.at) for ticket in moving]
    return _kitchen_change(locked, moved, TICKET_CAUSES[step], auto_complete, stamp)


def end_day(
    locked: Locked, today: str, fired_before: datetime, auto_complete: bool, stamp: Stamp
) -> Change | None:
    """Tickets of earlier business days than ``today`` (ISO) leave the kitchen. None: there are none."""
    ended = [
        tickets.end_day(ticket, stamp.at)
        for ticket in locked.tickets
        if tickets.outlives_its_day(ticket, today, fired_before)
    ]
    if not ended:
        return None
    after = with_line_states(locked.order, locked.tickets, ended)
    events: list[Event] = [TicketMoved(ticket, DAY_ENDED) for ticket in ended]
    if after.lifecycle is Lifecycle.VALIDATED:
        after = completed_by_itself(after, auto_complete, stamp, events)
    return change_of(locked, after, tuple(ended), stamp, events)


def complete(locked: Locked, stamp: Stamp) -> Change:
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
    served = tuple(tickets.step_ticket(ticket, TicketStep.SERVE, stamp.at) for ticket in waiting)
    after = with_line_states(order, locked.tickets, served)
    after = replace(after, lifecycle=Lifecycle.DONE, completed_at=stamp.at)
    events: list[Event] = [TicketMoved(ticket, "served") for ticket in served]
    return change_of(locked, after, served, stamp, [*events, Completed()])


def completed_by_itself(order: Order, auto_complete: bool, stamp: Stamp, events: list[Event]) -> Order:
    """The order done, and said so in ``events``, where it is paid and handed over and nobody need say so."""
    if not auto_complete or order.totals.due_minor or order.kitchen not in {Kitchen.SERVED, Kitchen.NONE}:
        return order
    events.append(Completed())
    return replace(order, lifecycle=Lifecycle.DONE, completed_at=stamp.at)


def ticket_of(locked: Locked, ticket_id: UUID) -> Ticket:
    """Raises TicketNotFound."""
    for ticket in locked.tickets:
        if ticket.id == ticket_id:
            return ticket
    raise TicketNotFound("There is no such ticket.")


def _kitchen_change(
    locked: Locked, moved: Sequence[Ticket], cause: str, auto_complete: bool, stamp: Stamp
) -> Change:
    order = locked.order
    after = with_line_states(order, locked.tickets, moved)
    events: list[Event] = [TicketMoved(ticket, cause) for ticket in moved]
    if after.state is State.READY and order.state is not State.READY:
        events.append(KitchenReady())
    if after.lifecycle is Lifecycle.VALIDATED:
        after = completed_by_itself(after, auto_complete, stamp, events)
    return change_of(locked, after, tuple(moved), stamp, events)


def _refuse_closed(order: Order, step: str) -> None:
    if order.lifecycle is not Lifecycle.VALIDATED:
        raise illegal(order, str(step))
