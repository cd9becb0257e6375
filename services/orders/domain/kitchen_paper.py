"""What a printed ticket says to the kitchen: whose it is and what must not be in it, before anything else."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from services.orders.domain.order.axes import Kitchen
from services.orders.domain.paper.rows import Face, Paper, Row, middle, paper
from services.orders.domain.receipt import ORDER_TYPES
from services.orders.domain.ticket import Ticket, TicketLine


def ticket_paper(ticket: Ticket, time_zone: str, at: datetime, allergens: Mapping[int, str]) -> Paper:
    """The ticket as it is now; ``at`` is when it is printed, ``allergens`` are their names."""
    local = at.astimezone(ZoneInfo(time_zone))
    where = f"Table {ticket.table_name}" if ticket.table_name else ORDER_TYPES[ticket.order_type]
    promise = []
    if ticket.promised_at is not None:
        promised = ticket.promised_at.astimezone(ZoneInfo(time_zone))
        promise.append(Row(f"For {promised:%d %b %H:%M}", face=Face.BIG))
    stopped = ticket.state is Kitchen.CANCELLED
    head = [
        *middle(ticket.station_name, Face.BOLD),
        Row(where, face=Face.BIG),
        Row(f"Order {ticket.order_number}", face=Face.BIG),
        *promise,
        Row(f"Revision {ticket.revision}", local.strftime("%d %b %H:%M")),
    ]
    return paper(
        f"Ticket {ticket.order_number}",
        head,
        middle("CANCELLED", Face.BIG) if stopped else [],
        _allergy_rows(ticket, allergens),
        [Row(f"Note: {ticket.remarks.note}", face=Face.BOLD)] if ticket.remarks.note else [],
        [Row(f"Course: {ticket.course}", face=Face.BOLD)] if ticket.course else [],
        [row for line in ticket.lines for row in _line_rows(line)],
    )


def _allergy_rows(ticket: Ticket, allergens: Mapping[int, str]) -> list[Row]:
    said = ticket.remarks.guest_allergy
    if said is None:
        return []
    names = ", ".join(allergens[number] for number in said.allergens if number in allergens)
    rows = middle("!! ALLERGY !!", Face.BIG)
    rows += [Row(names, face=Face.BIG)] if names else []
    return rows + ([Row(said.text, face=Face.BOLD)] if said.text else [])


def _line_rows(line: TicketLine) -> list[Row]:
    gone = "CANCEL " if line.state is Kitchen.CANCELLED else ""
    rows = [Row(f"{gone}{line.quantity} x {line.name}", f"seat {line.seat}" if line.seat else "", Face.BIG)]
    for option in line.options:
        many = f"{option.quantity} x " if option.quantity > 1 else ""
        rows.append(Row(f"+ {many}{option.name}", face=Face.BOLD, indent=2))
    return rows + ([Row(f"! {line.note}", face=Face.BOLD, indent=2)] if line.note else [])
