"""What items are made of."""

from dataclasses import replace
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from services.catalog.domain.errors import UnknownIngredient
from services.catalog.domain.menu import check_version
from services.catalog.domain.recipe import Recipe, check_recipe
from services.catalog.store import recipe as store
from services.catalog.store.ingredient import keep_ingredients
from services.catalog.usecases.item import item_of
from services.catalog.usecases.menu.edit import Edit


async def get_recipe(db: Database, tenant: UUID, item_id: UUID) -> Recipe:
    """What an item takes. Raises UnknownItem."""
    async with db.transaction(tenant, readonly=True) as tx:
        await item_of(tx, item_id)
        return await store.find_recipe(tx, item_id)


async def set_recipe(db: Database, command: Command, wanted: Recipe, answer: Answer[Recipe, M]) -> M:
    """Replaces what an item takes; nothing: it has no recipe any more. Orders keep what they reserved.

    An item with a recipe is not counted itself. Raises UnknownItem, UnknownIngredient, StaleVersion,
    InvalidMenu, MenuTooLarge.
    """

    async def work(tx: Transaction) -> Recipe:
        check_recipe(wanted)
        edit = await Edit.begin(tx, db.clock.now())
        item = await item_of(tx, wanted.item_id)
        current = await store.find_recipe(tx, item.id)
        check_version(wanted.version, current.version)
        if wanted == current:
            return current
        ids = sorted(take.ingredient_id for take in wanted.takes)
        unknown = set(ids) - await keep_ingredients(tx, ids)
        if unknown:
            raise UnknownIngredient(metadata={"ingredient_id": str(min(unknown))})
        saved = replace(wanted, version=current.version + 1)
        await store.save_recipe(tx, saved)
        counted = bool(saved.takes) or (item.stock_tracked and not current.takes)
        await edit.put_items([(item, replace(item, stock_tracked=counted))])
        await edit.finish()
        audit(tx, "catalog.recipe_set", item_id=item.id, ingredients=len(saved.takes))
        return saved

    return await execute(db, command, answer, work)
