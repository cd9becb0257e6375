"""Tables: one row each, with the orders that are open at it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.orders.domain.errors import NameTaken, TableNotFound
from services.orders.domain.table import TABLES_MAX, Layout, Reservation, Seated, Table, TableShape

FIND_TABLES = f"""
SELECT * FROM floor_table WHERE restaurant_id = $1 ORDER BY name_key LIMIT {TABLES_MAX}
"""  # noqa: S608
FIND_TABLE = "SELECT * FROM floor_table WHERE restaurant_id = $1 AND id = $2"
# In one order, whoever locks: two transfers of opposite directions take turns.
LOCK_TABLES = """
SELECT * FROM floor_table WHERE restaurant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE
"""
COUNT_TABLES = "SELECT count(*) FROM floor_table WHERE restaurant_id = $1"
STANDS_IN = "SELECT EXISTS (SELECT 1 FROM floor_table WHERE restaurant_id = $1 AND section_id = $2)"
INSERT_TABLE = """
INSERT INTO floor_table (restaurant_id, id, version, section_id, name, name_key, seats, shape, x, y, seated,
    is_dirty, reserved_from, reserved_minutes, reserved_name, reservation_shown, changes_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
UPDATE_TABLE = """
UPDATE floor_table SET version = $3, section_id = $4, name = $5, name_key = $6, seats = $7, shape = $8,
    x = $9, y = $10, seated = $11, is_dirty = $12, reserved_from = $13, reserved_minutes = $14,
    reserved_name = $15, reservation_shown = $16, changes_at = $17
WHERE restaurant_id = $1 AND id = $2
"""
DELETE_TABLE = "DELETE FROM floor_table WHERE restaurant_id = $1 AND id = $2"
FIND_CHANGING = "SELECT changes_at, restaurant_id, table_id FROM tables_changing($1, $2, $3, $4)"
Changing = tuple[datetime, UUID, UUID]
"""(when time changes it, restaurant, table), in the order in which a round goes through them."""
CHANGING_START: Changing = (datetime.min.replace(tzinfo=UTC), UUID(int=0), UUID(int=0))


async def find_tables(tx: Transaction) -> list[Table]:
    """By name, at most TABLES_MAX."""
    return [_table_in(row) for row in await tx.fetch(FIND_TABLES, tx.tenant)]


async def find_table(tx: Transaction, table_id: UUID) -> Table | None:
    """None where there is none."""
    row = await tx.fetchrow(FIND_TABLE, tx.tenant, table_id)
    return None if row is None else _table_in(row)


async def lock_tables(tx: Transaction, table_ids: Iterable[UUID]) -> dict[UUID, Table]:
    """Those of them that there are, locked until the transaction ends."""
    found = await tx.fetch(LOCK_TABLES, tx.tenant, list(table_ids))
    return {row["id"]: _table_in(row) for row in found}


async def lock_table(tx: Transaction, table_id: UUID) -> Table:
    """Raises TableNotFound."""
    found = await lock_tables(tx, [table_id])
    if not found:
        raise TableNotFound("There is no such table.")
    return found[table_id]


async def count_tables(tx: Transaction) -> int:
    """How many the restaurant has."""
    return int(await tx.fetchval(COUNT_TABLES, tx.tenant))


async def has_tables(tx: Transaction, section_id: UUID) -> bool:
    """Whether a table stands in the section."""
    return bool(await tx.fetchval(STANDS_IN, tx.tenant, section_id))


async def insert_table(tx: Transaction, table: Table) -> None:
    """A new table. Raises NameTaken."""
    await _write(tx, INSERT_TABLE, table)


async def update_table(tx: Transaction, table: Table) -> None:
    """A table that this transaction has locked. Raises NameTaken."""
    await _write(tx, UPDATE_TABLE, table)


async def delete_table(tx: Transaction, table_id: UUID) -> None:
    """Nobody sits at it."""
    await tx.execute(DELETE_TABLE, tx.tenant, table_id)


async def find_changing(tx: Transaction, at: datetime, after: Changing, limit: int) -> list[Changing]:
    """Tables that time has made others of by then, longest ago first; needs no tenant."""
    since, _, table_id = after
    found = await tx.fetch(FIND_CHANGING, at, since, table_id, limit)
    return [(row["changes_at"], row["restaurant_id"], row["table_id"]) for row in found]


async def _write(tx: Transaction, statement: str, table: Table) -> None:
    try:
        await tx.execute(statement, *_values(tx, table))
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(f"Another table is called {table.layout.name}.") from error


def _values(tx: Transaction, table: Table) -> list[object]:
    layout, reservation = table.layout, table.reservation
    return [
        tx.tenant,
        table.id,
        table.version,
        layout.section_id,
        layout.name,
        layout.name_key,
        layout.seats,
        layout.shape.value,
        layout.x,
        layout.y,
        [_seated_document(one) for one in table.seated],
        table.is_dirty,
        None if reservation is None else reservation.starts_at,
        None if reservation is None else reservation.minutes,
        None if reservation is None else reservation.name,
        table.reservation_shown,
        table.changes_at,
    ]


def _table_in(row: Record) -> Table:
    layout = Layout(
        row["section_id"], row["name"], row["seats"], TableShape(row["shape"]), row["x"], row["y"]
    )
    return Table(
        id=row["id"],
        layout=layout,
        version=row["version"],
        seated=tuple(_seated_in(*one) for one in row["seated"]),
        is_dirty=row["is_dirty"],
        reservation=_reservation_in(row),
        reservation_shown=row["reservation_shown"],
    )


def _seated_document(one: Seated) -> list[Any]:
    joined = [[str(table_id) for table_id in one.joined]] if one.joined else []
    return [str(one.order_id), one.covers, one.server_id, one.is_paying, *joined]


def _seated_in(
    order_id: str, covers: int, server_id: str, is_paying: bool, joined: Sequence[str] = ()
) -> Seated:
    return Seated(UUID(order_id), covers, server_id, is_paying, tuple(UUID(table_id) for table_id in joined))


def _reservation_in(row: Any) -> Reservation | None:
    if row["reserved_from"] is None:
        return None
    return Reservation(row["reserved_from"], row["reserved_minutes"], row["reserved_name"])
