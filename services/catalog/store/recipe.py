"""Recipes: a row for each item that has or had one, and a row for each ingredient that it takes."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Record, Transaction
from services.catalog.domain.recipe import MadeItem, Part, Recipe, Take
from services.catalog.domain.stock import StockPolicy

RECIPE_VERSION = "SELECT version FROM recipe WHERE restaurant_id = $1 AND item_id = $2"
TAKES = """
SELECT ingredient_id, quantity FROM recipe_take WHERE restaurant_id = $1 AND item_id = $2
ORDER BY position
"""
SAVE_RECIPE = """
WITH saved AS (
    INSERT INTO recipe (restaurant_id, item_id, version, is_made) VALUES ($1, $2, $3, $4)
    ON CONFLICT (restaurant_id, item_id) DO UPDATE SET version = excluded.version, is_made = excluded.is_made
)
DELETE FROM recipe_take WHERE restaurant_id = $1 AND item_id = $2
"""
ADD_TAKES = """
INSERT INTO recipe_take (restaurant_id, item_id, ingredient_id, quantity, position)
SELECT $1, $2, t.ingredient_id, t.quantity, t.position
FROM unnest($3::uuid[], $4::bigint[]) WITH ORDINALITY AS t (ingredient_id, quantity, position)
"""
IS_TAKEN = """
SELECT i.name FROM recipe_take AS t
    JOIN item AS i ON i.restaurant_id = t.restaurant_id AND i.id = t.item_id AND NOT i.removed
WHERE t.restaurant_id = $1 AND t.ingredient_id = $2 ORDER BY i.name LIMIT 1
"""
MADE_ITEMS = """
SELECT t.item_id, i.name AS item_name, i.available AS on_menu, max(s.updated_at) AS updated_at,
    array_agg(t.ingredient_id ORDER BY t.position) AS ingredient_ids,
    array_agg(t.quantity ORDER BY t.position) AS quantities,
    array_agg(s.on_hand - s.reserved ORDER BY t.position) AS available,
    array_agg(s.policy ORDER BY t.position) AS policies
FROM recipe_take AS t
    JOIN item AS i ON i.restaurant_id = t.restaurant_id AND i.id = t.item_id
        AND i.stock_tracked AND NOT i.removed
    JOIN stock AS s ON s.restaurant_id = t.restaurant_id AND s.item_id = t.ingredient_id
WHERE t.restaurant_id = $1
GROUP BY t.item_id, i.name, i.available ORDER BY t.item_id
"""
MADE_ITEMS_OF = """
SELECT t.item_id, i.name AS item_name, i.available AS on_menu, max(s.updated_at) AS updated_at,
    array_agg(t.ingredient_id ORDER BY t.position) AS ingredient_ids,
    array_agg(t.quantity ORDER BY t.position) AS quantities,
    array_agg(s.on_hand - s.reserved ORDER BY t.position) AS available,
    array_agg(s.policy ORDER BY t.position) AS policies
FROM recipe_take AS t
    JOIN item AS i ON i.restaurant_id = t.restaurant_id AND i.id = t.item_id
        AND i.stock_tracked AND NOT i.removed
    JOIN stock AS s ON s.restaurant_id = t.restaurant_id AND s.item_id = t.ingredient_id
WHERE t.restaurant_id = $1 AND t.item_id IN (
    SELECT item_id FROM recipe_take WHERE restaurant_id = $1 AND ingredient_id = ANY($2::uuid[]))
GROUP BY t.item_id, i.name, i.available ORDER BY t.item_id
"""


async def find_recipe(tx: Transaction, item_id: UUID) -> Recipe:
    """Version 0 without takes where the item never had one."""
    version = await tx.fetchval(RECIPE_VERSION, tx.tenant, item_id)
    if version is None:
        return Recipe(item_id)
    rows = await tx.fetch(TAKES, tx.tenant, item_id)
    return Recipe(item_id, tuple(Take(row["ingredient_id"], row["quantity"]) for row in rows), version)


async def save_recipe(tx: Transaction, recipe: Recipe) -> None:
    """Instead of what the item had."""
    await tx.execute(SAVE_RECIPE, tx.tenant, recipe.item_id, recipe.version, bool(recipe.takes))
    ids = [take.ingredient_id for take in recipe.takes]
    quantities = [take.quantity for take in recipe.takes]
    await tx.execute(ADD_TAKES, tx.tenant, recipe.item_id, ids, quantities)


async def item_made_of(tx: Transaction, ingredient_id: UUID) -> str | None:
    """The name of an item whose recipe takes the ingredient, None where there is none."""
    name: str | None = await tx.fetchval(IS_TAKEN, tx.tenant, ingredient_id)
    return name


async def made_items(tx: Transaction) -> list[MadeItem]:
    """All items with a recipe, by id."""
    return [_made(row) for row in await tx.fetch(MADE_ITEMS, tx.tenant)]


async def made_items_of(tx: Transaction, ingredient_ids: Sequence[UUID]) -> list[MadeItem]:
    """Items whose recipe takes one of these ingredients, by id."""
    return [_made(row) for row in await tx.fetch(MADE_ITEMS_OF, tx.tenant, ingredient_ids)]


def _made(row: Record) -> MadeItem:
    parts = zip(row["ingredient_ids"], row["quantities"], row["available"], row["policies"], strict=True)
    return MadeItem(
        row["item_id"],
        row["item_name"],
        row["on_menu"],
        row["updated_at"],
        tuple(
            Part(ingredient_id, quantity, available, StockPolicy(policy))
            for ingredient_id, quantity, available, policy in parts
        ),
    )
