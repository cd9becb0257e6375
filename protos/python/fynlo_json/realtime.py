"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.realtime.v1.
"""

from typing import Any, Final

from fynlo.realtime.v1 import channel_source_service_pb2, realtime_pb2
from google.protobuf.json_format import MessageToDict

from fynlo_json.catalog import stock_level
from fynlo_json.orders import (
    order,
    print_job,
    printer,
    restaurant_metrics,
    section,
    station,
    table,
    ticket,
    ticket_alarm,
    unrouted_item,
)
from fynlo_json.payments import till_session
from fynlo_json.scalars import EnumNames, Json
from fynlo_json.staff import timecard

REPLAY_OUTCOME: Final = EnumNames(channel_source_service_pb2.ReplayOutcome, "REPLAY_OUTCOME_")


def floor_state(of: realtime_pb2.FloorState) -> Json:
    return {
        "tables": [table(one) for one in of.floor_tables],
        "sections": [section(one) for one in of.sections],
    }


def get_snapshot_response(of: channel_source_service_pb2.GetSnapshotResponse) -> Json:
    return {
        "e": of.epoch,
        "s": of.seq,
        "state": _GET_SNAPSHOT_RESPONSE_STATE[kind := of.WhichOneof("state")](getattr(of, kind or "")),
    }


def inventory_state(of: realtime_pb2.InventoryState) -> Json:
    return {
        "levels": [stock_level(one) for one in of.levels],
    }


def kitchen_state(of: realtime_pb2.KitchenState) -> Json:
    return {
        "tickets": [ticket(one) for one in of.tickets],
        "stations": [station(one) for one in of.stations],
    }


def metrics_state(of: realtime_pb2.MetricsState) -> Json:
    return {
        "metrics": restaurant_metrics(of.metrics) if of.HasField("metrics") else None,
    }


def orders_state(of: realtime_pb2.OrdersState) -> Json:
    return {
        "orders": [order(one) for one in of.orders],
        "alarms": [ticket_alarm(one) for one in of.alarms],
        "unrouted": [unrouted_item(one) for one in of.unrouted],
    }


def printing_state(of: realtime_pb2.PrintingState) -> Json:
    return {
        "printers": [printer(one) for one in of.printers],
        "jobs": [print_job(one) for one in of.jobs],
    }


def snapshot(of: channel_source_service_pb2.Snapshot) -> Json:
    """The state of a channel and its position, as REST answers it: epoch and sequence number."""
    return {
        "ch": of.ch,
        "e": of.e,
        "s": of.s,
        "state": MessageToDict(of.state),
    }


def staff_state(of: realtime_pb2.StaffState) -> Json:
    return {
        "timecards": [timecard(one) for one in of.timecards],
    }


def tills_state(of: realtime_pb2.TillsState) -> Json:
    return {
        "sessions": [till_session(one) for one in of.sessions],
    }


_GET_SNAPSHOT_RESPONSE_STATE: Final[dict[str | None, Any]] = {
    "orders": orders_state,
    "kitchen": kitchen_state,
    "floor": floor_state,
    "inventory": inventory_state,
    "staff": staff_state,
    "tills": tills_state,
    "metrics": metrics_state,
    "printing": printing_state,
}
