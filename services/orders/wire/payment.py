"""What payments announces."""

from uuid import UUID

from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2

from services.orders.domain.order.order import Actor
from services.orders.domain.payment import Captured

METHOD_PREFIX = "PAYMENT_METHOD_"


def captured_in(event: payments_events.PaymentCaptured) -> Captured:
    """The money that was taken."""
    paid = event.payment
    return Captured(
        payment_id=UUID(paid.id),
        order_id=UUID(paid.order_id),
        sequence=event.sequence,
        method=payments_pb2.PaymentMethod.Name(paid.method).removeprefix(METHOD_PREFIX).lower(),
        amount_minor=paid.amount_minor,
        currency_code=paid.currency_code,
        check_id=UUID(paid.check_id) if paid.check_id else None,
        taken_by=Actor(paid.taken_by.user_id, paid.taken_by.name, paid.taken_by.device_id),
        tip_minor=paid.tip_minor,
        tendered_minor=paid.tendered_minor,
        change_minor=paid.change_minor,
    )
