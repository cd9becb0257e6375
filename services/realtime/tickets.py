"""Which tickets an event brings."""

from typing import Any, Final

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from google.protobuf.message import DecodeError

from services.realtime.frames import Event


def tickets_of(event: Event) -> list[orders_pb2.Ticket]:
    """The tickets that an event brings; none for an event without."""
    kind = _WITH_TICKETS.get(event.type)
    if kind is None:
        return []
    try:
        message: Any = kind.FromString(event.payload)
    except DecodeError:
        return []
    return [message.ticket] if kind is orders_events.TicketUpdated else list(message.tickets)


_WITH_TICKETS: Final[dict[str, Any]] = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (
        orders_events.OrderPlaced,
        orders_events.OrderUpdated,
        orders_events.OrderPaymentRecorded,
        orders_events.OrderCancelled,
        orders_events.TicketUpdated,
    )
}
