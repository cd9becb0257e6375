"""Menus from files."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from chassis.ids import new_id
from services.catalog.domain.image import Image
from services.catalog.domain.menu_file.entries import MAX_REJECTIONS, Entry, MenuFile
from services.catalog.domain.menu_file.plan import ImportPlan, ImportResult, Present, plan
from services.catalog.domain.menu_file.telling import ToldMenu, file_name, rows_of
from services.catalog.domain.window import zone_named
from services.catalog.menu_file.reading import Readers
from services.catalog.menu_file.writing import written
from services.catalog.store import category as category_store
from services.catalog.store import item as item_store
from services.catalog.store import menu as menu_store
from services.catalog.store import stock as stock_store
from services.catalog.store import timed_menu as timed_menu_store
from services.catalog.usecases.image.giving import use
from services.catalog.usecases.image.naming import images_named
from services.catalog.usecases.menu.edit import Edit
from services.catalog.usecases.ports import AskAuth, ImageStore
from services.catalog.usecases.restaurant import restaurant_of
from services.catalog.usecases.vat import vat_classes_of


@dataclass(frozen=True, slots=True)
class ImportMenu(Command):
    """A file of ``format`` csv, xlsx or json. ``dry_run``: what it would do is told, and nothing done."""

    content: bytes
    format: str
    dry_run: bool


async def import_menu(
    db: Database,
    ask: AskAuth,
    readers: Readers,
    files: ImageStore,
    command: ImportMenu,
    answer: Answer[ImportResult, M],
) -> M:
    """Creates and changes what the file names, all of it or, where a row is rejected, nothing.

    Prices are in major units of the restaurant's currency. A file that is rejected by itself claims no key.
    Raises UnreadableMenuFile, ImportRunning, MenuTooLarge, TooManyImages, ImageBeingRemoved, and what ``ask``
    and ``files`` raise.
    """
    restaurant = await restaurant_of(db, command.tenant, ask)
    file = await readers.read(command.tenant, command.content, command.format, restaurant.currency_code)
    named = frozenset(entry.image for entry in file.entries if entry.image)
    images = await images_named(db, files, command.tenant, named)
    if command.dry_run or file.rejected:
        return answer.tell(await _preview(db, command.tenant, file, images.shown))
    await images.bring()

    async def work(tx: Transaction) -> ImportResult:
        edit = await Edit.begin(tx, db.clock.now())
        planned = await _plan(tx, file.entries, edit.vat_codes, images.shown)
        if planned.changes and not planned.rejected:
            await use(tx, images.shown.keys(), db.clock.now())
            await edit.put_categories(planned.categories)
            before = {item.id: item for item in planned.before}
            pairs = [(before.get(new.id), new) for new in (*planned.created, *planned.updated)]
            await edit.put_items(pairs, planned.stock)
            for menu in planned.timed_menus:
                await edit.put_timed_menu(menu)
            await edit.finish()
        return planned.result(edit.version - 1)

    return await execute(db, command, answer, work)


async def export_menu(db: Database, ask: AskAuth, tenant: UUID, file_format: str) -> tuple[bytes, str]:
    """The whole menu as a file, and its name without the format.

    Raises MenuTooLarge, and what ``ask`` raises.
    """
    restaurant = await restaurant_of(db, tenant, ask)
    async with db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        categories, _ = await category_store.categories(tx)
        items = await item_store.items(tx)
        levels = {level.item_id: level for level in await stock_store.levels(tx)}
        timed_menus, _ = await timed_menu_store.timed_menus(tx)
    menu = ToldMenu(restaurant.currency_code, categories, items, levels, timed_menus)
    # Beside the loop: a workbook of thousands of rows takes a while to pack.
    content = await asyncio.to_thread(_written, menu, file_format)
    today = db.clock.now().astimezone(zone_named(restaurant.time_zone)).date()
    return content, file_name(restaurant.name, today)


def _written(menu: ToldMenu, file_format: str) -> bytes:
    return written(list(rows_of(menu)), file_format)


async def _preview(db: Database, tenant: UUID, file: MenuFile, images: Mapping[str, Image]) -> ImportResult:
    async with db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        version = (await menu_store.read_stamp(tx)).menu
        classes = await vat_classes_of(tx)
        planned = await _plan(tx, file.entries, frozenset(each.code for each in classes), images)
    # All that is wrong at once: what a row says in itself and what it means on this menu.
    rejected = sorted([*file.rejected, *planned.rejected], key=lambda each: each.row)[:MAX_REJECTIONS]
    return ImportResult(version, rejected=tuple(rejected)) if rejected else planned.result(version)


async def _plan(
    tx: Transaction, entries: Sequence[Entry], vat_codes: frozenset[str], images: Mapping[str, Image]
) -> ImportPlan:
    categories, _ = await category_store.categories(tx)
    items = await item_store.items(tx)
    levels = {level.item_id: level for level in await stock_store.levels(tx)}
    timed_menus, _ = await timed_menu_store.timed_menus(tx)
    return plan(entries, Present(categories, items, levels, vat_codes, timed_menus, images), new_id)
