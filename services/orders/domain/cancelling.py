"""The verbs by which an order ends without a sale. Each answers a Change, or raises what forbids it."""

from collections.abc import Sequence
from dataclasses import replace

from services.orders.domain import kitchen
from services.orders.domain.change import Cancelled, Change, Command, Held, Updated, change_of
from services.orders.domain.errors import ReasonRequired, RefundRequired
from services.orders.domain.firing import fire_waiting
from services.orders.domain.guards import illegal
from services.orders.domain.kitchen import Station
from services.orders.domain.order import COOKED_ON, Kitchen, Lifecycle


def cancel_draft(held: Held, command: Command) -> Change:
    """A draft is cancelled at once: it holds no stock and has no bill. Raises IllegalTransition."""
    order = held.order
    if order.lifecycle is not Lifecycle.DRAFT:
        raise illegal(order, "cancel")
    return _cancelled(held, command)


def begin_cancel(held: Held, command: Command) -> Change:
    """Validated to cancel_pending, until payments has closed the bill.

    Raises IllegalTransition, RefundRequired, ReasonRequired (the kitchen has it).
    """
    order = held.order
    if order.lifecycle is not Lifecycle.VALIDATED:
        raise illegal(order, "cancel")
    if order.totals.paid_minor:
        raise RefundRequired("Money is on this order: refund it first.")
    if order.fired and not command.reason.strip():
        raise ReasonRequired("The kitchen has this order: say why it is cancelled.")
    after = replace(order, lifecycle=Lifecycle.CANCEL_PENDING, cancel_reason=command.reason)
    return change_of(order, held, after, (), command, [Updated("cancelling")])


def finish_cancel(held: Held, command: Command) -> Change:
    """Cancel_pending to cancelled. Raises IllegalTransition."""
    if held.order.lifecycle is not Lifecycle.CANCEL_PENDING:
        raise illegal(held.order, "cancel")
    return _cancelled(held, command)


def refuse_cancel(held: Held, stations: Sequence[Station], command: Command) -> Change:
    """Cancel_pending back to validated, because money arrived; what that money pays for is cooked.

    Raises IllegalTransition.
    """
    order = held.order
    if order.lifecycle is not Lifecycle.CANCEL_PENDING:
        raise illegal(order, "cancel")
    after = replace(order, lifecycle=Lifecycle.VALIDATED, cancel_reason="")
    after, tickets = fire_waiting(after, held.tickets, stations, command)
    return change_of(order, held, after, tickets, command, [Updated("cancel_refused")])


def _cancelled(held: Held, command: Command) -> Change:
    order = held.order
    wasted = any(line.active and line.kitchen in COOKED_ON for line in order.lines)
    lines = tuple(replace(line, kitchen=Kitchen.CANCELLED) for line in order.lines)
    tickets = tuple(
        kitchen.cancelled(ticket) for ticket in held.tickets if ticket.state is not Kitchen.CANCELLED
    )
    reason = command.reason or order.cancel_reason
    after = replace(order, lifecycle=Lifecycle.CANCELLED, lines=lines, cancel_reason=reason)
    return change_of(
        order, held, after, tickets, replace(command, reason=reason), [Cancelled(reason, wasted)]
    )
