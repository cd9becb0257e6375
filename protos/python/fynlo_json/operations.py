"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.operations.v1.
"""

from fynlo.operations.v1 import parked_events_service_pb2

from fynlo_json.scalars import Json, instant


def get_parked_response(of: parked_events_service_pb2.GetParkedResponse) -> Json:
    return {
        **parked_event(of.event),
        "body": of.body or None,
        "body_cut": of.body_cut,
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


def parked_page(of: parked_events_service_pb2.ParkedPage) -> Json:
    """The events of all services that were asked, newest first, as REST answers them."""
    return {
        "items": [parked_event(one) for one in of.items],
        "services": [parked_service(one) for one in of.services],
        "next_cursor": of.next_cursor or None,
    }


def parked_service(of: parked_events_service_pb2.ParkedService) -> Json:
    """How many events a service has parked; unset where it could not be asked."""
    return {
        "service": of.service,
        "parked": of.parked if of.HasField("parked") else None,
    }


def retry_parked_response(of: parked_events_service_pb2.RetryParkedResponse) -> Json:
    return {
        "asked": of.asked,
    }
