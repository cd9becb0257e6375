"""How fast the kitchen is."""

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import station_pb2

from chassis.instants import timestamp
from services.orders.domain.pace import ReadyTimes
from services.orders.domain.ticket import Ticket
from services.orders.wire.ticket import ticket_message


def times_message(times: ReadyTimes) -> station_pb2.ReadyTimes:
    """Of an hour or a day."""
    return station_pb2.ReadyTimes(
        starts_at=timestamp(times.starts_at),
        tickets=times.tickets,
        p50_seconds=times.p50_seconds,
        p90_seconds=times.p90_seconds,
    )


def ticket_late(ticket: Ticket) -> orders_events.TicketLate:
    """Its time is over and it is not ready."""
    return orders_events.TicketLate(ticket=ticket_message(ticket))
