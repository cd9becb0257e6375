"""Time cards of the transaction's restaurant."""

from uuid import UUID

import asyncpg

from chassis.db import Transaction
from chassis.db.conditions import Conditions
from services.staff.domain.time_card import CardFilter, Timecard

SELECT_OPEN_CARD = """
SELECT id, employee_id, employee_name, clocked_in_at, clocked_out_at, time_zone, business_date, flags, version
FROM timecard WHERE restaurant_id = $1 AND employee_id = $2 AND clocked_out_at IS NULL
"""
INSERT_CARD = """
INSERT INTO timecard
    (restaurant_id, id, employee_id, employee_name, clocked_in_at, clocked_out_at, time_zone, business_date,
    flags, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
CLOSE_CARD = """
UPDATE timecard SET clocked_out_at = $3, flags = $4, version = $5
WHERE restaurant_id = $1 AND id = $2 AND clocked_out_at IS NULL
"""


async def open_card_of(tx: Transaction, employee_id: UUID) -> Timecard | None:
    """The open card of a locked employee."""
    row = await tx.fetchrow(SELECT_OPEN_CARD, tx.tenant, employee_id)
    return None if row is None else _card(row)


async def insert_card(tx: Transaction, card: Timecard) -> None:
    """An open card. UniqueViolationError (timecard_open) where the worker has one."""
    await tx.execute(
        INSERT_CARD,
        *(tx.tenant, card.id, card.employee_id, card.employee_name, card.clocked_in_at, card.clocked_out_at),
        *(card.time_zone, card.business_date, list(card.flags), card.version),
    )


async def close_card(tx: Transaction, card: Timecard) -> None:
    """Writes the end of an open card."""
    await tx.execute(CLOSE_CARD, *(tx.tenant, card.id, card.clocked_out_at, list(card.flags), card.version))


async def cards(tx: Transaction, which: CardFilter, *, before: UUID | None, limit: int) -> list[Timecard]:
    """Newest first, before the last one seen."""
    where = Conditions(tx.tenant).add("restaurant_id = $1")
    if which.employee_id is not None:
        where.add("employee_id = {}", which.employee_id)
    if which.open_only:
        where.add("clocked_out_at IS NULL")
    if which.from_time is not None:
        where.add("clocked_in_at >= {}", which.from_time)
    if which.until_time is not None:
        where.add("clocked_in_at < {}", which.until_time)
    if before is not None:
        seen = "SELECT seen.clocked_in_at, seen.id FROM timecard seen WHERE seen.restaurant_id = $1"
        where.add(f"(clocked_in_at, id) < ({seen} AND seen.id = {{}})", before)
    rows = await tx.fetch(
        "SELECT id, employee_id, employee_name, clocked_in_at, clocked_out_at, time_zone,"  # noqa: S608
        f" business_date, flags, version FROM timecard WHERE {where}"
        f" ORDER BY clocked_in_at DESC, id DESC LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [_card(row) for row in rows]


def _card(row: asyncpg.Record) -> Timecard:
    return Timecard(**{**dict(row), "flags": tuple(row["flags"])})
