"""Changing categories and items. Every change raises the menu's version by one, in the same transaction."""

from dataclasses import replace
from uuid import UUID

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.db import Database, Transaction
from chassis.db.commands import Command, execute
from chassis.errors import AlreadyExists
from services.catalog import wire
from services.catalog.domain.menu import (
    Category,
    CategoryNotEmpty,
    Item,
    UnknownCategory,
    UnknownItem,
    check_category,
    check_item,
    check_version,
)
from services.catalog.store import items as item_store
from services.catalog.store import menu as menu_store
from services.catalog.usecases.edit import Edit


async def create_category(
    db: Database, command: Command, category: Category
) -> catalog_api.CreateCategoryResponse:
    """Adds a category. Raises InvalidMenu, NameTaken, MenuTooLarge."""

    async def work(tx: Transaction) -> catalog_api.CreateCategoryResponse:
        check_category(category)
        edit = await Edit.begin(tx, db.clock.now())
        if await menu_store.category_id_used(tx, category.id):
            raise AlreadyExists("There is a category of this id.", reason="CATEGORY_EXISTS")
        [created] = await edit.put_categories([category])
        await edit.finish()
        return catalog_api.CreateCategoryResponse(category=wire.category_message(created))

    return await execute(db, command, catalog_api.CreateCategoryResponse, work)


async def update_category(
    db: Database, command: Command, category: Category
) -> catalog_api.UpdateCategoryResponse:
    """Replaces a category that the caller saw at ``category.version``.

    Raises UnknownCategory, StaleVersion, InvalidMenu, NameTaken.
    """

    async def work(tx: Transaction) -> catalog_api.UpdateCategoryResponse:
        check_category(category)
        edit = await Edit.begin(tx, db.clock.now())
        current = await _category(tx, category.id)
        check_version(category.version, current.version)
        updated = current
        if category != current:
            [updated] = await edit.put_categories([category])
            await edit.finish()
        return catalog_api.UpdateCategoryResponse(category=wire.category_message(updated))

    return await execute(db, command, catalog_api.UpdateCategoryResponse, work)


async def delete_category(
    db: Database, command: Command, category_id: UUID
) -> catalog_api.DeleteCategoryResponse:
    """Takes an empty category off the menu. Raises UnknownCategory, CategoryNotEmpty."""

    async def work(tx: Transaction) -> catalog_api.DeleteCategoryResponse:
        edit = await Edit.begin(tx, db.clock.now())
        await _category(tx, category_id)
        if await menu_store.has_items(tx, category_id):
            raise CategoryNotEmpty("Move or delete its items first.")
        await edit.remove_category(category_id)
        await edit.finish()
        return catalog_api.DeleteCategoryResponse()

    return await execute(db, command, catalog_api.DeleteCategoryResponse, work)


async def create_item(db: Database, command: Command, item: Item) -> catalog_api.CreateItemResponse:
    """Adds an item; a tracked one starts with nothing on hand.

    Raises InvalidMenu, UnknownCategory, NameTaken, MenuTooLarge.
    """

    async def work(tx: Transaction) -> catalog_api.CreateItemResponse:
        edit = await Edit.begin(tx, db.clock.now())
        check_item(item, edit.vat_codes)
        await _category(tx, item.category_id)
        if await item_store.item_id_used(tx, item.id):
            raise AlreadyExists("There is an item of this id.", reason="ITEM_EXISTS")
        [created] = await edit.put_items([(None, item)])
        await edit.finish()
        return catalog_api.CreateItemResponse(item=wire.item_message(created))

    return await execute(db, command, catalog_api.CreateItemResponse, work)


async def update_item(
    db: Database, command: Command, wanted: Item, *, keep_stock_tracked: bool = False
) -> catalog_api.UpdateItemResponse:
    """Replaces an item that the caller saw at ``wanted.version``; as it was: no new version.

    ``keep_stock_tracked``: whether it is counted stays as it is, whatever ``wanted`` says.
    Raises UnknownItem, UnknownCategory, StaleVersion, InvalidMenu, NameTaken, MenuTooLarge.
    """

    async def work(tx: Transaction) -> catalog_api.UpdateItemResponse:
        edit = await Edit.begin(tx, db.clock.now())
        current = await _item(tx, wanted.id)
        check_version(wanted.version, current.version)
        item = replace(wanted, stock_tracked=current.stock_tracked) if keep_stock_tracked else wanted
        check_item(item, edit.vat_codes)
        if item.category_id != current.category_id:
            await _category(tx, item.category_id)
        return catalog_api.UpdateItemResponse(item=wire.item_message(await _replace(edit, current, item)))

    return await execute(db, command, catalog_api.UpdateItemResponse, work)


async def delete_item(db: Database, command: Command, item_id: UUID) -> catalog_api.DeleteItemResponse:
    """Takes an item off the menu for good; what orders have reserved stays theirs. Raises UnknownItem."""

    async def work(tx: Transaction) -> catalog_api.DeleteItemResponse:
        edit = await Edit.begin(tx, db.clock.now())
        await edit.remove_item(await _item(tx, item_id))
        await edit.finish()
        return catalog_api.DeleteItemResponse()

    return await execute(db, command, catalog_api.DeleteItemResponse, work)


async def set_item_availability(
    db: Database, command: Command, item_id: UUID, available: bool
) -> catalog_api.SetItemAvailabilityResponse:
    """Takes an item off ("86") or puts it back; as it was: no new version. Raises UnknownItem."""

    async def work(tx: Transaction) -> catalog_api.SetItemAvailabilityResponse:
        edit = await Edit.begin(tx, db.clock.now())
        current = await _item(tx, item_id)
        updated = await _replace(edit, current, replace(current, available=available))
        return catalog_api.SetItemAvailabilityResponse(item=wire.item_message(updated))

    return await execute(db, command, catalog_api.SetItemAvailabilityResponse, work)


async def _replace(edit: Edit, current: Item, wanted: Item) -> Item:
    if wanted == current:
        return current
    [updated] = await edit.put_items([(current, wanted)])
    await edit.finish()
    return updated


async def _category(tx: Transaction, category_id: UUID) -> Category:
    found = await menu_store.find_category(tx, category_id)
    if found is None:
        raise UnknownCategory
    return found


async def _item(tx: Transaction, item_id: UUID) -> Item:
    found = await item_store.find_item(tx, item_id)
    if found is None:
        raise UnknownItem(metadata={"item_id": str(item_id)})
    return found
