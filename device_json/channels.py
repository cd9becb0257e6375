"""Channels of the realtime service: their names on the wire and their whole state."""

from collections.abc import Callable
from typing import Any, Final

from fynlo.realtime.v1 import channel_source_service_pb2, realtime_pb2

from device_json.catalog import stock_level
from device_json.orders import metrics, order, station, ticket, ticket_alarm
from device_json.payments import till_session
from device_json.scalars import Json
from device_json.staff import timecard


def channel_name(restaurant_id: str, channel: str) -> str:
    """``restaurant:<id>:kitchen``, what devices call a channel."""
    return f"restaurant:{restaurant_id}:{channel}"


def snapshot(of: channel_source_service_pb2.GetSnapshotResponse, restaurant_id: str, channel: str) -> Json:
    """The answer of GET /api/v2/realtime/snapshot: state and the position at which to go on."""
    return {
        "ch": channel_name(restaurant_id, channel),
        "e": of.epoch,
        "s": of.seq,
        "state": snapshot_state(of),
    }


def snapshot_state(of: channel_source_service_pb2.GetSnapshotResponse) -> Json:
    """The state alone. Raises ValueError for an answer without a state that this code knows."""
    kind = of.WhichOneof("state")
    if kind is None:
        raise ValueError("the snapshot has no state")
    return _STATES[kind](getattr(of, kind))


def _kitchen(of: realtime_pb2.KitchenState) -> Json:
    return {
        "tickets": [ticket(one) for one in of.tickets],
        "stations": [station(one) for one in of.stations],
    }


def _floor(of: realtime_pb2.FloorState) -> Json:
    return {
        "tables": [
            {"id": one.id, "name": one.name, "state": one.state or None, "version": one.version}
            for one in of.tables
        ]
    }


def _metrics(of: realtime_pb2.MetricsState) -> Json:
    return {"metrics": metrics(of.metrics) if of.HasField("metrics") else None}


_STATES: Final[dict[str, Callable[[Any], Json]]] = {
    "orders": lambda of: {
        "orders": [order(one) for one in of.orders],
        "alarms": [ticket_alarm(one) for one in of.alarms],
    },
    "kitchen": _kitchen,
    "floor": _floor,
    "inventory": lambda of: {"levels": [stock_level(one) for one in of.levels]},
    "staff": lambda of: {"timecards": [timecard(one) for one in of.timecards]},
    "tills": lambda of: {"sessions": [till_session(one) for one in of.sessions]},
    "metrics": _metrics,
}
