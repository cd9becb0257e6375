"""Movements of stock, which nobody changes, and their sums."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from chassis.db.conditions import Conditions
from services.catalog.domain.ledger import LedgerLine
from services.catalog.domain.movement import BookedMovement, Movement, MovementFilter, MovementKind, Since

MOVEMENTS = """
SELECT m.id, m.item_id, coalesce(i.name, g.name) AS item_name, m.kind, m.quantity, m.reserved,
    m.on_hand_after, m.occurred_at, m.order_id, m.line_id, m.revision, m.reason, m.actor_id
FROM stock_movement AS m
    LEFT JOIN item AS i ON i.restaurant_id = m.restaurant_id AND i.id = m.item_id
    LEFT JOIN ingredient AS g ON g.restaurant_id = m.restaurant_id AND g.id = m.item_id
"""
SINCE = """
SELECT coalesce(sum(quantity), 0)::bigint AS moved,
    min(occurred_at) FILTER (WHERE kind = 'count') AS counted_at
FROM stock_movement WHERE restaurant_id = $1 AND item_id = $2 AND occurred_at > $3
"""
NEXT_COUNTS = """
SELECT item_id, min(occurred_at) AS counted_at FROM stock_movement
WHERE restaurant_id = $1 AND item_id = ANY($2::uuid[]) AND occurred_at > $3 AND kind = 'count'
GROUP BY item_id
"""
LEDGER = """
SELECT s.item_id, s.on_hand, s.reserved, coalesce(m.on_hand, 0)::bigint AS ledger_on_hand,
    coalesce(m.reserved, 0)::bigint AS ledger_reserved, coalesce(h.held, 0)::bigint AS held
FROM stock AS s
    LEFT JOIN (SELECT item_id, sum(quantity) AS on_hand, sum(reserved) AS reserved FROM stock_movement
        WHERE restaurant_id = $1 GROUP BY item_id) AS m ON m.item_id = s.item_id
    LEFT JOIN (SELECT (line ->> 1)::uuid AS item_id, sum((line ->> 2)::bigint) AS held
        FROM reservation AS r, jsonb_array_elements(r.lines) AS line
        WHERE r.restaurant_id = $1 AND r.state IN ('held', 'confirmed') GROUP BY 1
    ) AS h ON h.item_id = s.item_id
WHERE s.restaurant_id = $1 ORDER BY s.item_id
"""
LEVEL_IDS = "SELECT item_id FROM stock WHERE restaurant_id = $1 ORDER BY item_id"
RESTAURANTS_COUNTING = "SELECT restaurant_id FROM restaurants_counting($1, $2)"

Place = tuple[datetime, UUID]
"""(when it happened, which), by which movements are ordered."""


async def movement_page(
    tx: Transaction, wanted: MovementFilter, before: Place | None, limit: int
) -> list[BookedMovement]:
    """The next ``limit`` movements, the newest first."""
    where = Conditions(tx.tenant).add("m.restaurant_id = $1")
    if wanted.item_id is not None:
        where.add("m.item_id = {}", wanted.item_id)
    if wanted.kinds:
        where.add("m.kind = ANY({}::text[])", [kind.value for kind in wanted.kinds])
    if wanted.since is not None:
        where.add("m.occurred_at >= {}", wanted.since)
    if wanted.until is not None:
        where.add("m.occurred_at < {}", wanted.until)
    if before is not None:
        where.add("(m.occurred_at, m.id) < ({}, {})", *before)
    rows = await tx.fetch(
        f"{MOVEMENTS} WHERE {where} ORDER BY m.occurred_at DESC, m.id DESC LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [BookedMovement(_movement(row), row["item_name"] or "") for row in rows]


async def since(tx: Transaction, item_id: UUID, at: datetime) -> Since:
    """What is booked of an item after ``at``."""
    row = await tx.fetchrow(SINCE, tx.tenant, item_id, at)
    assert row is not None
    return Since(row["moved"], row["counted_at"])


async def next_counts(tx: Transaction, item_ids: Sequence[UUID], at: datetime) -> dict[UUID, datetime]:
    """When each of the items was first counted after ``at``; without those that were not."""
    rows = await tx.fetch(NEXT_COUNTS, tx.tenant, item_ids, at)
    return {row["item_id"]: row["counted_at"] for row in rows}


async def ledger(tx: Transaction) -> list[LedgerLine]:
    """Every level beside the sums of its movements and what orders hold, by item id."""
    return [
        LedgerLine(
            row["item_id"],
            row["on_hand"],
            row["reserved"],
            row["ledger_on_hand"],
            row["ledger_reserved"],
            row["held"],
        )
        for row in await tx.fetch(LEDGER, tx.tenant)
    ]


async def level_ids(tx: Transaction) -> list[UUID]:
    """Of everything that is or was counted."""
    return [row["item_id"] for row in await tx.fetch(LEVEL_IDS, tx.tenant)]


async def restaurants_counting(tx: Transaction, after: UUID, limit: int) -> list[UUID]:
    """The next ``limit`` restaurants that count stock, by id."""
    rows = await tx.fetch(RESTAURANTS_COUNTING, after, limit)
    return [row["restaurant_id"] for row in rows]


def _movement(row: Record) -> Movement:
    return Movement(
        id=row["id"],
        item_id=row["item_id"],
        kind=MovementKind(row["kind"]),
        quantity=row["quantity"],
        on_hand_after=row["on_hand_after"],
        occurred_at=row["occurred_at"],
        reserved=row["reserved"],
        order_id=row["order_id"],
        line_id=row["line_id"],
        revision=row["revision"],
        reason=row["reason"],
        actor_id=row["actor_id"],
    )
