"""Stations."""

from typing import Any
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.errors import StaleVersion, StationNotFound
from services.orders.domain.station import STATIONS_MAX, Station

FIND_STATIONS = f"""
SELECT id, name, position, category_ids, is_default, target_minutes, version FROM station
WHERE restaurant_id = $1 ORDER BY position, id LIMIT {STATIONS_MAX}
"""  # noqa: S608
INSERT_STATION = """
INSERT INTO station (restaurant_id, id, name, position, category_ids, is_default, target_minutes, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
"""
INSERT_FIRST_STATION = """
INSERT INTO station (restaurant_id, id, name, position, category_ids, is_default, target_minutes, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT DO NOTHING RETURNING true
"""
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


async def find_stations(tx: Transaction) -> list[Station]:
    """By position, at most STATIONS_MAX."""
    return [_station_in(row) for row in await tx.fetch(FIND_STATIONS, tx.tenant)]


async def count_stations(tx: Transaction) -> int:
    """How many the restaurant has."""
    return int(await tx.fetchval(COUNT_STATIONS, tx.tenant))


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


async def drop_other_defaults(tx: Transaction, station_id: UUID) -> list[Station]:
    """There is one default station: any other stops being it. Answers those that changed."""
    return [_station_in(row) for row in await tx.fetch(DROP_DEFAULT, tx.tenant, station_id)]


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


def _station_in(row: Any) -> Station:
    return Station(
        id=row["id"],
        name=row["name"],
        position=row["position"],
        category_ids=frozenset(row["category_ids"]),
        is_default=row["is_default"],
        target_minutes=row["target_minutes"],
        version=row["version"],
    )
