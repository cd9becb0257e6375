"""Tickets as messages, and back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fynlo.orders.v1 import orders_pb2

from chassis.instants import instant, instant_of, timestamp
from services.orders.domain.alarm import Alarm
from services.orders.domain.ticket import Rerouted, Ticket, TicketLine
from services.orders.wire import enums
from services.orders.wire.configured import option_messages, options_of
from services.orders.wire.remark import remarks_of, write_remarks
from services.orders.wire.transfer import ticket_moved_from, ticket_moved_from_of


def ticket_message(ticket: Ticket) -> orders_pb2.Ticket:
    """The whole ticket, made once and then kept with it, as an order's. Not to be changed."""
    if not isinstance(ticket.told, orders_pb2.Ticket):
        object.__setattr__(ticket, "told", _ticket_message(ticket))
    assert isinstance(ticket.told, orders_pb2.Ticket)
    return ticket.told


def ticket_of(message: orders_pb2.Ticket, row: Mapping[str, Any]) -> Ticket:
    """The ticket of a stored message, as an order's; its alarm is in columns alone."""
    return Ticket(
        id=row["id"],
        order_id=row["order_id"],
        order_number=message.order_number,
        station_id=row["station_id"],
        station_name=message.station_name,
        revision=row["revision"],
        course=message.course,
        order_type=enums.ORDER_TYPE_OF[message.order_type],
        business_date=row["business_date"].isoformat(),
        created_at=row["created_at"],
        target_at=instant_of(message.target_at, "target_at"),
        allergens=tuple(message.allergens),
        lines=tuple(_ticket_line_of(line) for line in message.lines),
        ready_at=row["ready_at"],
        acknowledged_at=row["acknowledged_at"],
        alarm=Alarm(row["alarm_cause"], row["alarm_at"]) if row["alarm_cause"] else None,
        remarks=remarks_of(message),
        allergy_acknowledged_at=instant(message, "allergy_acknowledged_at"),
        table_name=message.table_name,
        may_contain=tuple(message.may_contain),
        rerouted=_rerouted_of(message),
        moved_from=ticket_moved_from_of(message),
        promised_at=instant(message, "scheduled_for"),
    )


def _rerouted_of(message: orders_pb2.Ticket) -> Rerouted | None:
    if not message.rerouted_from_station_id:
        return None
    at = instant_of(message.rerouted_at, "rerouted_at")
    return Rerouted(UUID(message.rerouted_from_station_id), at)


def _ticket_message(ticket: Ticket) -> orders_pb2.Ticket:
    message = orders_pb2.Ticket(
        id=str(ticket.id),
        order_id=str(ticket.order_id),
        order_number=ticket.order_number,
        station_id=str(ticket.station_id),
        station_name=ticket.station_name,
        revision=ticket.revision,
        state=enums.KITCHEN[ticket.state],
        course=ticket.course,
        table_name=ticket.table_name,
        order_type=enums.ORDER_TYPE[ticket.order_type],
        created_at=timestamp(ticket.created_at),
        target_at=timestamp(ticket.target_at),
        allergens=ticket.allergens,  # type: ignore[arg-type] # the numbers of the contract
        lines=[_ticket_line_message(line) for line in ticket.lines],
        ready_at=timestamp(ticket.ready_at),
        acknowledged_at=timestamp(ticket.acknowledged_at),
        business_date=ticket.business_date,
        allergy_acknowledged_at=timestamp(ticket.allergy_acknowledged_at),
        may_contain=ticket.may_contain,  # type: ignore[arg-type] # as allergens
        scheduled_for=timestamp(ticket.promised_at),
    )
    if ticket.rerouted is not None:
        message.rerouted_from_station_id = str(ticket.rerouted.from_station_id)
        message.rerouted_at.CopyFrom(timestamp(ticket.rerouted.at))
    if ticket.moved_from is not None:
        message.moved_from.MergeFrom(ticket_moved_from(ticket.moved_from))
    write_remarks(ticket.remarks, message)
    return message


def _ticket_line_message(line: TicketLine) -> orders_pb2.TicketLine:
    return orders_pb2.TicketLine(
        id=str(line.id),
        name=line.name,
        quantity=line.quantity,
        options=option_messages(line.options),
        note=line.note,
        state=enums.KITCHEN[line.state],
        seat=line.seat,
        ready_at=timestamp(line.ready_at),
        item_id=str(line.item_id or ""),
        cancel_seen_quantity=line.cancel_seen_quantity,
        revision=line.revision,
    )


def _ticket_line_of(message: orders_pb2.TicketLine) -> TicketLine:
    return TicketLine(
        id=UUID(message.id),
        name=message.name,
        quantity=message.quantity,
        options=options_of(message.options),
        note=message.note,
        seat=message.seat,
        state=enums.KITCHEN_OF[message.state],
        ready_at=instant(message, "ready_at"),
        item_id=UUID(message.item_id) if message.item_id else None,
        revision=message.revision,
        cancel_seen_quantity=message.cancel_seen_quantity,
    )
