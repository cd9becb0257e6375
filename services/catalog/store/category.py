"""Categories."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.catalog.domain.category import Category
from services.catalog.domain.errors import NameTaken
from services.catalog.domain.menu import Removed
from services.catalog.store.menu import removed_in

CATEGORIES = "SELECT id, name, position, version, removed FROM category WHERE restaurant_id = $1"
CATEGORY = """
SELECT id, name, position, version, removed FROM category
WHERE restaurant_id = $1 AND id = $2 AND NOT removed
"""
SAVE_CATEGORIES = """
INSERT INTO category (restaurant_id, id, name, name_key, position, version)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[])
ON CONFLICT (restaurant_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
    position = excluded.position, version = excluded.version
"""
REMOVE_CATEGORY = "UPDATE category SET removed = true, version = $3 WHERE restaurant_id = $1 AND id = $2"
HAS_ITEMS = "SELECT EXISTS (SELECT 1 FROM item WHERE restaurant_id = $1 AND category_id = $2 AND NOT removed)"
CATEGORY_EXISTS = "SELECT EXISTS (SELECT 1 FROM category WHERE restaurant_id = $1 AND id = $2)"


async def categories(tx: Transaction) -> tuple[list[Category], list[Removed]]:
    """All of them: those on the menu, and those removed."""
    rows = await tx.fetch(CATEGORIES, tx.tenant)
    return [_category(row) for row in rows if not row["removed"]], removed_in(rows)


async def find_category(tx: Transaction, category_id: UUID) -> Category | None:
    """None where there is none on the menu."""
    row = await tx.fetchrow(CATEGORY, tx.tenant, category_id)
    return None if row is None else _category(row)


async def category_id_used(tx: Transaction, category_id: UUID) -> bool:
    """Whether this restaurant has, or had, a category of this identity."""
    return bool(await tx.fetchval(CATEGORY_EXISTS, tx.tenant, category_id))


async def save_categories(tx: Transaction, found: Sequence[Category]) -> None:
    """New and changed ones. Raises NameTaken."""
    columns: list[list[Any]] = [
        [each.id for each in found],
        [each.name for each in found],
        [each.name_key for each in found],
        [each.position for each in found],
        [each.version for each in found],
    ]
    try:
        await tx.execute(SAVE_CATEGORIES, tx.tenant, *columns)
    except asyncpg.UniqueViolationError as error:
        raise NameTaken("There is a category of this name.") from error


async def remove_category(tx: Transaction, category_id: UUID, version: int) -> None:
    """Takes it off the menu as of ``version``."""
    await tx.execute(REMOVE_CATEGORY, tx.tenant, category_id, version)


async def has_items(tx: Transaction, category_id: UUID) -> bool:
    """Whether an item on the menu is in the category."""
    return bool(await tx.fetchval(HAS_ITEMS, tx.tenant, category_id))


def _category(row: Record) -> Category:
    return Category(row["id"], row["name"], row["position"], row["version"])
