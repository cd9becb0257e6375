"""Money that payments has taken, booked on its order."""

from uuid import UUID

from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2

from chassis.clock import Clock
from chassis.db import Transaction
from chassis.telemetry import get_logger
from services.orders.domain import commands
from services.orders.domain.change import Command, PaymentRecorded
from services.orders.domain.order import Actor, Lifecycle
from services.orders.store import kitchen as kitchen_store
from services.orders.store import orders as store
from services.orders.usecases.copies import settings_in
from services.orders.usecases.work import apply

METHOD_PREFIX = "PAYMENT_METHOD_"

_log = get_logger("orders.payments")


async def record_payment(tx: Transaction, clock: Clock, event: payments_events.PaymentCaptured) -> bool:
    """Books a payment once, in whatever order payments arrive: what is paid is the sum of what was booked.

    False when it was booked before.

    Money on an order that is closed, or more than its total, is booked as well, and logged as an error:
    somebody has to look at it. Raises OrderNotFound, so that the message is delivered again.
    """
    paid = event.payment
    locked = await store.lock_order(tx, UUID(paid.order_id))
    method = payments_pb2.PaymentMethod.Name(paid.method).removeprefix(METHOD_PREFIX).lower()
    payment = PaymentRecorded(UUID(paid.id), method, paid.amount_minor)
    at = clock.now()
    if not await store.insert_payment(tx, locked.order.id, payment, event.sequence, at):
        return False
    actor = Actor(paid.taken_by.user_id, paid.taken_by.name, paid.taken_by.device_id)
    command = Command(f"payment:{paid.id}", actor, at)
    settings = await settings_in(tx)
    stations = await kitchen_store.find_stations(tx)
    change = commands.record_payment(locked, payment, stations, settings.auto_complete, command)
    await apply(tx, change)
    totals = change.order.totals
    odd_state = locked.order.lifecycle in {Lifecycle.DRAFT, Lifecycle.CANCELLED}
    if (
        odd_state
        or totals.paid_minor > totals.total_minor
        or paid.currency_code != locked.order.currency_code
    ):
        _log.error(
            "money does not fit its order",
            order_id=paid.order_id,
            payment_id=paid.id,
            lifecycle=locked.order.lifecycle.value,
            paid_minor=totals.paid_minor,
            total_minor=totals.total_minor,
        )
    return True
