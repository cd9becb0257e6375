"""Payments."""

from uuid import UUID

from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.instants import timestamp
from services.payments.domain.bill import Bill
from services.payments.domain.payment import Payment, PaymentStatus, PaymentTaken
from services.payments.wire.actor import actor, optional_actor
from services.payments.wire.fee import METHOD, fee

_STATUS = {
    status: payments_pb2.PaymentStatus.Value(f"PAYMENT_STATUS_{status.name}") for status in PaymentStatus
}


def payment(of: Payment) -> payments_pb2.Payment:
    """A payment."""
    return payments_pb2.Payment(
        id=str(of.id),
        restaurant_id=str(of.restaurant_id),
        order_id=str(of.order_id),
        order_number=of.order_number,
        method=METHOD[of.method],
        status=_STATUS[of.status],
        currency_code=of.currency_code,
        amount_minor=of.amount_minor,
        tip_minor=of.tip_minor,
        tendered_minor=of.tendered_minor,
        change_minor=of.change_minor,
        fee=fee(of.fee),
        till_session_id=_id(of.till_session_id),
        business_date=of.business_date.isoformat(),
        created_at=timestamp(of.created_at),
        taken_by=actor(of.taken_by),
        check_id=of.check_id,
        approved_by=optional_actor(of.approved_by),
        reason=of.reason,
    )


def payment_taken(of: PaymentTaken) -> payments_api.TakePaymentResponse:
    """What is answered to whoever takes a payment."""
    return payments_api.TakePaymentResponse(
        payment=payment(of.payment), paid_minor=of.paid_minor, due_minor=of.due_minor
    )


def payment_captured(of: Payment, bill: Bill) -> payments_events.PaymentCaptured:
    """Money was taken; ``bill`` is as it stands after it."""
    return payments_events.PaymentCaptured(
        payment=payment(of), paid_minor=bill.paid_minor, due_minor=bill.due_minor, sequence=of.sequence
    )


def _id(value: UUID | None) -> str:
    return "" if value is None else str(value)
