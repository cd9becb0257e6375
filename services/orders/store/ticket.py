"""Tickets as the kitchen reads them: a message beside the columns by which it is found. They are written
together with their order.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fynlo.orders.v1 import orders_pb2

from chassis.db import Record, Transaction
from services.orders.domain.errors import TicketNotFound
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.ticket import OPEN_TICKET, Ticket
from services.orders.wire.ticket import ticket_message, ticket_of

TICKET_COLUMNS = 11
FIND_TICKET = "SELECT * FROM ticket WHERE restaurant_id = $1 AND id = $2"
FIND_TICKETS_OF = """
SELECT * FROM ticket WHERE restaurant_id = $1 AND order_id = $2 ORDER BY created_at, id
"""
# One index range per station and state, so that the cost is that of a few pages, however many tickets there
# are. A station keeps its row when it is removed.
LIST_TICKETS = """
SELECT page.* FROM unnest($2::text[]) AS wanted (state)
CROSS JOIN (SELECT id FROM station WHERE restaurant_id = $1) AS place CROSS JOIN LATERAL (
    SELECT * FROM ticket
    WHERE restaurant_id = $1 AND station_id = place.id AND ticket.state = wanted.state
      AND (created_at, id) < ($3, $4)
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
    rows = [
        (
            ticket.id,
            ticket.station_id,
            ticket.revision,
            ticket.state.value,
            date.fromisoformat(ticket.business_date),
            ticket.created_at,
            ticket.ready_at,
            ticket.acknowledged_at,
            ticket.alarm.cause if ticket.alarm is not None else "",
            ticket.alarm.raised_at if ticket.alarm is not None else None,
            ticket_message(ticket).SerializeToString(),
        )
        for ticket in tickets
    ]
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(TICKET_COLUMNS)]


def ticket_in(row: Record) -> Ticket:
    """The ticket of a row with the columns of its table."""
    return ticket_of(orders_pb2.Ticket.FromString(row["body"]), row)
