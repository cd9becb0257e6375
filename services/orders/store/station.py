"""Stations. One that is removed keeps its row: its tickets of the past are found by it."""

from typing import Any
from uuid import UUID

from chassis.db import Record, Transaction
from services.orders.domain.errors import StaleVersion, StationNotFound
from services.orders.domain.hours import Window
from services.orders.domain.menu import OrderType
from services.orders.domain.routing import Route
from services.orders.domain.station import SECONDS_PER_MINUTE, STATIONS_MAX, Station

FIND_STATIONS = f"""
SELECT s.*, r.time_zone, r.fire_together FROM station AS s
LEFT JOIN restaurant AS r ON r.restaurant_id = s.restaurant_id
WHERE s.restaurant_id = $1 AND NOT s.is_removed ORDER BY s.position, s.id LIMIT {STATIONS_MAX}
"""  # noqa: S608
INSERT_STATION = """
INSERT INTO station (restaurant_id, id, name, position, category_ids, is_default, target_minutes,
    target_seconds, routes, fallback_id, is_closed, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)
"""
INSERT_FIRST_STATION = """
INSERT INTO station (restaurant_id, id, name, position, category_ids, is_default, target_minutes,
    target_seconds, routes, fallback_id, is_closed, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1) ON CONFLICT DO NOTHING RETURNING true
"""
UPDATE_STATION = """
UPDATE station SET name = $3, position = $4, category_ids = $5, is_default = $6, target_minutes = $7,
    target_seconds = $8, routes = $9, fallback_id = $10, is_closed = $11, version = version + 1
WHERE restaurant_id = $1 AND id = $2 AND version = $12 AND NOT is_removed
RETURNING version
"""
STATION_EXISTS = "SELECT true FROM station WHERE restaurant_id = $1 AND id = $2 AND NOT is_removed"
DROP_DEFAULT = """
UPDATE station SET is_default = false, version = version + 1
WHERE restaurant_id = $1 AND is_default AND id <> $2
RETURNING *
"""
DROP_FALLBACK = """
UPDATE station SET fallback_id = NULL, version = version + 1
WHERE restaurant_id = $1 AND fallback_id = $2 AND NOT is_removed
RETURNING *
"""
REMOVE_STATION = """
UPDATE station SET is_removed = true, version = version + 1 WHERE restaurant_id = $1 AND id = $2
RETURNING version
"""
COUNT_STATIONS = "SELECT count(*) FROM station WHERE restaurant_id = $1 AND NOT is_removed"
# What a cook or a waiter still has to do with. An index range for each state.
COUNT_OPEN_TICKETS = """
SELECT sum(found.tickets) FROM unnest('{queued,preparing,ready}'::text[]) AS wanted (state)
CROSS JOIN LATERAL (
    SELECT count(*) AS tickets FROM ticket
    WHERE restaurant_id = $1 AND station_id = $2 AND ticket.state = wanted.state
) AS found
"""


async def find_stations(tx: Transaction) -> list[Station]:
    """By position, at most STATIONS_MAX."""
    return [
        _station_in(row, row["time_zone"], bool(row["fire_together"]))
        for row in await tx.fetch(FIND_STATIONS, tx.tenant)
    ]


async def count_stations(tx: Transaction) -> int:
    """How many the restaurant has."""
    return int(await tx.fetchval(COUNT_STATIONS, tx.tenant))


async def count_open_tickets(tx: Transaction, station_id: UUID) -> int:
    """How many of its tickets are not served."""
    return int(await tx.fetchval(COUNT_OPEN_TICKETS, tx.tenant, station_id) or 0)


async def insert_first_station(tx: Transaction, station: Station) -> bool:
    """False where the restaurant has a default station."""
    return await tx.fetchval(INSERT_FIRST_STATION, *_station_values(tx, station)) is not None


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


async def remove_station(tx: Transaction, station_id: UUID) -> int:
    """Its last version. No ticket is open at it."""
    return int(await tx.fetchval(REMOVE_STATION, tx.tenant, station_id))


async def drop_other_defaults(tx: Transaction, station_id: UUID) -> list[Station]:
    """There is one default station: any other stops being it. Answers those that changed."""
    return [_station_in(row) for row in await tx.fetch(DROP_DEFAULT, tx.tenant, station_id)]


async def drop_fallback(tx: Transaction, station_id: UUID) -> list[Station]:
    """It is the fallback of no station any more. Answers those that changed."""
    return [_station_in(row) for row in await tx.fetch(DROP_FALLBACK, tx.tenant, station_id)]


def _station_values(tx: Transaction, station: Station) -> list[object]:
    return [
        tx.tenant,
        station.id,
        station.name,
        station.position,
        sorted(station.category_ids),
        station.is_default,
        station.target_minutes,
        station.target_seconds,
        [_route_row(one) for one in station.routes],
        station.fallback_id,
        station.is_closed,
    ]


def _station_in(row: Record, time_zone: str | None = None, fire_together: bool = False) -> Station:
    seconds = row["target_seconds"]
    return Station(
        id=row["id"],
        name=row["name"],
        position=row["position"],
        category_ids=frozenset(row["category_ids"]),
        is_default=row["is_default"],
        target_seconds=row["target_minutes"] * SECONDS_PER_MINUTE if seconds is None else seconds,
        version=row["version"],
        routes=tuple(_route_in(one) for one in row["routes"]),
        fallback_id=row["fallback_id"],
        is_closed=row["is_closed"],
        time_zone=time_zone or "UTC",
        fire_together=fire_together,
    )


def _route_row(route: Route) -> dict[str, Any]:
    """What is named, and nothing else."""
    goods = {"item": route.item_id, "category": route.category_id, "option": route.option_id}
    named: dict[str, Any] = {key: str(value) for key, value in goods.items() if value is not None}
    if route.order_types:
        named["order_types"] = sorted(route.order_types)
    if route.hours is not None:
        named["hours"] = [route.hours.from_minutes, route.hours.until_minutes]
    return named


def _route_in(named: dict[str, Any]) -> Route:
    hours = named.get("hours")
    return Route(
        item_id=_id_in(named, "item"),
        category_id=_id_in(named, "category"),
        option_id=_id_in(named, "option"),
        order_types=frozenset(OrderType(one) for one in named.get("order_types", ())),
        hours=None if hours is None else Window(frozenset(), *hours),
    )


def _id_in(named: dict[str, Any], key: str) -> UUID | None:
    return UUID(named[key]) if key in named else None
