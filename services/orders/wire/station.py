"""Stations."""

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2, station_pb2

from chassis.ids import new_id, parse_id
from services.orders.domain.hours import Window
from services.orders.domain.routing import Route
from services.orders.domain.station import SECONDS_PER_MINUTE, Station
from services.orders.wire import enums


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
        routes=[_route_message(one) for one in station.routes],
        target_seconds=station.target_seconds,
        fallback_station_id=str(station.fallback_id or ""),
        closed=station.is_closed,
    )


def wanted_station(station: orders_pb2.Station) -> Station:
    """Without an id: a new one, version 0. Raises InvalidArgument (INVALID_ID)."""
    return Station(
        id=parse_id(station.id) if station.id else new_id(),
        name=station.name.strip(),
        position=station.position,
        category_ids=frozenset(parse_id(category) for category in station.category_ids),
        is_default=station.is_default,
        target_seconds=station.target_seconds or station.target_minutes * SECONDS_PER_MINUTE,
        version=station.version if station.id else 0,
        routes=tuple(_route_of(one) for one in station.routes),
        fallback_id=parse_id(station.fallback_station_id) if station.fallback_station_id else None,
        is_closed=station.closed,
    )


def station_saved(station: Station) -> orders_events.StationSaved:
    """A station is new, or has changed."""
    return orders_events.StationSaved(station=station_message(station))


def station_removed(station: Station) -> orders_events.StationRemoved:
    """There is no such station any more; its version is the last that it has."""
    return orders_events.StationRemoved(station_id=str(station.id), version=station.version)


def _route_message(route: Route) -> station_pb2.StationRoute:
    message = station_pb2.StationRoute(
        item_id=str(route.item_id or ""),
        category_id=str(route.category_id or ""),
        option_id=str(route.option_id or ""),
        order_types=[enums.ORDER_TYPE[one] for one in sorted(route.order_types)],
    )
    if route.hours is not None:
        message.hours.from_minutes = route.hours.from_minutes
        message.hours.until_minutes = route.hours.until_minutes
        message.hours.SetInParent()  # also where both are midnight
    return message


def _route_of(message: station_pb2.StationRoute) -> Route:
    hours = message.hours
    return Route(
        item_id=parse_id(message.item_id) if message.item_id else None,
        category_id=parse_id(message.category_id) if message.category_id else None,
        option_id=parse_id(message.option_id) if message.option_id else None,
        order_types=frozenset(enums.ORDER_TYPE_OF[one] for one in message.order_types),
        hours=Window(frozenset(), hours.from_minutes, hours.until_minutes)
        if message.HasField("hours")
        else None,
    )
