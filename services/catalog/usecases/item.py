"""Changing items. Every change raises the menu's version by one, in the same transaction."""

from dataclasses import replace
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from chassis.errors import AlreadyExists
from services.catalog.domain.availability import as_returning
from services.catalog.domain.errors import UnknownItem
from services.catalog.domain.item import (
    Item,
    check_item,
    check_numbers,
    check_unused,
    link_errors,
    linked_ids,
)
from services.catalog.domain.label import refuse
from services.catalog.domain.menu import check_version
from services.catalog.store import item as item_store
from services.catalog.store import timed_menu as timed_menu_store
from services.catalog.usecases.category import category_of
from services.catalog.usecases.menu.edit import Edit


async def create_item(db: Database, command: Command, item: Item, answer: Answer[Item, M]) -> M:
    """Adds an item; a tracked one starts with nothing on hand.

    Raises InvalidMenu, UnknownCategory, NameTaken, BarcodeTaken, PluTaken, MenuTooLarge.
    """

    async def work(tx: Transaction) -> Item:
        edit = await Edit.begin(tx, db.clock.now())
        check_item(item, edit.vat_codes)
        await category_of(tx, item.category_id)
        if await item_store.item_id_used(tx, item.id):
            raise AlreadyExists("There is an item of this id.", reason="ITEM_EXISTS")
        await _check_numbers(tx, item)
        await _check_links(tx, item)
        [created] = await edit.put_items([(None, item)])
        await edit.finish()
        return created

    return await execute(db, command, answer, work)


async def update_item(
    db: Database, command: Command, wanted: Item, answer: Answer[Item, M], *, keep_stock_tracked: bool = False
) -> M:
    """Replaces an item that the caller saw at ``wanted.version``; as it was: no new version.

    ``keep_stock_tracked``: whether it is counted stays as it is, whatever ``wanted`` says.
    Raises UnknownItem, UnknownCategory, StaleVersion, InvalidMenu, NameTaken, BarcodeTaken, PluTaken,
    MenuTooLarge.
    """

    async def work(tx: Transaction) -> Item:
        edit = await Edit.begin(tx, db.clock.now())
        current = await item_of(tx, wanted.id)
        check_version(wanted.version, current.version)
        counted = current.stock_tracked if keep_stock_tracked else wanted.stock_tracked
        # A picture has an address of its own, by which it comes and goes.
        item = replace(as_returning(wanted, current), stock_tracked=counted, image=current.image)
        check_item(item, edit.vat_codes)
        if item.category_id != current.category_id:
            await category_of(tx, item.category_id)
        await _check_numbers(tx, item)
        await _check_links(tx, item)
        return await replace_item(edit, current, item)

    return await execute(db, command, answer, work)


async def delete_item(db: Database, command: Command, item_id: UUID, answer: Answer[None, M]) -> M:
    """Takes an item off the menu for good; what orders have reserved stays theirs.

    Raises UnknownItem, ItemInUse.
    """

    async def work(tx: Transaction) -> None:
        edit = await Edit.begin(tx, db.clock.now())
        item = await item_of(tx, item_id)
        check_unused([each for each in await item_store.items_naming(tx, item_id) if each.id != item_id])
        await edit.remove_item(item)
        for menu in (await timed_menu_store.timed_menus(tx))[0]:
            if item_id in menu.item_ids:
                await edit.put_timed_menu(replace(menu, item_ids=menu.item_ids - {item_id}))
        await edit.finish()

    return await execute(db, command, answer, work)


async def item_of(tx: Transaction, item_id: UUID) -> Item:
    """An item on the menu. Raises UnknownItem."""
    found = await item_store.find_item(tx, item_id)
    if found is None:
        raise UnknownItem(metadata={"item_id": str(item_id)})
    return found


async def replaced(edit: Edit, current: Item, wanted: Item) -> Item:
    """The item as it is wanted; as it was: no new version. Raises as ``put_items`` and ``finish``."""
    if wanted == current:
        return current
    [updated] = await edit.put_items([(current, wanted)])
    await edit.finish()
    return updated


async def _check_numbers(tx: Transaction, item: Item) -> None:
    if item.barcode or item.plu:
        check_numbers(item, await item_store.items_numbered(tx, item.barcode, item.plu))


async def _check_links(tx: Transaction, item: Item) -> None:
    """What the options name is on the menu, and no combo is part of another. Raises InvalidMenu."""
    named = linked_ids(item)
    if named:
        linked = {each.id: each for each in await item_store.items_of(tx, sorted(named))}
        holders = await item_store.items_naming(tx, item.id) if item.is_combo else ()
        refuse(list(link_errors(item, linked, holders)))


async def replace_item(edit: Edit, current: Item, wanted: Item) -> Item:
    """The item as it is wanted; as it was: no new version. Raises as ``put_items`` and ``finish``."""
    if wanted == current:
        return current
    [updated] = await edit.put_items([(current, wanted)])
    await edit.finish()
    return updated
