"""Levels of stock, and every movement of goods.

Who changes levels locks, in this order: the menu (when the menu changes too), the reservation of the order,
the levels by item id. So nobody waits in a circle.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from services.catalog.domain.movement import Movement
from services.catalog.domain.reservation import Reservation
from services.catalog.domain.stock import LevelChange, StockLevel, StockPolicy
from services.catalog.store.reservation import line_documents

# Of items alone: what the menu says is left, and what a file of it holds.
LEVELS = """
SELECT s.item_id, i.name AS item_name, s.on_hand, s.reserved, s.reorder_point, s.version, s.updated_at,
    s.policy, s.tracked, i.available AND NOT i.removed AS item_available, s.counted_at, 'piece' AS unit,
    0 AS largest_take, false AS is_made
FROM stock AS s JOIN item AS i ON i.restaurant_id = s.restaurant_id AND i.id = s.item_id
WHERE s.restaurant_id = $1 AND s.tracked ORDER BY s.item_id
"""
# Of items and ingredients.
LEVEL_PAGE = """
SELECT s.item_id, coalesce(i.name, g.name) AS item_name, s.on_hand, s.reserved, s.reorder_point, s.version,
    s.updated_at, s.policy, s.tracked, coalesce(i.available AND NOT i.removed, false) AS item_available,
    s.counted_at, coalesce(g.unit, 'piece') AS unit, 0 AS largest_take, false AS is_made
FROM stock AS s LEFT JOIN item AS i ON i.restaurant_id = s.restaurant_id AND i.id = s.item_id
    LEFT JOIN ingredient AS g ON g.restaurant_id = s.restaurant_id AND g.id = s.item_id
WHERE s.restaurant_id = $1 AND s.tracked AND s.item_id > $2 ORDER BY s.item_id LIMIT $3
"""
LOCK_LEVELS = """
SELECT s.item_id, coalesce(i.name, g.name) AS item_name, s.on_hand, s.reserved, s.reorder_point, s.version,
    s.updated_at, s.policy, s.tracked, coalesce(i.available AND NOT i.removed, false) AS item_available,
    s.counted_at, coalesce(g.unit, 'piece') AS unit,
    CASE WHEN g.id IS NULL THEN 0 ELSE (
        SELECT coalesce(max(t.quantity), 0) FROM recipe_take AS t
        WHERE t.restaurant_id = s.restaurant_id AND t.ingredient_id = s.item_id) END AS largest_take,
    EXISTS (SELECT 1 FROM recipe AS r
        WHERE r.restaurant_id = s.restaurant_id AND r.item_id = s.item_id AND r.is_made) AS is_made
FROM stock AS s LEFT JOIN item AS i ON i.restaurant_id = s.restaurant_id AND i.id = s.item_id
    LEFT JOIN ingredient AS g ON g.restaurant_id = s.restaurant_id AND g.id = s.item_id
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
        policy = n.policy, tracked = n.tracked, version = n.version, counted_at = n.counted_at,
        updated_at = $2
    FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::boolean[],
        $9::bigint[], $10::timestamptz[])
        AS n (item_id, on_hand, reserved, reorder_point, policy, tracked, version, counted_at)
    WHERE s.restaurant_id = $1 AND s.item_id = n.item_id
), movements AS (
    INSERT INTO stock_movement (restaurant_id, id, item_id, kind, quantity, reserved, on_hand_after,
        occurred_at, order_id, line_id, revision, reason, actor_id)
    SELECT $1, m.id, m.item_id, m.kind, m.quantity, m.reserved, m.on_hand_after, m.occurred_at, m.order_id,
        m.line_id, m.revision, m.reason, m.actor_id
    FROM unnest($11::uuid[], $12::uuid[], $13::text[], $14::bigint[], $15::bigint[], $16::bigint[],
        $17::timestamptz[], $18::uuid[], $19::uuid[], $20::integer[], $21::text[], $22::uuid[])
        AS m (id, item_id, kind, quantity, reserved, on_hand_after, occurred_at, order_id, line_id, revision,
            reason, actor_id)
)
UPDATE reservation SET state = $24, order_version = $25, lines = $26, expires_at = $27, revision = $28,
    updated_at = $2
WHERE restaurant_id = $1 AND order_id = $23
"""
IS_STOCKED = "SELECT EXISTS (SELECT 1 FROM stock WHERE restaurant_id = $1 AND item_id = $2 AND tracked)"
FIRST_ID = UUID(int=0)
"""Where a list by id begins: before everything."""


async def levels(tx: Transaction) -> list[StockLevel]:
    """Of every counted item; without ingredients."""
    return [_level(row) for row in await tx.fetch(LEVELS, tx.tenant)]


async def level_page(tx: Transaction, after: UUID | None, limit: int | None) -> list[StockLevel]:
    """The next ``limit`` levels of items and ingredients by id; all of them where there is none."""
    return [_level(row) for row in await tx.fetch(LEVEL_PAGE, tx.tenant, after or FIRST_ID, limit)]


async def is_stocked(tx: Transaction, item_id: UUID) -> bool:
    """Whether an item or ingredient is counted."""
    return bool(await tx.fetchval(IS_STOCKED, tx.tenant, item_id))


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
        [level.counted_at for level in after],
        [movement.id for movement in movements],
        [movement.item_id for movement in movements],
        [movement.kind.value for movement in movements],
        [movement.quantity for movement in movements],
        [movement.reserved for movement in movements],
        [movement.on_hand_after for movement in movements],
        [movement.occurred_at for movement in movements],
        [movement.order_id for movement in movements],
        [movement.line_id for movement in movements],
        [movement.revision for movement in movements],
        [movement.reason for movement in movements],
        [movement.actor_id for movement in movements],
        reservation.order_id if reservation else None,
        reservation.state.value if reservation else None,
        reservation.order_version if reservation else None,
        line_documents(reservation.lines) if reservation else None,
        reservation.expires_at if reservation else None,
        reservation.revision if reservation else None,
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
        counted_at=row["counted_at"],
        unit=row["unit"],
        largest_take=row["largest_take"],
        is_made=row["is_made"],
    )
