"""What orders hold of the stock.

``lock_reservation`` comes before the locks of levels: see ``store.stock``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Record, Transaction
from services.catalog.domain.recipe import Recipes, Take
from services.catalog.domain.reservation import Reservation, ReservationState
from services.catalog.domain.stock import StockLine

CONCERNS_STOCK = """
SELECT EXISTS (SELECT 1 FROM stock WHERE restaurant_id = $1 AND item_id = ANY($2::uuid[]) AND tracked)
    OR EXISTS (SELECT 1 FROM recipe_take WHERE restaurant_id = $1 AND item_id = ANY($2::uuid[]))
    OR EXISTS (SELECT 1 FROM reservation WHERE restaurant_id = $1 AND order_id = $3)
"""
# The insert waits for, and then locks, a row that another transaction is writing.
LOCK_RESERVATION = """
INSERT INTO reservation (restaurant_id, order_id, state, order_version, lines, updated_at)
VALUES ($1, $2, 'released', 0, '[]', $3)
ON CONFLICT (restaurant_id, order_id) DO UPDATE SET order_id = reservation.order_id
RETURNING order_id, state, order_version, lines, expires_at, revision
"""
# The same, and in the same round trip what the recipes of these items take.
LOCK_RESERVATION_AND_RECIPES = """
WITH locked AS (
    INSERT INTO reservation (restaurant_id, order_id, state, order_version, lines, updated_at)
    VALUES ($1, $2, 'released', 0, '[]', $3)
    ON CONFLICT (restaurant_id, order_id) DO UPDATE SET order_id = reservation.order_id
    RETURNING order_id, state, order_version, lines, expires_at, revision
)
SELECT locked.*, (
    SELECT jsonb_agg(jsonb_build_array(t.item_id, t.ingredient_id, t.quantity) ORDER BY t.position)
    FROM recipe_take AS t WHERE t.restaurant_id = $1 AND t.item_id = ANY($4::uuid[])) AS takes
FROM locked
"""
RESERVATION = """
SELECT order_id, state, order_version, lines, expires_at, revision FROM reservation
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
    """Whether an order has an item that is counted or made, or a reservation; most have neither."""
    return bool(await tx.fetchval(CONCERNS_STOCK, tx.tenant, item_ids, order_id))


async def lock_reservation(tx: Transaction, order_id: UUID, now: datetime) -> Reservation:
    """What the order holds, locked; a new order has an empty, released reservation."""
    row = await tx.fetchrow(LOCK_RESERVATION, tx.tenant, order_id, now)
    assert row is not None
    return _reservation(row)


async def lock_reservation_and_recipes(
    tx: Transaction, order_id: UUID, now: datetime, item_ids: Sequence[UUID]
) -> tuple[Reservation, Recipes]:
    """The same, with the recipes of these items."""
    row = await tx.fetchrow(LOCK_RESERVATION_AND_RECIPES, tx.tenant, order_id, now, item_ids)
    assert row is not None
    recipes: dict[UUID, list[Take]] = {}
    for item_id, ingredient_id, quantity in row["takes"] or ():
        recipes.setdefault(UUID(item_id), []).append(Take(UUID(ingredient_id), quantity))
    return _reservation(row), recipes


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
    """As they are stored: [line_id, item_id, quantity], and behind them the units of an ingredient's item."""
    return [
        [str(line.line_id), str(line.item_id), line.quantity, *([line.units] if line.units else ())]
        for line in lines
    ]


def _reservation(row: Record) -> Reservation:
    lines = tuple(
        StockLine(UUID(line), UUID(item), quantity, *units) for line, item, quantity, *units in row["lines"]
    )
    return Reservation(
        row["order_id"],
        ReservationState(row["state"]),
        lines,
        row["order_version"],
        row["expires_at"],
        row["revision"],
    )
