"""Stations."""

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id, parse_id
from services.orders.domain.station import Station


def station_message(station: Station) -> orders_pb2.Station:
    """The whole station."""
    return orders_pb2.Station(
        id=str(station.id),
        name=station.name,
        position=station.position,
        category_ids=sorted(str(category) for category in station.category_ids),
        is_default=station.is_default,
        target_minutes=station.target_minutes,
        version=station.version,
    )


def wanted_station(station: orders_pb2.Station) -> Station:
    """Without an id: a new one, version 0. Raises InvalidArgument (INVALID_ID)."""
    return Station(
        id=parse_id(station.id) if station.id else new_id(),
        name=station.name.strip(),
        position=station.position,
        category_ids=frozenset(parse_id(category) for category in station.category_ids),
        is_default=station.is_default,
        target_minutes=station.target_minutes,
        version=station.version if station.id else 0,
    )


def station_saved(station: Station) -> orders_events.StationSaved:
    """A station is new, or has changed."""
    return orders_events.StationSaved(station=station_message(station))
