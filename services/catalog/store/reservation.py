"""What orders hold of the stock.

``lock_reservation`` comes before the locks of levels: see ``store.stock``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Record, Transaction
from services.catalog.domain.reservation import Reservation, ReservationState
from services.catalog.domain.stock import StockLine

CONCERNS_STOCK = """
SELECT EXISTS (SELECT 1 FROM stock WHERE restaurant_id = $1 AND item_id = ANY($2::uuid[]) AND tracked)
    OR EXISTS (SELECT 1 FROM reservation WHERE restaurant_id = $1 AND order_id = $3)
"""
# The insert waits for, and then locks, a row that another transaction is writing.
LOCK_RESERVATION = """
INSERT INTO reservation (restaurant_id, order_id, state, order_version, lines, updated_at)
VALUES ($1, $2, 'released', 0, '[]', $3)
ON CONFLICT (restaurant_id, order_id) DO UPDATE SET order_id = reservation.order_id
RETURNING order_id, state, order_version, lines, expires_at
"""
RESERVATION = """
SELECT order_id, state, order_version, lines, expires_at FROM reservation
WHERE restaurant_id = $1 AND order_id = $2
"""
EXPIRED_HOLDS = "SELECT restaurant_id, order_id FROM expired_holds($1, $2)"
LOCK_EXPIRED_HOLD = """
SELECT updated_at FROM reservation
WHERE restaurant_id = $1 AND order_id = $2 AND state = 'held' AND expires_at <= $3
FOR UPDATE
"""
PUT_OFF_HOLD = "UPDATE reservation SET expires_at = $3 WHERE restaurant_id = $1 AND order_id = $2"


async def concerns_stock(tx: Transaction, order_id: UUID, item_ids: Sequence[UUID]) -> bool:
    """Whether an order has a counted item or a reservation; most have neither."""
    return bool(await tx.fetchval(CONCERNS_STOCK, tx.tenant, item_ids, order_id))


async def lock_reservation(tx: Transaction, order_id: UUID, now: datetime) -> Reservation:
    """What the order holds, locked; a new order has an empty, released reservation."""
    row = await tx.fetchrow(LOCK_RESERVATION, tx.tenant, order_id, now)
    assert row is not None
    return _reservation(row)


async def find_reservation(tx: Transaction, order_id: UUID) -> Reservation | None:
    """What the order holds, None where it never held anything."""
    row = await tx.fetchrow(RESERVATION, tx.tenant, order_id)
    return None if row is None else _reservation(row)


async def expired_holds(tx: Transaction, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(restaurant, order) of holds of all restaurants whose order was not placed in time, oldest first."""
    rows = await tx.fetch(EXPIRED_HOLDS, now, limit)
    return [(row["restaurant_id"], row["order_id"]) for row in rows]


async def lock_expired_hold(tx: Transaction, order_id: UUID, now: datetime) -> datetime | None:
    """Since when an expired hold has been as it is, locked; None where there is none."""
    since: datetime | None = await tx.fetchval(LOCK_EXPIRED_HOLD, tx.tenant, order_id, now)
    return since


async def put_off_hold(tx: Transaction, order_id: UUID, until: datetime) -> None:
    """Lets a hold that is locked expire at ``until``."""
    await tx.execute(PUT_OFF_HOLD, tx.tenant, order_id, until)


def line_documents(lines: Sequence[StockLine]) -> list[list[Any]]:
    """As they are stored: [line_id, item_id, quantity]."""
    return [[str(line.line_id), str(line.item_id), line.quantity] for line in lines]


def _reservation(row: Record) -> Reservation:
    lines = tuple(StockLine(UUID(line), UUID(item), quantity) for line, item, quantity in row["lines"])
    return Reservation(
        row["order_id"], ReservationState(row["state"]), lines, row["order_version"], row["expires_at"]
    )
