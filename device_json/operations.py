"""What the operators of the platform see."""

from fynlo.operations.v1 import parked_events_service_pb2 as operations_pb2

from device_json.scalars import Json, instant


def parked_event(service: str, event: operations_pb2.ParkedEvent) -> Json:
    """An event that ``service`` could not handle."""
    return {
        "id": event.id,
        "service": service,
        "type": event.type,
        "subject": event.subject,
        "restaurant_id": event.restaurant_id or None,
        "parked_at": instant(event.parked_at),
        "tries": event.tries,
        "failures": event.failures,
        "error": event.error,
    }
