"""What verbs take and answer: the command, the stored order, the change with its history and its events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.orders.domain.kitchen import Ticket
from services.orders.domain.order import Actor, Order, StateChange


@dataclass(frozen=True, slots=True)
class Command:
    """Who asks, when, and under which id (the client's request id)."""

    id: str
    actor: Actor
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """The order left the draft stage."""


@dataclass(frozen=True, slots=True)
class Updated:
    """Anything without an event of its own; ``cause`` says what moved."""

    cause: str


@dataclass(frozen=True, slots=True)
class PaymentRecorded:
    """Money was booked."""

    payment_id: UUID
    method: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class TicketMoved:
    """One ticket moved in the kitchen."""

    ticket: Ticket
    cause: str


@dataclass(frozen=True, slots=True)
class KitchenReady:
    """Everything that the kitchen had to make is ready."""


@dataclass(frozen=True, slots=True)
class Completed:
    """Paid and handed over."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Cancelled; ``wasted`` when the kitchen had started."""

    reason: str
    wasted: bool


@dataclass(frozen=True, slots=True)
class AlarmCleared:
    """The kitchen has a ticket of which the tills were told that it had not."""

    ticket: Ticket


Event = Placed | Updated | PaymentRecorded | TicketMoved | KitchenReady | Completed | Cancelled | AlarmCleared


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb did: the order before (None: it is new) and after, all tickets before, those that are new
    or changed, new history rows, and the events to publish, in order."""

    before: Order | None
    order: Order
    old_tickets: tuple[Ticket, ...]
    tickets: tuple[Ticket, ...]
    history: tuple[StateChange, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Locked:
    """A stored order with all its tickets, locked for a change."""

    order: Order
    tickets: tuple[Ticket, ...] = ()


def numbered(change: Change, number: int) -> Change:
    """The same change with the number that the store gave to the order."""
    tickets = tuple(replace(ticket, order_number=number) for ticket in change.tickets)
    events = tuple(
        replace(event, ticket=replace(event.ticket, order_number=number))
        if isinstance(event, TicketMoved | AlarmCleared)
        else event
        for event in change.events
    )
    return replace(change, order=replace(change.order, number=number), tickets=tickets, events=events)


def change_of(
    before: Order | None,
    locked: Locked,
    after: Order,
    tickets: tuple[Ticket, ...],
    command: Command,
    events: Sequence[Event],
) -> Change:
    """Counts the version up, stamps the time, writes down every axis that moved, and ends the alarms of
    tickets that are seen now."""
    moved = _axes_moved(before, after)
    first = after.history_rows + 1
    history = tuple(
        StateChange(
            first + index, axis, old, new, command.id, command.actor, command.at, command.at, command.reason
        )
        for index, (axis, old, new) in enumerate(moved)
    )
    order = replace(
        after,
        version=after.version + 1,
        updated_at=max(command.at, after.updated_at),
        history_rows=after.history_rows + len(moved),
    )
    cleared = [replace(one, alarm=None) for one in tickets if one.alarm is not None and one.is_seen]
    calm = {ticket.id: ticket for ticket in cleared}
    tickets = tuple(calm.get(ticket.id, ticket) for ticket in tickets)
    events = (*events, *(AlarmCleared(ticket) for ticket in cleared))
    return Change(before, order, locked.tickets, tickets, history, events)


def _axes_moved(before: Order | None, after: Order) -> list[tuple[str, str, str]]:
    was = ("", "", "", "") if before is None else _axes(before)
    names = ("lifecycle", "payment", "kitchen", "state")
    moved = [(name, old, new) for name, old, new in zip(names, was, _axes(after), strict=True) if old != new]
    return moved if before is not None else [row for row in moved if row[0] in {"lifecycle", "state"}]


def _axes(order: Order) -> tuple[str, str, str, str]:
    return order.lifecycle.value, order.payment.value, order.kitchen.value, order.state.value
