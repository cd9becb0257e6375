"""Levels of stock, and every movement of goods.

Who changes levels locks, in this order: the menu (when the menu changes too), the reservation of the order,
the levels by item id. So nobody waits in a circle.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from services.catalog.domain.reservation import Reservation
from services.catalog.domain.stock import LevelChange, Movement, StockLevel, StockPolicy
from services.catalog.store.reservation import line_documents

LEVELS = """
SELECT s.item_id, i.name AS item_name, s.on_hand, s.reserved, s.reorder_point, s.version, s.updated_at,
    s.policy, s.tracked, i.available AND NOT i.removed AS item_available
FROM stock AS s JOIN item AS i ON i.restaurant_id = s.restaurant_id AND i.id = s.item_id
WHERE s.restaurant_id = $1 AND s.tracked ORDER BY s.item_id
"""
LEVEL_PAGE = """
SELECT s.item_id, i.name AS item_name, s.on_hand, s.reserved, s.reorder_point, s.version, s.updated_at,
    s.policy, s.tracked, i.available AND NOT i.removed AS item_available
FROM stock AS s JOIN item AS i ON i.restaurant_id = s.restaurant_id AND i.id = s.item_id
WHERE s.restaurant_id = $1 AND s.tracked AND s.item_id > $2 ORDER BY s.item_id LIMIT $3
"""
LOCK_LEVELS = """
SELECT s.item_id, i.name AS item_name, s.on_hand, s.reserved, s.reorder_point, s.version, s.updated_at,
    s.policy, s.tracked, i.available AND NOT i.removed AS item_available
FROM stock AS s JOIN item AS i ON i.restaurant_id = s.restaurant_id AND i.id = s.item_id
WHERE s.restaurant_id = $1 AND s.item_id = ANY($2::uuid[]) ORDER BY s.item_id FOR UPDATE OF s
"""
ADD_LEVELS = """
INSERT INTO stock (restaurant_id, item_id, on_hand, reserved, reorder_point, policy, tracked, version,
    updated_at)
SELECT $1, item_id, 0, 0, 0, 'refuse', false, 0, $3 FROM unnest($2::uuid[]) AS item_id
ON CONFLICT (restaurant_id, item_id) DO NOTHING
"""
# One statement for everything that a step changes: one round trip while the levels are locked.
BOOK = """
WITH levels AS (
    UPDATE stock AS s SET on_hand = n.on_hand, reserved = n.reserved, reorder_point = n.reorder_point,
        policy = n.policy, tracked = n.tracked, version = n.version, updated_at = $2
    FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::boolean[], $9::bigint[])
        AS n (item_id, on_hand, reserved, reorder_point, policy, tracked, version)
    WHERE s.restaurant_id = $1 AND s.item_id = n.item_id
), movements AS (
    INSERT INTO stock_movement (restaurant_id, id, item_id, kind, quantity, on_hand_after, order_id, line_id,
        occurred_at)
    SELECT $1, m.id, m.item_id, m.kind, m.quantity, m.on_hand_after, $15, m.line_id, $2
    FROM unnest($10::uuid[], $11::uuid[], $12::text[], $13::bigint[], $14::bigint[], $16::uuid[])
        AS m (id, item_id, kind, quantity, on_hand_after, line_id)
)
UPDATE reservation SET state = $17, order_version = $18, lines = $19, expires_at = $20, updated_at = $2
WHERE restaurant_id = $1 AND order_id = $15
"""
FIRST_ID = UUID(int=0)
"""Where a list by id begins: before everything."""


async def levels(tx: Transaction) -> list[StockLevel]:
    """Of every counted item."""
    return [_level(row) for row in await tx.fetch(LEVELS, tx.tenant)]


async def level_page(tx: Transaction, after: UUID | None, limit: int) -> list[StockLevel]:
    """The next ``limit`` levels by item id."""
    return [_level(row) for row in await tx.fetch(LEVEL_PAGE, tx.tenant, after or FIRST_ID, limit)]


async def lock_levels(tx: Transaction, item_ids: Sequence[UUID]) -> dict[UUID, StockLevel]:
    """Locks the levels in the order of their ids. Items that were never counted have none."""
    rows = await tx.fetch(LOCK_LEVELS, tx.tenant, sorted(set(item_ids)))
    return {row["item_id"]: _level(row) for row in rows}


async def add_levels(tx: Transaction, item_ids: Sequence[UUID], now: datetime) -> None:
    """Makes the rows of items that are to be counted, where there are none: untracked, version 0."""
    await tx.execute(ADD_LEVELS, tx.tenant, sorted(item_ids), now)


async def book(
    tx: Transaction,
    now: datetime,
    changes: Sequence[LevelChange],
    movements: Sequence[Movement] = (),
    reservation: Reservation | None = None,
) -> None:
    """Writes the locked levels, what moved and the locked reservation."""
    after = [change.after for change in changes]
    await tx.execute(
        BOOK,
        tx.tenant,
        now,
        [level.item_id for level in after],
        [level.on_hand for level in after],
        [level.reserved for level in after],
        [level.reorder_point for level in after],
        [level.policy.value for level in after],
        [level.tracked for level in after],
        [level.version for level in after],
        [movement.id for movement in movements],
        [movement.item_id for movement in movements],
        [movement.kind.value for movement in movements],
        [movement.quantity for movement in movements],
        [movement.on_hand_after for movement in movements],
        reservation.order_id if reservation else None,
        [movement.line_id for movement in movements],
        reservation.state.value if reservation else None,
        reservation.order_version if reservation else None,
        line_documents(reservation.lines) if reservation else None,
        reservation.expires_at if reservation else None,
    )


def _level(row: Record) -> StockLevel:
    return StockLevel(
        item_id=row["item_id"],
        item_name=row["item_name"],
        on_hand=row["on_hand"],
        reserved=row["reserved"],
        reorder_point=row["reorder_point"],
        version=row["version"],
        updated_at=row["updated_at"],
        policy=StockPolicy(row["policy"]),
        tracked=row["tracked"],
        item_available=row["item_available"],
    )
