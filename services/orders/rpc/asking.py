"""Who asks, in which restaurant; and in which words a result is told."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from chassis.db.commands import Answer, M
from chassis.db.idempotency import key_of
from chassis.errors import FieldError, InvalidArgument
from chassis.ids import derived_id
from chassis.rpc import current_principal
from services.orders.domain.order.order import Actor, Order
from services.orders.domain.ticket import Ticket
from services.orders.usecases.ports import Command
from services.orders.wire.order import order_message
from services.orders.wire.ticket import ticket_message

Context = Any


def command_of(method: str, request: Message) -> Command:
    """The caller's request for a change, in the restaurant of their token."""
    principal = current_principal()
    actor = Actor(str(principal.subject or ""), principal.name, principal.device_id or "")
    return Command(principal.tenant, key_of(method, request, principal), actor)


def order_id_of(command: Command) -> UUID:
    """The id of the order that a request makes, where the client names none: a retry makes the same order."""
    return derived_id(command.tenant, command.key.scope, command.key.key, command.key.request_hash)


def with_order(reply: type[M]) -> Answer[Order, M]:
    """A reply that holds the order."""
    return Answer(reply, lambda order: reply(order=order_message(order)))


def with_ticket(reply: type[M]) -> Answer[Ticket, M]:
    """A reply that holds the ticket."""
    return Answer(reply, lambda ticket: reply(ticket=ticket_message(ticket)))


def date_of(text: str, field: str) -> date | None:
    """The date of a request's ``field``; None where it names none. Raises InvalidArgument (INVALID_DATE)."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        error = FieldError(field, "INVALID_DATE", "A date is written YYYY-MM-DD.")
        raise InvalidArgument("That is no date.", reason="INVALID_DATE", fields=[error]) from None
