"""What verbs take and answer: the stamp, the stored order, the change and all that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.orders.domain.day import Figures, figures
from services.orders.domain.order.axes import Kitchen, Lifecycle, Payment, State
from services.orders.domain.order.checks import after_change
from services.orders.domain.order.order import Actor, Line, Order, StateChange
from services.orders.domain.ticket import Ticket, newest


@dataclass(frozen=True, slots=True)
class Stamp:
    """Under which command a change is made (its id is the client's request id), by whom, when and why."""

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
    or changed, new history rows, the events to publish, in order, and what the figures of its day gain."""

    before: Order | None
    order: Order
    old_tickets: tuple[Ticket, ...]
    tickets: tuple[Ticket, ...]
    history: tuple[StateChange, ...]
    events: tuple[Event, ...]
    gained: Figures
    unrouted: tuple[Line, ...] = ()
    """Lines that were to be fired, and that no station takes."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A stored order with all its tickets, locked for a change."""

    order: Order
    tickets: tuple[Ticket, ...] = ()


class Axes(NamedTuple):
    """Where an order stands, at which table, what is taken off it, and what came from other orders or went to
    them, as its history writes it down."""

    lifecycle: str
    payment: str
    kitchen: str
    state: str
    table: str
    discounts: str
    moves: str


UNPLACED = Axes(
    Lifecycle.DRAFT.value, Payment.UNPAID.value, Kitchen.HELD.value, State.DRAFT.value, "", "", ""
)
"""Where an order that is placed comes from, also one that never was a draft."""


def change_of(
    locked: Locked | None, after: Order, tickets: tuple[Ticket, ...], stamp: Stamp, events: Sequence[Event]
) -> Change:
    """Counts the version up, stamps the time, writes down every axis that moved, ends the alarms of tickets
    that are seen now, and sums up what the day gains. ``locked`` is None for a new order.

    Raises as after_change where the order is split.
    """
    before, known = (None, ()) if locked is None else (locked.order, locked.tickets)
    after = after if before is None else after_change(before, after)
    moved = _axes_moved(before, after)
    first = after.history_rows + 1
    history = tuple(
        StateChange(first + index, axis, old, new, stamp.id, stamp.actor, stamp.at, stamp.at, stamp.reason)
        for index, (axis, old, new) in enumerate(moved)
    )
    order = replace(
        after,
        version=after.version + 1,
        updated_at=max(stamp.at, after.updated_at),
        history_rows=after.history_rows + len(moved),
    )
    cleared = [replace(one, alarm=None) for one in tickets if one.alarm is not None and one.is_seen]
    calm = {ticket.id: ticket for ticket in cleared}
    tickets = tuple(calm.get(ticket.id, ticket) for ticket in tickets)
    events = (*events, *(AlarmCleared(ticket) for ticket in cleared))
    gained = figures(order, newest(known, tickets)).minus(figures(before, known))
    return Change(before, order, known, tickets, history, events, gained)


def _axes_moved(before: Order | None, after: Order) -> list[tuple[str, str, str]]:
    now = _axes(after)
    if before is None and after.lifecycle is Lifecycle.DRAFT:
        begun = [("lifecycle", "", now.lifecycle), ("state", "", now.state)]
        more = [
            (axis, "", said) for axis, said in (("table", now.table), ("discounts", now.discounts)) if said
        ]
        return [*begun, *more]
    was = UNPLACED if before is None else _axes(before)
    return [(axis, old, new) for axis, old, new in zip(Axes._fields, was, now, strict=True) if old != new]


def _axes(order: Order) -> Axes:
    lifecycle, payment, kitchen, state = order.lifecycle, order.payment, order.kitchen, order.state
    words = order.discount_words if order.discounts else ""
    moves = _moves(order)
    return Axes(lifecycle.value, payment.value, kitchen.value, state.value, order.table_name, words, moves)


def _moves(order: Order) -> str:
    """What came from other orders and what went to them; empty for most."""
    if order.merged_into is not None:
        return f"part of order {order.merged_into.number}"
    told = [f"with order {one.number}" for one in order.merged]
    for line in order.lines:
        if line.moved_to is not None and line.moved_to.quantity:
            told.append(f"{line.moved_to.quantity} {line.name} to order {line.moved_to.number}")
        elif line.moved_from is not None and not line.moved_from.merged:
            told.append(f"{line.name} from order {line.moved_from.number}")
    return ", ".join(told)
