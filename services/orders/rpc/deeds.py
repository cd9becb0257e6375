"""What people did with orders and tickets, told to whoever reads the log."""

from fynlo.orders.v1 import floor_pb2, orders_pb2

from chassis.telemetry.deeds import deed
from services.orders.domain.ticket import TicketStep
from services.orders.wire import enums

_TICKET_DEEDS = {
    TicketStep.START: "orders.ticket_started",
    TicketStep.BUMP: "orders.ticket_bumped",
    TicketStep.RECALL: "orders.ticket_recalled",
    TicketStep.SERVE: "orders.ticket_served",
}
"""That a display has shown a ticket is no deed of a person."""


def tell_placed(order: orders_pb2.Order) -> None:
    """An order was taken, or kept as a draft."""
    is_draft = order.lifecycle == orders_pb2.LIFECYCLE_DRAFT
    deed("orders.draft_kept" if is_draft else "orders.order_placed", **facts_of(order))


def tell_fired(order: orders_pb2.Order) -> None:
    """More of an order was sent to the kitchen."""
    deed("orders.order_fired", **facts_of(order))


def tell_completed(order: orders_pb2.Order) -> None:
    """An order is served, paid and done with."""
    if order.lifecycle == orders_pb2.LIFECYCLE_DONE:
        deed("orders.order_completed", **facts_of(order))


def tell_transferred(order: orders_pb2.Order) -> None:
    """An order's guests sit at another table."""
    deed("orders.order_transferred", **facts_of(order))


def tell_promised(order: orders_pb2.Order) -> None:
    """An order was promised for another time, or for none."""
    deed("orders.order_promised", **facts_of(order))


def tell_lines_added(order: orders_pb2.Order) -> None:
    """More was ordered."""
    deed("orders.lines_added", **facts_of(order))


def tell_line_changed(order: orders_pb2.Order) -> None:
    """How many, the note, the seat or the course of a line is another one."""
    deed("orders.line_changed", **facts_of(order))


def tell_cleared(table: floor_pb2.Table) -> None:
    """Somebody has cleared a table."""
    deed("orders.table_cleared", table=table.name, table_id=table.id)


def tell_step(ticket: orders_pb2.Ticket, step: TicketStep) -> None:
    """A cook moved a ticket."""
    if step in _TICKET_DEEDS:
        deed(
            _TICKET_DEEDS[step],
            number=ticket.order_number,
            station=ticket.station_name,
            ticket_id=ticket.id,
            order_id=ticket.order_id,
        )


def facts_of(order: orders_pb2.Order) -> dict[str, object]:
    """What a line says of an order: its number, where it goes, its total in minor units of its currency."""
    return {
        "number": order.number,
        "order_type": enums.ORDER_TYPE_OF[order.order_type].value,
        "table": order.table_name,
        "total_minor": order.totals.total_minor,
        "currency": order.currency_code,
        "order_id": order.id,
    }
