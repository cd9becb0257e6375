"""Stations: which part of the kitchen cooks what."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.orders.domain.errors import DefaultStationNeeded, TooManyStations

DEFAULT_STATION_NAME = "Kitchen"
DEFAULT_TARGET_MINUTES = 15
STATIONS_MAX = 200
"""In one restaurant."""
STATIONS_PER_CATEGORY_MAX = 2
"""A line that more stations cooked would make its tickets larger than an event may be."""


@dataclass(frozen=True, slots=True)
class Station:
    """A place in the kitchen. The default one cooks whatever no other names."""

    id: UUID
    name: str
    position: int
    category_ids: frozenset[UUID]
    is_default: bool
    target_minutes: int
    version: int


def first_station(station_id: UUID) -> Station:
    """The one that a restaurant begins with: it cooks everything."""
    return Station(
        id=station_id,
        name=DEFAULT_STATION_NAME,
        position=0,
        category_ids=frozenset(),
        is_default=True,
        target_minutes=DEFAULT_TARGET_MINUTES,
        version=1,
    )


def route(category_id: UUID, stations: Sequence[Station]) -> list[Station]:
    """Every station that names the category, else the default one. At least one, given a default station."""
    named = [station for station in stations if category_id in station.category_ids]
    return named or [station for station in stations if station.is_default]


def check_station(station: Station, others: Sequence[Station]) -> None:
    """Whether it goes with the others of its restaurant. Raises TooManyStations, DefaultStationNeeded."""
    if len(others) >= STATIONS_MAX:
        raise TooManyStations(f"A restaurant has at most {STATIONS_MAX} stations.")
    if not station.is_default and not any(other.is_default for other in others):
        raise DefaultStationNeeded("Some station has to cook what no other does.")
    for category in station.category_ids:
        cooked_at = sum(category in other.category_ids for other in others)
        if cooked_at >= STATIONS_PER_CATEGORY_MAX:
            raise TooManyStations(f"{STATIONS_PER_CATEGORY_MAX} stations cook category {category} already.")
