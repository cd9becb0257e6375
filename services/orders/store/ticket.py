"""Tickets as the kitchen reads them. They are written together with their order."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.alarm import Alarm
from services.orders.domain.errors import TicketNotFound
from services.orders.domain.menu import OrderType
from services.orders.domain.order.order import GuestAllergy, Kitchen
from services.orders.domain.ticket import OPEN_TICKET, Ticket
from services.orders.store.line import Row, as_json, columns, ticket_line_in, ticket_line_json

FIND_TICKET = "SELECT * FROM ticket WHERE restaurant_id = $1 AND id = $2"
FIND_TICKETS_OF = """
SELECT * FROM ticket WHERE restaurant_id = $1 AND order_id = $2 ORDER BY created_at, id
"""
# One index range per state, so that the cost is that of a page, however many tickets there are.
LIST_TICKETS = """
SELECT page.* FROM unnest($2::text[]) AS wanted (state) CROSS JOIN LATERAL (
    SELECT * FROM ticket
    WHERE restaurant_id = $1 AND ticket.state = wanted.state AND (created_at, id) < ($3, $4)
    ORDER BY created_at DESC, id DESC LIMIT $5
) AS page ORDER BY page.created_at DESC, page.id DESC LIMIT $5
"""
LIST_TICKETS_OF_STATION = """
SELECT page.* FROM unnest($2::text[]) AS wanted (state) CROSS JOIN LATERAL (
    SELECT * FROM ticket
    WHERE restaurant_id = $1 AND station_id = $6 AND ticket.state = wanted.state
      AND (created_at, id) < ($3, $4)
    ORDER BY created_at DESC, id DESC LIMIT $5
) AS page ORDER BY page.created_at DESC, page.id DESC LIMIT $5
"""
LIST_UNSEEN = """
SELECT * FROM ticket WHERE restaurant_id = $1 AND state = 'cancelled' AND acknowledged_at IS NULL
ORDER BY created_at DESC, id DESC LIMIT $2
"""


async def find_ticket(tx: Transaction, ticket_id: UUID) -> Ticket:
    """Raises TicketNotFound."""
    row = await tx.fetchrow(FIND_TICKET, tx.tenant, ticket_id)
    if row is None:
        raise TicketNotFound("There is no such ticket.")
    return ticket_in(row)


async def find_tickets_of(tx: Transaction, order_id: UUID) -> tuple[Ticket, ...]:
    """All tickets of an order, the oldest first."""
    return tuple(ticket_in(row) for row in await tx.fetch(FIND_TICKETS_OF, tx.tenant, order_id))


async def list_tickets(
    tx: Transaction,
    states: Sequence[Kitchen],
    station_id: UUID | None,
    after: tuple[datetime, UUID],
    limit: int,
) -> list[Ticket]:
    """Newest first. No states: the open ones."""
    wanted = [state.value for state in dict.fromkeys(states)] or [state.value for state in OPEN_TICKET]
    if station_id is None:
        found = await tx.fetch(LIST_TICKETS, tx.tenant, wanted, *after, limit)
    else:
        found = await tx.fetch(LIST_TICKETS_OF_STATION, tx.tenant, wanted, *after, limit, station_id)
    return [ticket_in(row) for row in found]


async def list_unseen(tx: Transaction, limit: int) -> list[Ticket]:
    """Cancelled tickets that no cook has acknowledged, newest first."""
    return [ticket_in(row) for row in await tx.fetch(LIST_UNSEEN, tx.tenant, limit)]


def ticket_columns(tickets: Iterable[Ticket]) -> list[list[Any]]:
    """One list per column, for ``unnest``."""
    return columns(
        18,
        (
            (
                ticket.id,
                ticket.station_id,
                ticket.station_name,
                ticket.revision,
                ticket.state.value,
                ticket.course,
                ticket.order_type.value,
                date.fromisoformat(ticket.business_date),
                ticket.created_at,
                ticket.target_at,
                ticket.ready_at,
                ticket.acknowledged_at,
                ticket.alarm.cause if ticket.alarm is not None else "",
                ticket.alarm.raised_at if ticket.alarm is not None else None,
                as_json(ticket.allergens),
                as_json([ticket_line_json(line) for line in ticket.lines]),
                as_json(allergy_json(ticket.guest_allergy)) if ticket.guest_allergy is not None else None,
                ticket.allergy_acknowledged_at,
            )
            for ticket in tickets
        ),
    )


def ticket_in(row: Row) -> Ticket:
    """A ticket from a row with the columns of its table."""
    return Ticket(
        id=row["id"],
        order_id=row["order_id"],
        order_number=row["order_number"],
        station_id=row["station_id"],
        station_name=row["station_name"],
        revision=row["revision"],
        course=row["course"],
        order_type=OrderType(row["order_type"]),
        business_date=row["business_date"].isoformat(),
        created_at=row["created_at"],
        target_at=row["target_at"],
        allergens=tuple(row["allergens"]),
        lines=tuple(ticket_line_in(line) for line in row["lines"]),
        ready_at=row["ready_at"],
        acknowledged_at=row["acknowledged_at"],
        alarm=Alarm(row["alarm_cause"], row["alarm_at"]) if row["alarm_cause"] else None,
        guest_allergy=allergy_in(row["guest_allergy"]),
        allergy_acknowledged_at=row["allergy_acknowledged_at"],
    )


def allergy_json(allergy: GuestAllergy | None) -> dict[str, object] | None:
    """How it lies in its column."""
    return None if allergy is None else {"allergens": list(allergy.allergens), "text": allergy.text}


def allergy_in(stored: Row | None) -> GuestAllergy | None:
    """From its column."""
    return None if stored is None else GuestAllergy(tuple(stored["allergens"]), stored["text"])
