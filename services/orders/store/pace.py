"""Late tickets, and the times of stations: a row for each hour and each day in which one had tickets."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.pace import SHOWN, ReadyTimes, Span
from services.orders.domain.ticket import Ticket
from services.orders.store.ticket import ticket_in

FIND_LATE = "SELECT restaurant_id, created_at, ticket_id FROM tickets_late($1, $2, $3, $4, $5, $6)"
Late = tuple[UUID, datetime, UUID]
"""(restaurant, when it was fired, ticket), in the order in which a round goes through them."""
LATE_START: Late = (UUID(int=0), datetime.min.replace(tzinfo=UTC), UUID(int=0))
LOCK_UNTOLD = """
SELECT * FROM ticket WHERE restaurant_id = $1 AND id = $2 AND late_revision < revision FOR UPDATE
"""
MARK_LATE = "UPDATE ticket SET late_revision = revision WHERE restaurant_id = $1 AND id = $2"
FIND_BUSY = "SELECT restaurants_busy AS restaurant_id FROM restaurants_busy($1, $2, $3)"
# Tickets that were fired in [$3, $4), by the hour of that. An index range for each station and state.
RECKON_HOURS = """
INSERT INTO station_time AS known
    (restaurant_id, station_id, span, starts_at, tickets, p50_seconds, p90_seconds)
SELECT $1, s.id, $2, date_trunc('hour', t.created_at, 'UTC'), count(*),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY t.seconds),
    percentile_disc(0.9) WITHIN GROUP (ORDER BY t.seconds)
FROM station AS s CROSS JOIN unnest('{ready,served}'::text[]) AS wanted (state) CROSS JOIN LATERAL (
    SELECT created_at, round(extract(epoch FROM ready_at - created_at))::int AS seconds FROM ticket
    WHERE restaurant_id = $1 AND station_id = s.id AND state = wanted.state
      AND created_at >= $3 AND created_at < $4 AND ready_at IS NOT NULL
) AS t
WHERE s.restaurant_id = $1 GROUP BY s.id, 4
ON CONFLICT (restaurant_id, station_id, span, starts_at) DO UPDATE SET tickets = excluded.tickets,
    p50_seconds = excluded.p50_seconds, p90_seconds = excluded.p90_seconds
WHERE (known.tickets, known.p50_seconds, known.p90_seconds)
    <> (excluded.tickets, excluded.p50_seconds, excluded.p90_seconds)
"""
# As RECKON_HOURS, all of them together: the day that began at $3.
RECKON_DAY = """
INSERT INTO station_time AS known
    (restaurant_id, station_id, span, starts_at, tickets, p50_seconds, p90_seconds)
SELECT $1, s.id, $2, $3, count(*),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY t.seconds),
    percentile_disc(0.9) WITHIN GROUP (ORDER BY t.seconds)
FROM station AS s CROSS JOIN unnest('{ready,served}'::text[]) AS wanted (state) CROSS JOIN LATERAL (
    SELECT round(extract(epoch FROM ready_at - created_at))::int AS seconds FROM ticket
    WHERE restaurant_id = $1 AND station_id = s.id AND state = wanted.state
      AND created_at >= $3 AND created_at < $4 AND ready_at IS NOT NULL
) AS t
WHERE s.restaurant_id = $1 GROUP BY s.id
ON CONFLICT (restaurant_id, station_id, span, starts_at) DO UPDATE SET tickets = excluded.tickets,
    p50_seconds = excluded.p50_seconds, p90_seconds = excluded.p90_seconds
WHERE (known.tickets, known.p50_seconds, known.p90_seconds)
    <> (excluded.tickets, excluded.p50_seconds, excluded.p90_seconds)
"""
DELETE_OLD = "DELETE FROM station_time WHERE restaurant_id = $1 AND starts_at < $2"
FIND_TIMES = """
SELECT span, starts_at, tickets, p50_seconds, p90_seconds FROM station_time
WHERE restaurant_id = $1 AND station_id = $2 AND span = $3 ORDER BY starts_at DESC LIMIT $4
"""


async def find_late(
    tx: Transaction, at: datetime, fired_after: datetime, after: Late, limit: int
) -> Sequence[Late]:
    """Tickets that may be late and of which nobody was told, restaurant by restaurant; needs no tenant."""
    found = await tx.fetch(FIND_LATE, at, fired_after, *after, limit)
    return [(row["restaurant_id"], row["created_at"], row["ticket_id"]) for row in found]


async def lock_untold(tx: Transaction, ticket_id: UUID) -> Ticket | None:
    """The ticket, locked; None where this revision of it was told as late."""
    row = await tx.fetchrow(LOCK_UNTOLD, tx.tenant, ticket_id)
    return None if row is None else ticket_in(row)


async def mark_late(tx: Transaction, ticket_id: UUID) -> None:
    """This revision is told as late."""
    await tx.execute(MARK_LATE, tx.tenant, ticket_id)


async def find_busy(tx: Transaction, since: datetime, after: UUID, limit: int) -> list[UUID]:
    """Restaurants with orders of business days from ``since`` on; needs no tenant."""
    return [row["restaurant_id"] for row in await tx.fetch(FIND_BUSY, since.date(), after, limit)]


async def reckon_hours(tx: Transaction, since: datetime, until: datetime) -> None:
    """The times of the hours that begin in [since, until), of every station."""
    await tx.execute(RECKON_HOURS, tx.tenant, Span.HOUR.value, since, until)


async def reckon_day(tx: Transaction, begins: datetime, ends: datetime) -> None:
    """The times of one day, of every station."""
    await tx.execute(RECKON_DAY, tx.tenant, Span.DAY.value, begins, ends)


async def delete_times(tx: Transaction, before: datetime) -> None:
    """What nobody is shown any more."""
    await tx.execute(DELETE_OLD, tx.tenant, before)


async def find_times(tx: Transaction, station_id: UUID, span: Span) -> tuple[ReadyTimes, ...]:
    """Newest first, as many as are shown."""
    found = await tx.fetch(FIND_TIMES, tx.tenant, station_id, span.value, SHOWN[span])
    return tuple(
        ReadyTimes(
            Span(row["span"]), row["starts_at"], row["tickets"], row["p50_seconds"], row["p90_seconds"]
        )
        for row in found
    )
