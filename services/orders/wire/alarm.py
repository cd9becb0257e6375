"""Tickets that the kitchen has not seen."""

from datetime import datetime

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.instants import timestamp
from services.orders.domain.alarm import AlarmEnd, Unseen
from services.orders.domain.order.order import Actor
from services.orders.domain.ticket import Ticket
from services.orders.wire.actor import actor_message
from services.orders.wire.ticket import ticket_message


def alarm_message(ticket: Ticket) -> orders_pb2.TicketAlarm:
    """The alarm of a ticket that is in alarm."""
    assert ticket.alarm is not None
    shown = ticket_message(ticket)
    return orders_pb2.TicketAlarm(
        ticket=shown,
        cause=ticket.alarm.cause,
        raised_at=timestamp(ticket.alarm.raised_at),
        order_id=shown.order_id,
        order_number=shown.order_number,
    )


def ticket_undelivered(ticket: Ticket, unseen: Unseen, at: datetime) -> orders_events.TicketUndelivered:
    """The alarm of a ticket, for all tills."""
    return orders_events.TicketUndelivered(
        ticket=ticket_message(ticket),
        cause=unseen.cause,
        raised_at=timestamp(at),
        kitchen_epoch=unseen.kitchen_epoch,
        kitchen_seq=unseen.kitchen_seq,
    )


def alarm_cleared(
    ticket: Ticket, cause: AlarmEnd, by: Actor | None = None
) -> orders_events.TicketAlarmCleared:
    """The end of a ticket's alarm, for all tills."""
    who = actor_message(by) if by is not None else None
    return orders_events.TicketAlarmCleared(ticket=ticket_message(ticket), cause=cause, acknowledged_by=who)
