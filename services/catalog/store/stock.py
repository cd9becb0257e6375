"""Statements on stock: levels, movements, reservations.

Who changes levels locks, in this order: the menu (when the menu changes too), the reservation of the order,
the levels by item id. So nobody waits in a circle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.db import Database, Record, Transaction
from chassis.ids import new_id
from services.catalog.domain.reservations import Reservation, ReservationState
from services.catalog.domain.stock import LevelChange, MovementKind, StockLevel, StockLine, StockPolicy

_LEVEL = (
    "SELECT s.item_id, i.name AS item_name, s.on_hand, s.reserved, s.reorder_point, s.version, s.updated_at,"
    " s.policy, s.tracked, i.available AND NOT i.removed AS item_available"
    " FROM stock AS s JOIN item AS i ON i.restaurant_id = s.restaurant_id AND i.id = s.item_id"
    " WHERE s.restaurant_id = $1"
)
LEVELS = f"{_LEVEL} AND s.tracked ORDER BY s.item_id"
LEVEL_PAGE = f"{_LEVEL} AND s.tracked AND s.item_id > $2 ORDER BY s.item_id LIMIT $3"
LOCK_LEVELS = f"{_LEVEL} AND s.item_id = ANY($2::uuid[]) ORDER BY s.item_id FOR UPDATE OF s"
ADD_LEVEL = (
    "INSERT INTO stock (restaurant_id, item_id, on_hand, reserved, reorder_point, policy, tracked, version,"
    " updated_at) SELECT $1, item_id, 0, 0, 0, 'refuse', false, 0, $3 FROM unnest($2::uuid[]) AS item_id"
    " ON CONFLICT (restaurant_id, item_id) DO NOTHING"
)
CONCERNS_STOCK = (
    "SELECT EXISTS (SELECT 1 FROM stock WHERE restaurant_id = $1 AND item_id = ANY($2::uuid[]) AND tracked)"
    " OR EXISTS (SELECT 1 FROM reservation WHERE restaurant_id = $1 AND order_id = $3)"
)
# One statement for everything that a step changes: one round trip while the levels are locked.
BOOK = (
    "WITH levels AS (UPDATE stock AS s SET on_hand = n.on_hand, reserved = n.reserved,"
    " reorder_point = n.reorder_point, policy = n.policy, tracked = n.tracked, version = n.version,"
    " updated_at = $2 FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],"
    " $8::boolean[], $9::bigint[])"
    " AS n (item_id, on_hand, reserved, reorder_point, policy, tracked, version)"
    " WHERE s.restaurant_id = $1 AND s.item_id = n.item_id),"
    " movements AS (INSERT INTO stock_movement (restaurant_id, id, item_id, kind, quantity, on_hand_after,"
    " order_id, line_id, occurred_at) SELECT $1, m.id, m.item_id, m.kind, m.quantity, m.on_hand_after, $15,"
    " m.line_id, $2 FROM unnest($10::uuid[], $11::uuid[], $12::text[], $13::bigint[], $14::bigint[],"
    " $16::uuid[]) AS m (id, item_id, kind, quantity, on_hand_after, line_id))"
    " UPDATE reservation SET state = $17, order_version = $18, lines = $19, expires_at = $20, updated_at = $2"
    " WHERE restaurant_id = $1 AND order_id = $15"
)
# The insert waits for, and then locks, a row that another transaction is writing.
LOCK_RESERVATION = (
    "INSERT INTO reservation (restaurant_id, order_id, state, order_version, lines, updated_at)"
    " VALUES ($1, $2, 'released', 0, '[]', $3) ON CONFLICT (restaurant_id, order_id)"
    " DO UPDATE SET order_id = reservation.order_id"
    " RETURNING order_id, state, order_version, lines, expires_at"
)
RESERVATION = (
    "SELECT order_id, state, order_version, lines, expires_at FROM reservation"
    " WHERE restaurant_id = $1 AND order_id = $2"
)
EXPIRED_HOLDS = "SELECT restaurant_id, order_id FROM expired_holds($1, $2)"
PUT_OFF_HOLD = (
    "UPDATE reservation SET expires_at = $3 + least(greatest($3 - updated_at, $4), $5)"
    " WHERE restaurant_id = $1 AND order_id = $2 AND state = 'held' AND expires_at <= $3"
)
FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Movement:
    """Goods that came (``quantity`` positive) or went."""

    item_id: UUID
    kind: MovementKind
    quantity: int
    on_hand_after: int
    line_id: UUID | None = None


async def levels(tx: Transaction) -> list[StockLevel]:
    """Of every counted item."""
    return [_level(row) for row in await tx.fetch(LEVELS, tx.tenant)]


async def level_page(tx: Transaction, after: UUID, limit: int) -> list[StockLevel]:
    """The next ``limit`` levels by item id."""
    return [_level(row) for row in await tx.fetch(LEVEL_PAGE, tx.tenant, after, limit)]


async def lock_levels(tx: Transaction, item_ids: Sequence[UUID]) -> dict[UUID, StockLevel]:
    """Locks the levels in the order of their ids. Items that were never counted have none."""
    rows = await tx.fetch(LOCK_LEVELS, tx.tenant, sorted(set(item_ids)))
    return {row["item_id"]: _level(row) for row in rows}


async def add_levels(tx: Transaction, item_ids: Sequence[UUID], now: datetime) -> None:
    """Makes the rows of items that are to be counted, where there are none: untracked, version 0."""
    await tx.execute(ADD_LEVEL, tx.tenant, sorted(item_ids), now)


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
        [new_id() for _ in movements],
        [movement.item_id for movement in movements],
        [movement.kind.value for movement in movements],
        [movement.quantity for movement in movements],
        [movement.on_hand_after for movement in movements],
        reservation.order_id if reservation else None,
        [movement.line_id for movement in movements],
        reservation.state.value if reservation else None,
        reservation.order_version if reservation else None,
        _line_documents(reservation.lines) if reservation else None,
        reservation.expires_at if reservation else None,
    )


async def expired_holds(db: Database, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(restaurant, order) of holds of all restaurants whose order was not placed in time, oldest first."""
    async with db.transaction(None, readonly=True) as tx:
        rows = await tx.fetch(EXPIRED_HOLDS, now, limit)
    return [(row["restaurant_id"], row["order_id"]) for row in rows]


async def put_off_hold(
    tx: Transaction, order_id: UUID, now: datetime, *, at_least: timedelta, at_most: timedelta
) -> None:
    """Lets an expired hold expire again later: after as long as it has been there, within the limits."""
    await tx.execute(PUT_OFF_HOLD, tx.tenant, order_id, now, at_least, at_most)


def movements_of(
    kind: MovementKind, taken: Sequence[StockLine], before: Mapping[UUID, StockLevel]
) -> list[Movement]:
    """One movement per line, each with what was on hand after it."""
    on_hand = {item_id: level.on_hand for item_id, level in before.items()}
    moved = []
    for line in taken:
        on_hand[line.item_id] -= line.quantity
        moved.append(Movement(line.item_id, kind, -line.quantity, on_hand[line.item_id], line.line_id))
    return moved


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


def _reservation(row: Record) -> Reservation:
    lines = tuple(StockLine(UUID(line), UUID(item), quantity) for line, item, quantity in row["lines"])
    return Reservation(
        row["order_id"], ReservationState(row["state"]), lines, row["order_version"], row["expires_at"]
    )


def _line_documents(lines: Sequence[StockLine]) -> list[list[Any]]:
    return [[str(line.line_id), str(line.item_id), line.quantity] for line in lines]
