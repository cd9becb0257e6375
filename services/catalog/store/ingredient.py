"""Ingredients."""

from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.catalog.domain.errors import NameTaken
from services.catalog.domain.ingredient import Ingredient, StockUnit

INGREDIENT_PAGE = """
SELECT id, name, unit, version FROM ingredient
WHERE restaurant_id = $1 AND id > $2 AND NOT removed ORDER BY id LIMIT $3
"""
LOCK_INGREDIENT = """
SELECT id, name, unit, version FROM ingredient
WHERE restaurant_id = $1 AND id = $2 AND NOT removed FOR UPDATE
"""
# Nobody removes them until the transaction ends.
KEEP_INGREDIENTS = """
SELECT id FROM ingredient WHERE restaurant_id = $1 AND id = ANY($2::uuid[]) AND NOT removed
ORDER BY id FOR SHARE
"""
COUNT_INGREDIENTS = "SELECT count(*) FROM ingredient WHERE restaurant_id = $1 AND NOT removed"
SAVE_INGREDIENT = """
INSERT INTO ingredient (restaurant_id, id, name, name_key, unit, version) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (restaurant_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
    unit = excluded.unit, version = excluded.version
"""
REMOVE_INGREDIENT = """
UPDATE ingredient SET removed = true, version = version + 1 WHERE restaurant_id = $1 AND id = $2
"""
FIRST_ID = UUID(int=0)


async def ingredient_page(tx: Transaction, after: UUID | None, limit: int) -> list[Ingredient]:
    """The next ``limit`` ingredients by id."""
    rows = await tx.fetch(INGREDIENT_PAGE, tx.tenant, after or FIRST_ID, limit)
    return [_ingredient(row) for row in rows]


async def lock_ingredient(tx: Transaction, ingredient_id: UUID) -> Ingredient | None:
    """None where there is none; else nobody else changes it until the transaction ends."""
    row = await tx.fetchrow(LOCK_INGREDIENT, tx.tenant, ingredient_id)
    return None if row is None else _ingredient(row)


async def keep_ingredients(tx: Transaction, ingredient_ids: list[UUID]) -> set[UUID]:
    """Those of them that there are; they stay until the transaction ends."""
    return {row["id"] for row in await tx.fetch(KEEP_INGREDIENTS, tx.tenant, ingredient_ids)}


async def count_ingredients(tx: Transaction) -> int:
    """How many there are."""
    count: int = await tx.fetchval(COUNT_INGREDIENTS, tx.tenant)
    return count


async def save_ingredient(tx: Transaction, ingredient: Ingredient) -> None:
    """A new or a changed one. Raises NameTaken."""
    try:
        await tx.execute(
            SAVE_INGREDIENT,
            tx.tenant,
            ingredient.id,
            ingredient.name,
            ingredient.name_key,
            ingredient.unit.value,
            ingredient.version,
        )
    except asyncpg.UniqueViolationError as error:
        raise NameTaken("There is an ingredient of this name.") from error


async def remove_ingredient(tx: Transaction, ingredient_id: UUID) -> None:
    """It stays for the movements that name it."""
    await tx.execute(REMOVE_INGREDIENT, tx.tenant, ingredient_id)


def _ingredient(row: Record) -> Ingredient:
    return Ingredient(row["id"], row["name"], StockUnit(row["unit"]), row["version"])
