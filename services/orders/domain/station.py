"""Stations: which part of the kitchen cooks what, and in which time. Routes are in ``routing``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.orders.domain.errors import (
    DefaultStationNeeded,
    EmptyRoute,
    StationInUse,
    TooManyRoutes,
    TooManyStations,
    UnknownFallback,
)
from services.orders.domain.menu import OrderType
from services.orders.domain.order.order import Line
from services.orders.domain.routing import CATEGORY_RANK, NOT_TAKEN, ROUTES_MAX, Fired, Route

DEFAULT_STATION_NAME = "Kitchen"
DEFAULT_TARGET_SECONDS = 15 * 60
SECONDS_PER_MINUTE = 60
STATIONS_MAX = 200
"""In one restaurant."""
STATIONS_PER_LINE_MAX = 4
"""Each has a ticket with the line: more of them would make an order cost what its kitchen cannot read."""


@dataclass(frozen=True, slots=True)
class Station:
    """A place in the kitchen. The default one cooks whatever no other names."""

    id: UUID
    name: str
    position: int
    category_ids: frozenset[UUID]
    is_default: bool
    target_seconds: int
    version: int
    routes: tuple[Route, ...] = ()
    fallback_id: UUID | None = None
    is_closed: bool = False
    time_zone: str = "UTC"
    """The restaurant's, by which its routes tell the time."""
    fire_together: bool = False
    """The restaurant's: dishes that go together are ready together."""

    @property
    def target_minutes(self) -> int:
        """The target in whole minutes, for who knows no seconds."""
        return -(-self.target_seconds // SECONDS_PER_MINUTE)

    def rank_of(self, fired: Fired) -> int:
        """The highest rank of its routes that fit; NOT_TAKEN where none does."""
        best = CATEGORY_RANK if fired.category_id in self.category_ids else NOT_TAKEN
        for one in self.routes:
            if one.rank > best and one.fits(fired):
                best = one.rank
        return best


def first_station(station_id: UUID) -> Station:
    """The one that a restaurant begins with: it cooks everything."""
    return Station(
        id=station_id,
        name=DEFAULT_STATION_NAME,
        position=0,
        category_ids=frozenset(),
        is_default=True,
        target_seconds=DEFAULT_TARGET_SECONDS,
        version=1,
    )


def route(line: Line, order_type: OrderType, stations: Sequence[Station], at: datetime) -> list[Station]:
    """The stations that cook a line that is fired at ``at``, as ``takers`` says."""
    if not stations:
        return []
    local = at.astimezone(ZoneInfo(stations[0].time_zone))
    options = [option.option_id for option in line.options]
    return takers(Fired(line.item_id, line.category_id, options, order_type, local), stations)


def takers(fired: Fired, stations: Sequence[Station]) -> list[Station]:
    """The stations that get what is fired, by position; none: it goes nowhere.

    What a closed station would take, its fallback takes. ``stations`` is not empty.
    """
    ranks = [station.rank_of(fired) for station in stations]
    highest = max(ranks)
    if highest == NOT_TAKEN:
        meant = [station for station in stations if station.is_default]
    else:
        meant = [station for station, rank in zip(stations, ranks, strict=True) if rank == highest]
    taken = {station.id: station for one in meant if (station := open_one(one, stations)) is not None}
    return list(taken.values())[:STATIONS_PER_LINE_MAX]


def open_one(station: Station, stations: Sequence[Station]) -> Station | None:
    """The station, or the first open one behind its fallbacks; None where all are closed."""
    by_id = {one.id: one for one in stations}
    passed: set[UUID] = set()
    found: Station | None = station
    while found is not None and found.is_closed:
        passed.add(found.id)
        following = found.fallback_id
        found = None if following is None or following in passed else by_id.get(following)
    return found


def fallback_of(station_id: UUID, stations: Sequence[Station]) -> Station | None:
    """Where tickets go that no display of the station confirms; None: nowhere else."""
    by_id = {one.id: one for one in stations}
    station = by_id.get(station_id)
    if station is None or station.fallback_id is None or station.fallback_id not in by_id:
        return None
    found = open_one(by_id[station.fallback_id], stations)
    return None if found is None or found.id == station_id else found


def check_station(station: Station, others: Sequence[Station]) -> None:
    """Whether it goes with the others of its restaurant.

    Raises TooManyStations, TooManyRoutes, EmptyRoute, UnknownFallback, DefaultStationNeeded.
    """
    if len(others) >= STATIONS_MAX:
        raise TooManyStations(f"A restaurant has at most {STATIONS_MAX} stations.")
    if not station.is_default and not any(other.is_default for other in others):
        raise DefaultStationNeeded("Some station has to cook what no other does.")
    if any(one.rank == NOT_TAKEN for one in station.routes):
        raise EmptyRoute("A route names an item, a category, an option, an order type or hours.")
    if sum(len(one.routes) for one in (station, *others)) > ROUTES_MAX:
        raise TooManyRoutes(f"The stations of a restaurant have at most {ROUTES_MAX} routes.")
    if station.fallback_id is not None and station.fallback_id not in {other.id for other in others}:
        raise UnknownFallback("The fallback station is another one of the restaurant.")
    elsewhere: dict[object, int] = {}
    for other in others:
        for goods in _goods_of(other):
            elsewhere[goods] = elsewhere.get(goods, 0) + 1
    if any(elsewhere.get(goods, 0) >= STATIONS_PER_LINE_MAX for goods in _goods_of(station)):
        raise TooManyStations(f"{STATIONS_PER_LINE_MAX} stations take some of it already.")


def check_removal(station: Station, open_tickets: int) -> None:
    """Whether a station can go. Raises DefaultStationNeeded, StationInUse."""
    if station.is_default:
        raise DefaultStationNeeded(f"{station.name} takes what no other does: make another one that first.")
    if open_tickets:
        raise StationInUse(
            f"Tickets are open at {station.name}: finish them first.", metadata={"tickets": str(open_tickets)}
        )


def _goods_of(station: Station) -> set[object]:
    """Goods of the menu that its routes name, each with how much such a route says."""
    of_categories = {((None, category, None), CATEGORY_RANK) for category in station.category_ids}
    return of_categories | {(one.goods, one.rank) for one in station.routes}
