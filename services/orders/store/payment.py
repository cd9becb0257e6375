"""Payments that were booked on orders: each once."""

from datetime import datetime

from chassis.db import Transaction
from services.orders.domain.payment import Captured

INSERT_PAYMENT = """
INSERT INTO order_payment (restaurant_id, payment_id, order_id, sequence, method, amount_minor, recorded_at,
    tip_minor, tendered_minor, change_minor, check_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING true
"""


async def insert_payment(tx: Transaction, captured: Captured, at: datetime) -> bool:
    """False when this payment was recorded before."""
    inserted = await tx.fetchval(
        INSERT_PAYMENT,
        tx.tenant,
        captured.payment_id,
        captured.order_id,
        captured.sequence,
        captured.method,
        captured.amount_minor,
        at,
        captured.tip_minor,
        captured.tendered_minor,
        captured.change_minor,
        captured.check_id,
    )
    return inserted is not None
