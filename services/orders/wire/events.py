"""Events of the domain as messages. On which channels each takes a position is declared in the contract.

An order is measured once, when what it consists of is accepted. From then on every event of it fits: room is
left for what an order gains in its life, and tickets that do not fit beside it travel in events of their own.
"""

from collections.abc import Iterable, Iterator, Sequence

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from google.protobuf.message import Message

from chassis.messaging.outbox import MAX_EVENT_BYTES
from services.orders.domain.alarm import AlarmEnd
from services.orders.domain.errors import OrderTooLarge
from services.orders.domain.order.change import (
    AlarmCleared,
    Cancelled,
    Change,
    Completed,
    Event,
    KitchenReady,
    PaymentRecorded,
    Placed,
    TicketMoved,
    Updated,
)
from services.orders.wire.alarm import alarm_cleared
from services.orders.wire.order import order_message
from services.orders.wire.ticket import ticket_message

ORDER_GROWTH_BYTES = 7_560
"""What an accepted order may still gain: number, money, times, versions, what happens to its lines and when
each goes to the kitchen, and what a guest must not eat (200 characters and 14 allergens), a note (500
characters), a table (40 characters and an id), a customer, the number of an invoice, and for when and whom it
is promised (80 characters)."""
SPLIT_MAX_BYTES = 29_000
"""The checks of an order that is split: names and sums of 40, VAT at four rates, 300 shares of lines."""
ORDER_MAX_BYTES = 42_560 + SPLIT_MAX_BYTES
"""An order at any time of its life."""
TICKETS_MAX_BYTES = MAX_EVENT_BYTES - ORDER_MAX_BYTES - 2_000
"""The tickets beside an order in one event; the rest is for its other fields. One ticket is never larger."""
FIELD_BYTES = 6
"""What a message costs beside its own bytes in a field: tag and length."""
MORE_TICKETS = "more_tickets"


def check_size(order: orders_pb2.Order) -> None:
    """For an order whose lines are about to be accepted. Raises OrderTooLarge."""
    most = ORDER_MAX_BYTES - ORDER_GROWTH_BYTES - SPLIT_MAX_BYTES
    if order.ByteSize() > most:
        raise OrderTooLarge(f"An order holds at most {most} bytes: shorten its notes, or make two of it.")


def published(change: Change, order: orders_pb2.Order | None = None) -> list[Message]:
    """The message of every event of a change, in order; ``order`` is that of the order if there is one.

    Tickets travel with the event that moved them: a ticket that has moved by itself is not repeated. Those
    that one event cannot carry follow in OrderUpdated.
    """
    whole = order if order is not None else order_message(change.order)
    alone = {event.ticket.id for event in change.events if isinstance(event, TicketMoved)}
    tickets = (ticket_message(ticket) for ticket in change.tickets if ticket.id not in alone)
    first, *more = list(_parts(tickets)) or [[]]
    messages = [_message(event, whole, first) for event in change.events]
    return messages + [_message(Updated(MORE_TICKETS), whole, part) for part in more]


def _parts(tickets: Iterable[orders_pb2.Ticket]) -> Iterator[list[orders_pb2.Ticket]]:
    part: list[orders_pb2.Ticket] = []
    left = TICKETS_MAX_BYTES
    for ticket in tickets:
        size = ticket.ByteSize() + FIELD_BYTES
        if part and size > left:
            yield part
            part, left = [], TICKETS_MAX_BYTES
        part.append(ticket)
        left -= size
    if part:
        yield part


def _message(event: Event, order: orders_pb2.Order, tickets: Sequence[orders_pb2.Ticket]) -> Message:
    match event:
        case Placed():
            return orders_events.OrderPlaced(order=order, tickets=tickets)
        case Updated(cause):
            return orders_events.OrderUpdated(order=order, tickets=tickets, cause=cause)
        case PaymentRecorded(payment_id, method, amount_minor):
            return orders_events.OrderPaymentRecorded(
                order=order,
                payment_id=str(payment_id),
                method=method,
                amount_minor=amount_minor,
                tickets=tickets,
            )
        case TicketMoved(ticket, cause):
            return orders_events.TicketUpdated(ticket=ticket_message(ticket), order=order, cause=cause)
        case AlarmCleared(ticket):
            return alarm_cleared(ticket, AlarmEnd.MOVED)
        case KitchenReady():
            return orders_events.KitchenOrderReady(order=order)
        case Completed():
            return orders_events.OrderCompleted(order=order)
        case Cancelled(reason, wasted):
            return orders_events.OrderCancelled(order=order, tickets=tickets, reason=reason, wasted=wasted)
