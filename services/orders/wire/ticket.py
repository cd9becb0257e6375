"""Tickets."""

from fynlo.orders.v1 import orders_pb2

from chassis.instants import timestamp
from services.orders.domain.ticket import Ticket, TicketLine
from services.orders.wire import enums
from services.orders.wire.order import allergy_message, option_messages


def ticket_message(ticket: Ticket) -> orders_pb2.Ticket:
    """The whole ticket."""
    return orders_pb2.Ticket(
        id=str(ticket.id),
        order_id=str(ticket.order_id),
        order_number=ticket.order_number,
        station_id=str(ticket.station_id),
        station_name=ticket.station_name,
        revision=ticket.revision,
        state=enums.KITCHEN[ticket.state],
        course=ticket.course,
        order_type=enums.ORDER_TYPE[ticket.order_type],
        created_at=timestamp(ticket.created_at),
        target_at=timestamp(ticket.target_at),
        allergens=ticket.allergens,  # type: ignore[arg-type] # the numbers of the contract
        lines=[_ticket_line_message(line) for line in ticket.lines],
        ready_at=timestamp(ticket.ready_at),
        acknowledged_at=timestamp(ticket.acknowledged_at),
        business_date=ticket.business_date,
        guest_allergy=allergy_message(ticket.guest_allergy),
        allergy_acknowledged_at=timestamp(ticket.allergy_acknowledged_at),
    )


def _ticket_line_message(line: TicketLine) -> orders_pb2.TicketLine:
    return orders_pb2.TicketLine(
        id=str(line.id),
        name=line.name,
        quantity=line.quantity,
        options=option_messages(line.options),
        note=line.note,
        state=enums.KITCHEN[line.state],
        seat=line.seat,
    )
