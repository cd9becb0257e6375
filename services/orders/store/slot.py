"""Slots: what was promised for each, counted where it is stored; and orders that were promised."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.menu import OrderType
from services.orders.domain.order.order import Order
from services.orders.domain.slot import Taken
from services.orders.store.order import order_in

COMING_MAX = 200
"""Promised orders that are shown at once."""
FIND_SETTINGS = "SELECT slot_settings FROM restaurant WHERE restaurant_id = $1"
SAVE_SETTINGS = """
UPDATE restaurant SET slot_settings = $2, fire_together = $3, stations_version = stations_version + 1
WHERE restaurant_id = $1
"""
# Whoever takes a place holds the row of its slot until the commit: the last place is taken once.
ADD_TO_SLOT = """
INSERT INTO order_slot AS s (restaurant_id, starts_at, order_type, orders, items) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (restaurant_id, starts_at, order_type) DO UPDATE
SET orders = s.orders + excluded.orders, items = s.items + excluded.items
"""
# Slots that were longer or shorter when they were promised count where they began.
TAKEN_BETWEEN = """
SELECT coalesce(sum(orders), 0) AS orders, coalesce(sum(items), 0) AS items FROM order_slot
WHERE restaurant_id = $1 AND starts_at >= $2 AND starts_at < $3 AND order_type = $4
"""
FIND_TAKEN = """
SELECT starts_at, order_type, orders, items FROM order_slot
WHERE restaurant_id = $1 AND starts_at >= $2 AND starts_at < $3 AND order_type = ANY ($4::text[])
"""
FIND_COMING = """
SELECT * FROM orders
WHERE restaurant_id = $1 AND promised_at >= $2 AND lifecycle IN ('validated', 'cancel_pending')
ORDER BY promised_at, id LIMIT $3
"""
FIND_KITCHEN_DUE = "SELECT kitchen_at, restaurant_id, order_id FROM orders_kitchen_due($1, $2, $3, $4)"


async def find_slot_settings(tx: Transaction) -> bytes:
    """As they were kept; empty where nobody has set any."""
    return await tx.fetchval(FIND_SETTINGS, tx.tenant) or b""


async def save_slot_settings(tx: Transaction, kept: bytes, fire_together: bool) -> None:
    """Tells every process, as stations do. The row of the restaurant is locked."""
    await tx.execute(SAVE_SETTINGS, tx.tenant, kept, fire_together)


async def add_to_slot(tx: Transaction, starts_at: datetime, order_type: OrderType, gained: Taken) -> None:
    """What a slot has gained, or lost; its row is locked until the commit."""
    await tx.execute(ADD_TO_SLOT, tx.tenant, starts_at, order_type.value, gained.orders, gained.items)


async def taken_between(tx: Transaction, start: datetime, end: datetime, order_type: OrderType) -> Taken:
    """What was promised from ``start`` until before ``end``."""
    row = await tx.fetchrow(TAKEN_BETWEEN, tx.tenant, start, end, order_type.value)
    assert row is not None
    return Taken(int(row["orders"]), int(row["items"]))


async def find_taken(
    tx: Transaction, start: datetime, end: datetime, order_types: Sequence[OrderType]
) -> list[tuple[datetime, OrderType, Taken]]:
    """By where what was promised began."""
    names = [one.value for one in order_types]
    return [
        (row["starts_at"], OrderType(row["order_type"]), Taken(row["orders"], row["items"]))
        for row in await tx.fetch(FIND_TAKEN, tx.tenant, start, end, names)
    ]


async def find_coming(tx: Transaction, since: datetime) -> list[Order]:
    """Promised for then or later and neither done nor cancelled, the next one first."""
    return [order_in(row) for row in await tx.fetch(FIND_COMING, tx.tenant, since, COMING_MAX)]


async def find_kitchen_due(
    tx: Transaction, at: datetime, after: tuple[datetime, UUID, UUID], limit: int
) -> list[tuple[datetime, UUID, UUID]]:
    """(when, restaurant, order) of orders of which something goes to the kitchen by itself by now, the
    longest due first; needs no tenant.
    """
    last, _, order_id = after
    found = await tx.fetch(FIND_KITCHEN_DUE, at, last, order_id, limit)
    return [(row["kitchen_at"], row["restaurant_id"], row["order_id"]) for row in found]
