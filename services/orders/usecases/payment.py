"""Money that payments has taken, booked on its order."""

from chassis.clock import Clock
from chassis.db import Transaction
from chassis.telemetry import get_logger
from services.orders.domain.order.change import Stamp
from services.orders.domain.payment import Captured, fits, record
from services.orders.store import payment as store
from services.orders.store.order import lock_order
from services.orders.store.station import find_stations
from services.orders.usecases.order.change import apply
from services.orders.usecases.order.merging import taken_out_for_money
from services.orders.usecases.restaurant import restaurant_of

_log = get_logger("orders.payments")


async def record_payment(tx: Transaction, clock: Clock, captured: Captured) -> bool:
    """Books a payment once, in whatever order payments arrive: what is paid is the sum of what was booked.

    False when it was booked before.

    Money on an order that is closed, or more than its total, is booked as well, and logged as an error:
    somebody has to look at it. Raises OrderNotFound, so that the message is delivered again.
    """
    locked, at = await lock_order(tx, captured.order_id), clock.now()
    if not await store.insert_payment(tx, captured, at):
        return False
    stamp = Stamp(f"payment:{captured.payment_id}", captured.taken_by, at)
    locked = await taken_out_for_money(tx, locked, stamp)
    restaurant, stations = await restaurant_of(tx), await find_stations(tx)
    change = record(locked, captured, stations, restaurant.auto_complete, stamp)
    await apply(tx, change)
    if not fits(captured, change):
        _log.error(
            "money does not fit its order",
            order_id=str(captured.order_id),
            payment_id=str(captured.payment_id),
            lifecycle=locked.order.lifecycle.value,
            paid_minor=change.order.totals.paid_minor,
            total_minor=change.order.totals.total_minor,
        )
    return True
