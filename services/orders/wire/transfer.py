"""What went from one order to another, as messages carry it."""

from uuid import UUID

from fynlo.orders.v1 import orders_pb2, transfers_pb2

from services.orders.domain.moved import MergedInto, MergedOrder, MovedFrom, MovedTo, TicketMovedFrom
from services.orders.domain.order.order import Line, Order
from services.orders.pricing import EXACT, Rounding, VatGroup


def write_moves(line: Line, message: orders_pb2.OrderLine) -> None:
    """Where the line has gone, and where it came from."""
    if line.moved_to is not None:
        to = line.moved_to
        message.moved_to.MergeFrom(
            transfers_pb2.LineMovedTo(order_id=str(to.order_id), order_number=to.number, quantity=to.quantity)
        )
    if line.moved_from is not None:
        came = line.moved_from
        message.moved_from.MergeFrom(
            transfers_pb2.LineMovedFrom(
                order_id=str(came.order_id), order_number=came.number, merged=came.merged
            )
        )


def moved_to_of(message: orders_pb2.OrderLine) -> MovedTo | None:
    """The way back."""
    if not message.HasField("moved_to"):
        return None
    to = message.moved_to
    return MovedTo(UUID(to.order_id), to.order_number, to.quantity)


def moved_from_of(message: orders_pb2.OrderLine) -> MovedFrom | None:
    """The way back."""
    if not message.HasField("moved_from"):
        return None
    came = message.moved_from
    return MovedFrom(UUID(came.order_id), came.order_number, came.merged)


def write_merging(order: Order, message: orders_pb2.Order) -> None:
    """Which orders are part of it, and of which it is part; nothing of most."""
    for one in order.merged:
        message.merged.add(
            order_id=str(one.order_id),
            number=one.number,
            table_id=str(one.table_id or ""),
            table_name=one.table_name,
            covers=one.covers,
        )
    if order.merged_into is not None:
        into = order.merged_into
        message.merged_into.MergeFrom(
            transfers_pb2.MergedInto(order_id=str(into.order_id), number=into.number)
        )
    if order.rounding != EXACT:
        kept = order.rounding
        message.rounding.MergeFrom(
            transfers_pb2.BillRounding(
                service_charge_minor=kept.service_charge_minor,
                vat=[
                    transfers_pb2.VatRounding(
                        rate_bp=group.rate_bp, gross_minor=group.gross_minor, vat_minor=group.vat_minor
                    )
                    for group in kept.vat
                ],
            )
        )


def merged_of(message: orders_pb2.Order) -> tuple[MergedOrder, ...]:
    """The way back."""
    return tuple(
        MergedOrder(
            order_id=UUID(one.order_id),
            number=one.number,
            table_id=UUID(one.table_id) if one.table_id else None,
            table_name=one.table_name,
            covers=one.covers,
        )
        for one in message.merged
    )


def merged_into_of(message: orders_pb2.Order) -> MergedInto | None:
    """The way back."""
    if not message.HasField("merged_into"):
        return None
    return MergedInto(UUID(message.merged_into.order_id), message.merged_into.number)


def rounding_of(message: orders_pb2.Order) -> Rounding:
    """The way back."""
    if not message.HasField("rounding"):
        return EXACT
    groups = (VatGroup(group.rate_bp, group.gross_minor, group.vat_minor) for group in message.rounding.vat)
    return Rounding(message.rounding.service_charge_minor, tuple(groups))


def ticket_moved_from(came: TicketMovedFrom) -> transfers_pb2.TicketMovedFrom:
    """Where a ticket came from."""
    return transfers_pb2.TicketMovedFrom(order_number=came.order_number, table_name=came.table_name)


def ticket_moved_from_of(message: orders_pb2.Ticket) -> TicketMovedFrom | None:
    """The way back."""
    if not message.HasField("moved_from"):
        return None
    return TicketMovedFrom(message.moved_from.order_number, message.moved_from.table_name)
