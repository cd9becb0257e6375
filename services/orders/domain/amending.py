"""What tickets make of lines that are voided or changed after they were fired. Every change of a ticket is a
new revision that no display has shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from chassis.ids import derived_id
from services.orders.domain.firing import grown, new_ticket
from services.orders.domain.order.axes import STAGE, Kitchen
from services.orders.domain.order.order import Line, Order
from services.orders.domain.station import Station
from services.orders.domain.ticket import (
    GROWING_TICKET,
    OPEN_TICKET,
    Ticket,
    TicketLine,
    newest,
    with_lines,
)

STOPPED = "stopped"
"""Names the part of a ticket's line that is off while cooks go on with the rest of it."""
COOKABLE = frozenset({Kitchen.QUEUED, Kitchen.PREPARING})


def one_revision(known: Sequence[Ticket], changed: Iterable[Ticket]) -> tuple[Ticket, ...]:
    """The tickets as they became, each one revision after what it was, however many steps led there."""
    before = {ticket.id: ticket.revision for ticket in known}
    last = newest((), changed)
    return tuple(replace(ticket, revision=before.get(ticket.id, 0) + 1) for ticket in last)


def stopped(tickets: Iterable[Ticket], line_id: UUID, quantity: int, at: datetime) -> tuple[Ticket, ...]:
    """Every station that cooks the line is told that ``quantity`` units of it are off, the least advanced
    first. What is served is on no screen any more.
    """
    changed = []
    for parts in _by_station(tickets, line_id):
        left = quantity
        for ticket, line in parts:
            off = min(left, line.quantity)
            left -= off
            if off and line.state is not Kitchen.SERVED:
                changed.append(_unseen(with_lines(ticket, _less(ticket, line, off), at)))
    return tuple(changed)


def told(tickets: Iterable[Ticket], line: Line, at: datetime) -> tuple[Ticket, ...]:
    """Open tickets with the line's note and seat as they are now."""
    return tuple(
        _unseen(with_lines(ticket, [_as_now(one, line) for one in ticket.lines], at))
        for ticket in tickets
        if ticket.state in OPEN_TICKET and _of(ticket, line.id) is not None
    )


def more(
    order: Order,
    line: Line,
    quantity: int,
    tickets: Sequence[Ticket],
    stations: Sequence[Station],
    at: datetime,
) -> tuple[Ticket, ...]:
    """``quantity`` units more of a fired line: on the ticket where it is cooked, else on another one."""
    changed = []
    for parts in _by_station(tickets, line.id):
        ticket, on_it = parts[0]
        if on_it.state in COOKABLE:
            lines = [
                replace(one, quantity=one.quantity + quantity) if one is on_it else one
                for one in ticket.lines
            ]
            changed.append(_unseen(with_lines(ticket, lines, at)))
        else:
            changed.append(
                _placed(order, replace(line, quantity=quantity), ticket.station_id, tickets, stations, at)
            )
    return tuple(changed)


def moved(
    order: Order, line: Line, tickets: Sequence[Ticket], stations: Sequence[Station], at: datetime
) -> tuple[Ticket, ...]:
    """What is still to be cooked of a fired line goes from its ticket to one of its new course."""
    changed: list[Ticket] = []
    for parts in _by_station(tickets, line.id):
        for ticket, on_it in parts:
            if on_it.state not in COOKABLE:
                continue
            changed.append(_unseen(with_lines(ticket, _less(ticket, on_it, on_it.quantity), at)))
            rest = replace(line, quantity=on_it.quantity)
            target = _placed(order, rest, ticket.station_id, newest(tickets, changed), stations, at)
            lines = [replace(one, state=on_it.state) if one.id == line.id else one for one in target.lines]
            changed.append(replace(target, lines=tuple(lines)))
    return tuple(changed)


def _placed(
    order: Order,
    line: Line,
    station_id: UUID,
    tickets: Iterable[Ticket],
    stations: Sequence[Station],
    at: datetime,
) -> Ticket:
    """A ticket with the line: one that is cooked at the station for its course and never had it, or a new
    one."""
    for ticket in tickets:
        if (ticket.station_id, ticket.course) != (station_id, line.course):
            continue
        if ticket.state in GROWING_TICKET and line.id not in {one.id for one in ticket.lines}:
            return grown(ticket, [line])
    there = [one for one in stations if one.id == station_id]
    # Where the station was taken away since, the one that takes what no other does.
    station = next(iter(there or [one for one in stations if one.is_default]))
    return new_ticket(order, station, line.course, [line], at)


def _by_station(tickets: Iterable[Ticket], line_id: UUID) -> list[list[tuple[Ticket, TicketLine]]]:
    """The tickets of each station that have the line, and their part of it, the least advanced first."""
    found: dict[UUID, list[tuple[Ticket, TicketLine]]] = {}
    for ticket in tickets:
        line = _of(ticket, line_id)
        if line is not None:
            found.setdefault(ticket.station_id, []).append((ticket, line))
    return [sorted(parts, key=lambda part: STAGE[part[1].state]) for parts in found.values()]


def _of(ticket: Ticket, line_id: UUID) -> TicketLine | None:
    return next((line for line in ticket.lines if line.id == line_id and line.state in STAGE), None)


def _less(ticket: Ticket, line: TicketLine, quantity: int) -> list[TicketLine]:
    """The ticket's lines with ``quantity`` units of one of them off: they stay on it, as cancelled."""
    if quantity == line.quantity:
        return [replace(one, state=Kitchen.CANCELLED) if one is line else one for one in ticket.lines]
    part_id = derived_id(line.id, STOPPED)
    off = next((one for one in ticket.lines if one.id == part_id), replace(line, id=part_id, quantity=0))
    off = replace(off, quantity=off.quantity + quantity, state=Kitchen.CANCELLED)
    lines: list[TicketLine] = []
    for one in ticket.lines:
        if one is line:
            lines += [replace(line, quantity=line.quantity - quantity), off]
        elif one.id != part_id:
            lines.append(one)
    return lines


def _as_now(on_ticket: TicketLine, line: Line) -> TicketLine:
    return replace(on_ticket, note=line.note, seat=line.seat) if on_ticket.id == line.id else on_ticket


def _unseen(ticket: Ticket) -> Ticket:
    return replace(ticket, acknowledged_at=None)
