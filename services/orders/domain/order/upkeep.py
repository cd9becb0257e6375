"""Orders that nobody looks after: cancellations that hang, what nobody paid, what nobody marked served."""

from datetime import datetime, timedelta

from services.orders.domain.order.axes import Kitchen, Lifecycle, Payment
from services.orders.domain.order.change import Locked
from services.orders.domain.order.order import Order, ServiceFlow
from services.orders.domain.ticket import RECALL_WITHIN

CANCEL_HANGS_AFTER = timedelta(seconds=5)
UNPAID_EXPIRES_AFTER = timedelta(minutes=15)
NOT_PAID = "not paid in time"
NOT_MARKED_SERVED = "paid, ready, and past the time of a recall"


def is_expired(order: Order, at: datetime) -> bool:
    """Whether it was to be paid first, and nobody did in time."""
    unpaid = order.service_flow is ServiceFlow.PAY_FIRST and order.payment is Payment.UNPAID
    return unpaid and order.updated_at < at - UNPAID_EXPIRES_AFTER


def was_handed_over(locked: Locked, at: datetime) -> bool:
    """Paid, all of it ready, and ready for so long that nothing can be recalled: nobody marked it served."""
    order = locked.order
    if (order.lifecycle, order.payment, order.kitchen) != (
        Lifecycle.VALIDATED,
        Payment.PAID,
        Kitchen.READY,
    ):
        return False
    waiting = [ticket for ticket in locked.tickets if ticket.state is Kitchen.READY]
    return all(ticket.ready_at is not None and at - ticket.ready_at > RECALL_WITHIN for ticket in waiting)
