"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.operations.v1.
"""

from typing import Any, Final

from fynlo.operations.v1 import parked_events_service_pb2

from fynlo_json.scalars import EnumNames, Json, instant


def discard_parked_response(of: parked_events_service_pb2.DiscardParkedResponse) -> Json:
    return {}


def get_parked_response(of: parked_events_service_pb2.GetParkedResponse) -> Json:
    return {
        **parked_event(of.event),
        "body": of.body or None,
        "body_cut": of.body_cut,
    }


def list_parked_response(of: parked_events_service_pb2.ListParkedResponse) -> Json:
    return {
        "events": [parked_event(one) for one in of.events],
        "parked": of.parked,
    }


def parked_event(of: parked_events_service_pb2.ParkedEvent) -> Json:
    return {
        "id": of.id,
        "type": of.type,
        "subject": of.subject,
        "restaurant_id": of.restaurant_id or None,
        "parked_at": instant(of.parked_at) if of.HasField("parked_at") else None,
        "tries": of.tries,
        "failures": of.failures,
        "error": of.error,
        "service": of.service,
    }


def retry_parked_response(of: parked_events_service_pb2.RetryParkedResponse) -> Json:
    return {
        "asked": of.asked,
    }
