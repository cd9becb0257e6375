"""The verbs by which an order ends without a sale. Each answers a Change, or raises what forbids it."""

from collections.abc import Sequence
from dataclasses import replace

from services.orders.domain import ticket as tickets
from services.orders.domain.errors import ReasonRequired, RefundRequired
from services.orders.domain.firing import fire_what_goes
from services.orders.domain.order.axes import COOKED_ON, Kitchen, Lifecycle
from services.orders.domain.order.change import Cancelled, Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.station import Station


def cancel_draft(locked: Locked, stamp: Stamp) -> Change:
    """A draft is cancelled at once: it holds no stock and has no bill. Raises IllegalTransition."""
    order = locked.order
    if order.lifecycle is not Lifecycle.DRAFT:
        raise illegal(order, "cancel")
    return _cancelled(locked, stamp)


def begin_cancel(locked: Locked, stamp: Stamp) -> Change:
    """Validated to cancel_pending, until payments has closed the bill.

    Raises IllegalTransition, RefundRequired, ReasonRequired (the kitchen has it).
    """
    order = locked.order
    if order.lifecycle is not Lifecycle.VALIDATED:
        raise illegal(order, "cancel")
    if order.totals.paid_minor:
        raise RefundRequired("Money is on this order: refund it first.")
    if order.fired and not stamp.reason.strip():
        raise ReasonRequired("The kitchen has this order: say why it is cancelled.")
    after = replace(order, lifecycle=Lifecycle.CANCEL_PENDING, cancel_reason=stamp.reason)
    return change_of(locked, after, (), stamp, [Updated("cancelling")])


def finish_cancel(locked: Locked, stamp: Stamp) -> Change:
    """Cancel_pending to cancelled. Raises IllegalTransition."""
    if locked.order.lifecycle is not Lifecycle.CANCEL_PENDING:
        raise illegal(locked.order, "cancel")
    return _cancelled(locked, stamp)


def refuse_cancel(locked: Locked, stations: Sequence[Station], stamp: Stamp) -> Change:
    """Cancel_pending back to validated, because money arrived; what that money pays for is cooked.

    Raises IllegalTransition.
    """
    order = locked.order
    if order.lifecycle is not Lifecycle.CANCEL_PENDING:
        raise illegal(order, "cancel")
    after = replace(order, lifecycle=Lifecycle.VALIDATED, cancel_reason="")
    after, tickets, lost = fire_what_goes(after, locked.tickets, stations, stamp)
    change = change_of(locked, after, tickets, stamp, [Updated("cancel_refused")])
    return replace(change, unrouted=tuple(lost))


def _cancelled(locked: Locked, stamp: Stamp) -> Change:
    order = locked.order
    wasted = any(line.active and line.kitchen in COOKED_ON for line in order.lines)
    lines = tuple(replace(line, kitchen=Kitchen.CANCELLED) for line in order.lines)
    stopped = tuple(
        tickets.cancelled(ticket) for ticket in locked.tickets if ticket.state is not Kitchen.CANCELLED
    )
    reason = stamp.reason or order.cancel_reason
    after = replace(order, lifecycle=Lifecycle.CANCELLED, lines=lines, cancel_reason=reason)
    return change_of(locked, after, stopped, replace(stamp, reason=reason), [Cancelled(reason, wasted)])
