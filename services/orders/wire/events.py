"""Facts as events, and the channels on which each takes a position."""

from collections.abc import Sequence
from enum import StrEnum

from fynlo.orders.v1 import events_pb2, orders_pb2
from google.protobuf.message import Message

from services.orders.domain.change import (
    AlarmCleared,
    Cancelled,
    Change,
    Completed,
    Fact,
    KitchenReady,
    PaymentRecorded,
    Placed,
    TicketMoved,
    Updated,
)
from services.orders.domain.kitchen import Ticket
from services.orders.domain.order import Actor
from services.orders.wire.orders import actor_message, order_message, ticket_message

ORDERS = "orders"
KITCHEN = "kitchen"
METRICS = "metrics"
FLOOR = "floor"
CHANNELS = (ORDERS, KITCHEN, METRICS, FLOOR)


class AlarmEnd(StrEnum):
    """Why an alarm is over."""

    CONFIRMED = "confirmed"
    MOVED = "moved"
    ACKNOWLEDGED = "acknowledged"


Published = tuple[Message, tuple[str, ...]]


def published(change: Change, order: orders_pb2.Order | None = None) -> list[Published]:
    """Every fact of a change as (event, channels), in order; ``order`` is its message if there is one.

    Tickets travel with the fact that moved them: a ticket that has moved by itself is not repeated.
    """
    whole = order if order is not None else order_message(change.order)
    alone = {fact.ticket.id for fact in change.facts if isinstance(fact, TicketMoved)}
    tickets = [ticket_message(ticket) for ticket in change.tickets if ticket.id not in alone]
    return [_event(fact, whole, tickets) for fact in change.facts]


def alarm_cleared(ticket: Ticket, cause: AlarmEnd, by: Actor | None = None) -> events_pb2.TicketAlarmCleared:
    """The end of a ticket's alarm, for all tills."""
    who = actor_message(by) if by is not None else None
    return events_pb2.TicketAlarmCleared(ticket=ticket_message(ticket), cause=cause, acknowledged_by=who)


def _event(fact: Fact, order: orders_pb2.Order, tickets: Sequence[orders_pb2.Ticket]) -> Published:
    with_tickets = (ORDERS, KITCHEN) if tickets else (ORDERS,)
    match fact:
        case Placed():
            return events_pb2.OrderPlaced(order=order, tickets=tickets), with_tickets
        case Updated(cause):
            return events_pb2.OrderUpdated(order=order, tickets=tickets, cause=cause), with_tickets
        case PaymentRecorded(payment_id, method, amount_minor):
            event = events_pb2.OrderPaymentRecorded(
                order=order,
                payment_id=str(payment_id),
                method=method,
                amount_minor=amount_minor,
                tickets=tickets,
            )
            return event, with_tickets
        case TicketMoved(ticket, cause):
            moved = events_pb2.TicketUpdated(ticket=ticket_message(ticket), order=order, cause=cause)
            return moved, (KITCHEN, ORDERS)
        case AlarmCleared(ticket):
            return alarm_cleared(ticket, AlarmEnd.MOVED), (ORDERS,)
        case KitchenReady():
            return events_pb2.KitchenOrderReady(order=order), (ORDERS,)
        case Completed():
            return events_pb2.OrderCompleted(order=order), (ORDERS,)
        case Cancelled(reason, wasted):
            cancelled = events_pb2.OrderCancelled(order=order, tickets=tickets, reason=reason, wasted=wasted)
            return cancelled, with_tickets
