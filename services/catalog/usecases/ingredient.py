"""Ingredients: stock that is not sold itself."""

from dataclasses import replace
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from chassis.errors import FieldError
from services.catalog.domain.errors import IngredientInUse, UnknownIngredient
from services.catalog.domain.ingredient import Ingredient, check_ingredient, check_ingredient_count
from services.catalog.domain.label import refuse
from services.catalog.domain.menu import check_version
from services.catalog.domain.stock import LevelChange, StockSetting, begin_tracking, end_tracking
from services.catalog.store import ingredient as store
from services.catalog.store import recipe as recipe_store
from services.catalog.store import stock as stock_store
from services.catalog.store.menu import lock_menu
from services.catalog.usecases.stock.announcing import announce


async def list_ingredients(db: Database, tenant: UUID, after: UUID | None, limit: int) -> list[Ingredient]:
    """The next ``limit`` ingredients by id."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await store.ingredient_page(tx, after, limit)


async def save_ingredient(
    db: Database, command: Command, wanted: Ingredient, is_new: bool, answer: Answer[Ingredient, M]
) -> M:
    """Makes an ingredient, of which nothing is on hand, or changes one that the caller saw at its version.

    Raises InvalidMenu, NameTaken, TooManyIngredients, UnknownIngredient, StaleVersion.
    """

    async def work(tx: Transaction) -> Ingredient:
        check_ingredient(wanted)
        await lock_menu(tx)
        if is_new:
            check_ingredient_count(await store.count_ingredients(tx))
            saved = replace(wanted, version=1)
            await store.save_ingredient(tx, saved)
            await _begin(tx, db, saved)
            return saved
        current = await _locked(tx, wanted.id)
        check_version(wanted.version, current.version)
        if wanted.unit is not current.unit:
            refuse([FieldError("ingredient.unit", "fixed", f"its level is counted by the {current.unit}")])
        if wanted == current:
            return current
        saved = replace(wanted, version=current.version + 1)
        await store.save_ingredient(tx, saved)
        return saved

    return await execute(db, command, answer, work)


async def delete_ingredient(
    db: Database, command: Command, ingredient_id: UUID, answer: Answer[None, M]
) -> M:
    """Its movements stay. Raises UnknownIngredient, IngredientInUse."""

    async def work(tx: Transaction) -> None:
        await lock_menu(tx)
        ingredient = await _locked(tx, ingredient_id)
        item_name = await recipe_store.item_made_of(tx, ingredient_id)
        if item_name is not None:
            raise IngredientInUse(f"{item_name} is made of it: change the recipe first.")
        await store.remove_ingredient(tx, ingredient_id)
        audit(tx, "catalog.ingredient_removed", ingredient_id=ingredient.id)
        now = db.clock.now()
        levels = await stock_store.lock_levels(tx, [ingredient_id])
        changes = [LevelChange(level, end_tracking(level, now)) for level in levels.values()]
        await stock_store.book(tx, now, changes)
        await announce(tx, changes)

    return await execute(db, command, answer, work)


async def _locked(tx: Transaction, ingredient_id: UUID) -> Ingredient:
    found = await store.lock_ingredient(tx, ingredient_id)
    if found is None:
        raise UnknownIngredient(metadata={"ingredient_id": str(ingredient_id)})
    return found


async def _begin(tx: Transaction, db: Database, ingredient: Ingredient) -> None:
    now = db.clock.now()
    await stock_store.add_levels(tx, [ingredient.id], now)
    levels = await stock_store.lock_levels(tx, [ingredient.id])
    changes = [LevelChange(level, begin_tracking(level, StockSetting(), now)) for level in levels.values()]
    await stock_store.book(tx, now, changes)
    await announce(tx, changes)
