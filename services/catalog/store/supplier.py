"""Suppliers."""

from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.catalog.domain.errors import NameTaken
from services.catalog.domain.supplier import Supplier

SUPPLIER_PAGE = """
SELECT id, name, lead_days, minimum_minor, version FROM supplier
WHERE restaurant_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""
LOCK_SUPPLIER = """
SELECT id, name, lead_days, minimum_minor, version FROM supplier
WHERE restaurant_id = $1 AND id = $2 FOR UPDATE
"""
COUNT_SUPPLIERS = "SELECT count(*) FROM supplier WHERE restaurant_id = $1"
SAVE_SUPPLIER = """
INSERT INTO supplier (restaurant_id, id, name, name_key, lead_days, minimum_minor, version)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (restaurant_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
    lead_days = excluded.lead_days, minimum_minor = excluded.minimum_minor, version = excluded.version
"""
DELETE_SUPPLIER = "DELETE FROM supplier WHERE restaurant_id = $1 AND id = $2"
FIRST_ID = UUID(int=0)


async def supplier_page(tx: Transaction, after: UUID | None, limit: int) -> list[Supplier]:
    """The next ``limit`` suppliers by id."""
    rows = await tx.fetch(SUPPLIER_PAGE, tx.tenant, after or FIRST_ID, limit)
    return [supplier_in(row) for row in rows]


async def lock_supplier(tx: Transaction, supplier_id: UUID) -> Supplier | None:
    """None where there is none; else nobody else changes it until the transaction ends."""
    row = await tx.fetchrow(LOCK_SUPPLIER, tx.tenant, supplier_id)
    return None if row is None else supplier_in(row)


async def count_suppliers(tx: Transaction) -> int:
    """How many there are."""
    count: int = await tx.fetchval(COUNT_SUPPLIERS, tx.tenant)
    return count


async def save_supplier(tx: Transaction, supplier: Supplier) -> None:
    """A new or a changed one. Raises NameTaken."""
    try:
        await tx.execute(
            SAVE_SUPPLIER,
            tx.tenant,
            supplier.id,
            supplier.name,
            supplier.name_key,
            supplier.lead_days,
            supplier.minimum_minor,
            supplier.version,
        )
    except asyncpg.UniqueViolationError as error:
        raise NameTaken("There is a supplier of this name.") from error


async def delete_supplier(tx: Transaction, supplier_id: UUID) -> None:
    """Of which nothing comes."""
    await tx.execute(DELETE_SUPPLIER, tx.tenant, supplier_id)


def supplier_in(row: Record) -> Supplier:
    """Of a row with the columns of a supplier."""
    return Supplier(row["id"], row["name"], row["lead_days"], row["minimum_minor"], row["version"])
