"""Changing categories. Every change raises the menu's version by one, in the same transaction."""

from dataclasses import replace
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from chassis.errors import AlreadyExists
from services.catalog.domain.category import Category, check_category
from services.catalog.domain.errors import CategoryNotEmpty, UnknownCategory
from services.catalog.domain.menu import check_version
from services.catalog.store import category as category_store
from services.catalog.store import timed_menu as timed_menu_store
from services.catalog.usecases.menu.edit import Edit


async def create_category(
    db: Database, command: Command, category: Category, answer: Answer[Category, M]
) -> M:
    """Adds a category. Raises InvalidMenu, NameTaken, MenuTooLarge."""

    async def work(tx: Transaction) -> Category:
        check_category(category)
        edit = await Edit.begin(tx, db.clock.now())
        if await category_store.category_id_used(tx, category.id):
            raise AlreadyExists("There is a category of this id.", reason="CATEGORY_EXISTS")
        [created] = await edit.put_categories([category])
        await edit.finish()
        return created

    return await execute(db, command, answer, work)


async def update_category(
    db: Database, command: Command, category: Category, answer: Answer[Category, M]
) -> M:
    """Replaces a category that the caller saw at ``category.version``.

    Raises UnknownCategory, StaleVersion, InvalidMenu, NameTaken.
    """

    async def work(tx: Transaction) -> Category:
        check_category(category)
        edit = await Edit.begin(tx, db.clock.now())
        current = await category_of(tx, category.id)
        check_version(category.version, current.version)
        if category == current:
            return current
        [updated] = await edit.put_categories([category])
        await edit.finish()
        return updated

    return await execute(db, command, answer, work)


async def delete_category(db: Database, command: Command, category_id: UUID, answer: Answer[None, M]) -> M:
    """Takes an empty category off the menu. Raises UnknownCategory, CategoryNotEmpty."""

    async def work(tx: Transaction) -> None:
        edit = await Edit.begin(tx, db.clock.now())
        await category_of(tx, category_id)
        if await category_store.has_items(tx, category_id):
            raise CategoryNotEmpty("Move or delete its items first.")
        await edit.remove_category(category_id)
        for menu in (await timed_menu_store.timed_menus(tx))[0]:
            if category_id in menu.category_ids:
                await edit.put_timed_menu(replace(menu, category_ids=menu.category_ids - {category_id}))
        await edit.finish()

    return await execute(db, command, answer, work)


async def category_of(tx: Transaction, category_id: UUID) -> Category:
    """A category on the menu. Raises UnknownCategory."""
    found = await category_store.find_category(tx, category_id)
    if found is None:
        raise UnknownCategory
    return found
