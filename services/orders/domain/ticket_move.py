"""Tickets follow their lines to another order. What is cooked goes on being cooked: each line is on one
ticket of a station after it as before, in the state that it had.
"""

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.ids import new_id
from services.orders.domain.moved import TicketMovedFrom
from services.orders.domain.order.axes import STAGE
from services.orders.domain.order.order import Order, Remarks
from services.orders.domain.ticket import OPEN_TICKET, Ticket, with_lines, with_remarks


@dataclass(frozen=True, slots=True)
class Carried:
    """What becomes of the tickets of an order that lines leave: those that go with them as they were, those
    that stay, and how both and the new ones are now."""

    going: tuple[Ticket, ...]
    staying: tuple[Ticket, ...]
    left: tuple[Ticket, ...]
    """Of those that stay: the ones that have fewer lines now."""
    come: tuple[Ticket, ...]
    """At the other order: those that went, and new ones for lines whose ticket stays."""


class _Place(NamedTuple):
    order_id: UUID
    number: int
    table_name: str
    remarks: Remarks


def carried(tickets: tuple[Ticket, ...], line_ids: Set[UUID], order: Order, at: datetime) -> Carried:
    """The lines go to ``order``. A ticket of which nothing else is wanted goes as a whole."""
    place = _Place(order.id, order.number, order.table_name, order.remarks)
    going, staying, left, come = [], [], [], []
    for ticket in tickets:
        wanted = {line.id for line in ticket.lines if line.state in STAGE}
        if not wanted & line_ids:
            staying.append(ticket)
        elif wanted <= line_ids:
            going.append(ticket)
            come.append(_brought(ticket, place))
        else:
            staying.append(ticket)
            rest = [line for line in ticket.lines if line.id not in line_ids]
            left.append(_unseen(with_lines(ticket, rest, at)))
            come.append(_part(ticket, line_ids, place, at))
    return Carried(tuple(going), tuple(staying), tuple(left), tuple(come))


def reminded(tickets: tuple[Ticket, ...], remarks: Remarks) -> tuple[Ticket, ...]:
    """Open tickets with what the order says now."""
    return tuple(
        with_remarks(ticket, remarks)
        for ticket in tickets
        if ticket.state in OPEN_TICKET and ticket.remarks != remarks
    )


def _brought(ticket: Ticket, place: _Place) -> Ticket:
    """A new revision that no display has shown, unless nobody looks at it any more."""
    known = place.remarks.guest_allergy == ticket.remarks.guest_allergy
    return _unseen(
        replace(
            ticket,
            order_id=place.order_id,
            order_number=place.number,
            table_name=place.table_name,
            remarks=place.remarks,
            allergy_acknowledged_at=ticket.allergy_acknowledged_at if known else None,
            moved_from=TicketMovedFrom(ticket.order_number, ticket.table_name),
            revision=ticket.revision + 1,
        )
    )


def _part(ticket: Ticket, line_ids: Set[UUID], place: _Place, at: datetime) -> Ticket:
    """A ticket of its own for these lines: fired when they were, and late when they are."""
    lines = [
        replace(line, revision=1) for line in ticket.lines if line.id in line_ids and line.state in STAGE
    ]
    part = replace(_brought(ticket, place), id=new_id(), alarm=None, revision=0)
    return with_lines(part, lines, at)


def _unseen(ticket: Ticket) -> Ticket:
    return replace(ticket, acknowledged_at=None) if ticket.state in OPEN_TICKET else ticket
