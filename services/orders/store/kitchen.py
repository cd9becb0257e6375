"""Stations and tickets as the kitchen reads them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.errors import StaleVersion, StationNotFound, TicketNotFound
from services.orders.domain.kitchen import OPEN_TICKET, Station, Ticket
from services.orders.domain.order import Kitchen
from services.orders.store import rows

STATIONS_LIMIT = 200

SELECT_STATIONS = f"""
SELECT id, name, position, category_ids, is_default, target_minutes, version FROM station
WHERE restaurant_id = $1 ORDER BY position, id LIMIT {STATIONS_LIMIT}
"""  # noqa: S608
INSERT_STATION = """
INSERT INTO station (restaurant_id, id, name, position, category_ids, is_default, target_minutes, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
"""
INSERT_DEFAULT = f"{INSERT_STATION} ON CONFLICT DO NOTHING RETURNING true"
UPDATE_STATION = """
UPDATE station SET name = $3, position = $4, category_ids = $5, is_default = $6, target_minutes = $7,
    version = version + 1
WHERE restaurant_id = $1 AND id = $2 AND version = $8
RETURNING version
"""
STATION_EXISTS = "SELECT true FROM station WHERE restaurant_id = $1 AND id = $2"
DROP_DEFAULT = """
UPDATE station SET is_default = false, version = version + 1
WHERE restaurant_id = $1 AND is_default AND id <> $2
RETURNING id, name, position, category_ids, is_default, target_minutes, version
"""
COUNT_STATIONS = "SELECT count(*) FROM station WHERE restaurant_id = $1"
SELECT_TICKET = "SELECT * FROM ticket WHERE restaurant_id = $1 AND id = $2"
# One index range per state, so that the cost is that of a page, however many tickets there are.
SELECT_TICKETS = """
SELECT page.* FROM unnest($2::text[]) AS wanted (state) CROSS JOIN LATERAL (
    SELECT * FROM ticket
    WHERE restaurant_id = $1 AND ticket.state = wanted.state AND (created_at, id) < ($3, $4)
    ORDER BY created_at DESC, id DESC LIMIT $5
) AS page ORDER BY page.created_at DESC, page.id DESC LIMIT $5
"""
SELECT_STATION_TICKETS = """
SELECT page.* FROM unnest($2::text[]) AS wanted (state) CROSS JOIN LATERAL (
    SELECT * FROM ticket
    WHERE restaurant_id = $1 AND station_id = $6 AND ticket.state = wanted.state
      AND (created_at, id) < ($3, $4)
    ORDER BY created_at DESC, id DESC LIMIT $5
) AS page ORDER BY page.created_at DESC, page.id DESC LIMIT $5
"""
SELECT_UNSEEN = """
SELECT * FROM ticket WHERE restaurant_id = $1 AND state = 'cancelled' AND acknowledged_at IS NULL
ORDER BY created_at DESC, id DESC LIMIT $2
"""
SELECT_RULES = "SELECT time_zone, day_cutoff_minutes FROM day_rules()"
SELECT_PAST_DAY = """
SELECT restaurant_id, business_date, order_id FROM tickets_past_day($1, $2, $3, $4, $5, $6, $7, $8)
"""
PastDay = tuple[UUID, date, UUID]
"""(restaurant, business day, order), in the order in which a round goes through them."""


async def find_stations(tx: Transaction) -> list[Station]:
    """By position, at most STATIONS_LIMIT."""
    return [_station(row) for row in await tx.fetch(SELECT_STATIONS, tx.tenant)]


async def count_stations(tx: Transaction) -> int:
    """How many the restaurant has."""
    return int(await tx.fetchval(COUNT_STATIONS, tx.tenant))


async def insert_default_station(tx: Transaction, station: Station) -> bool:
    """False where the restaurant has a default station."""
    return await tx.fetchval(INSERT_DEFAULT, *_station_values(tx, station)) is not None


async def insert_station(tx: Transaction, station: Station) -> None:
    """A new station, version 1."""
    await tx.execute(INSERT_STATION, *_station_values(tx, station))


async def update_station(tx: Transaction, station: Station) -> int:
    """The new version; ``station.version`` is what the caller saw. Raises StationNotFound, StaleVersion."""
    version = await tx.fetchval(UPDATE_STATION, *_station_values(tx, station), station.version)
    if version is not None:
        return int(version)
    if await tx.fetchval(STATION_EXISTS, tx.tenant, station.id) is None:
        raise StationNotFound("There is no such station.")
    raise StaleVersion("Somebody changed this station; read it again.")


async def drop_other_defaults(tx: Transaction, station_id: UUID) -> list[Station]:
    """There is one default station: any other stops being it. Answers those that changed."""
    return [_station(row) for row in await tx.fetch(DROP_DEFAULT, tx.tenant, station_id)]


async def find_ticket(tx: Transaction, ticket_id: UUID) -> Ticket:
    """Raises TicketNotFound."""
    row = await tx.fetchrow(SELECT_TICKET, tx.tenant, ticket_id)
    if row is None:
        raise TicketNotFound("There is no such ticket.")
    return rows.rehydrate_ticket(row)


async def find_tickets(
    tx: Transaction,
    states: Sequence[Kitchen],
    station_id: UUID | None,
    after: tuple[datetime, UUID],
    limit: int,
) -> list[Ticket]:
    """Newest first. No states: the open ones."""
    wanted = [state.value for state in dict.fromkeys(states)] or [state.value for state in OPEN_TICKET]
    if station_id is None:
        found = await tx.fetch(SELECT_TICKETS, tx.tenant, wanted, *after, limit)
    else:
        found = await tx.fetch(SELECT_STATION_TICKETS, tx.tenant, wanted, *after, limit, station_id)
    return [rows.rehydrate_ticket(row) for row in found]


async def find_unseen(tx: Transaction, limit: int) -> list[Ticket]:
    """Cancelled tickets that no cook has acknowledged, newest first."""
    return [rows.rehydrate_ticket(row) for row in await tx.fetch(SELECT_UNSEEN, tx.tenant, limit)]


async def find_day_rules(tx: Transaction) -> list[tuple[str, int]]:
    """(time zone, cut-off in minutes after midnight) of all restaurants; needs no tenant."""
    return [(row["time_zone"], row["day_cutoff_minutes"]) for row in await tx.fetch(SELECT_RULES)]


async def find_past_day(
    tx: Transaction,
    days: Mapping[tuple[str, int], date],
    fired_before: datetime,
    after: PastDay,
    limit: int,
) -> list[PastDay]:
    """Orders after ``after`` with tickets of a day before the one that ``days`` names for the restaurant's
    rule; needs no tenant. One with tickets of two days is named twice.
    """
    zones, cutoffs = [zone for zone, _ in days], [cutoff for _, cutoff in days]
    found = await tx.fetch(SELECT_PAST_DAY, zones, cutoffs, list(days.values()), fired_before, *after, limit)
    return [(row["restaurant_id"], row["business_date"], row["order_id"]) for row in found]


def _station_values(tx: Transaction, station: Station) -> list[object]:
    return [
        tx.tenant,
        station.id,
        station.name,
        station.position,
        sorted(station.category_ids),
        station.is_default,
        station.target_minutes,
    ]


def _station(row: Any) -> Station:
    return Station(
        id=row["id"],
        name=row["name"],
        position=row["position"],
        category_ids=frozenset(row["category_ids"]),
        is_default=row["is_default"],
        target_minutes=row["target_minutes"],
        version=row["version"],
    )
