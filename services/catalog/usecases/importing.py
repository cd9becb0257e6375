"""Menus from files."""

from collections.abc import Sequence
from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.db import Database, Transaction
from chassis.db.commands import Command, execute
from chassis.errors import InvalidArgument
from chassis.ids import new_id
from services.catalog import wire
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.menu_file.entries import MAX_REJECTIONS, Entry, MenuFile
from services.catalog.menu_file.plan import ImportPlan, Present, plan
from services.catalog.menu_file.reading import Readers
from services.catalog.store import items as item_store
from services.catalog.store import menu as menu_store
from services.catalog.store import stock as stock_store
from services.catalog.usecases.edit import Edit

FORMATS: dict[int, str] = {catalog_pb2.MENU_FORMAT_CSV: "csv", catalog_pb2.MENU_FORMAT_XLSX: "xlsx"}


async def read_file(
    readers: Readers, tenant: UUID, content: bytes, file_format: int, currency_code: str
) -> MenuFile:
    """What a file says; prices in major units of ``currency_code``.

    Raises UnreadableMenuFile, ImportRunning.
    """
    if file_format not in FORMATS:
        raise InvalidArgument("The format is CSV or XLSX.", reason="UNKNOWN_FORMAT")
    return await readers.read(tenant, content, FORMATS[file_format], currency_code)


async def preview_import(db: Database, tenant: UUID, file: MenuFile) -> catalog_api.ImportMenuResponse:
    """What importing the file would do now. No effect."""
    async with db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        version = (await menu_store.read_stamp(tx)).menu
        classes = await menu_store.vat_classes(tx) or VAT_CLASSES
        planned = await _plan(tx, file.entries, frozenset(each.code for each in classes))
        # All that is wrong at once: what a row says in itself and what it means on this menu.
        rejected = sorted([*file.rejected, *planned.rejected], key=lambda each: each.row)[:MAX_REJECTIONS]
        if rejected:
            return wire.import_response(0, 0, 0, rejected, version)
        changed = version + 1 if planned.changes else version
        return wire.import_response(
            len(planned.created), len(planned.updated), planned.unchanged, (), changed
        )


async def import_menu(db: Database, command: Command, file: MenuFile) -> catalog_api.ImportMenuResponse:
    """Creates and changes what the file names, all of it or, where a row is rejected, nothing.

    Raises MenuTooLarge.
    """

    async def work(tx: Transaction) -> catalog_api.ImportMenuResponse:
        edit = await Edit.begin(tx, db.clock.now())
        planned = await _plan(tx, file.entries, edit.vat_codes)
        if planned.rejected:
            return wire.import_response(0, 0, 0, planned.rejected, edit.version - 1)
        version = edit.version - 1
        if planned.changes:
            await edit.put_categories(planned.categories)
            before = {item.id: item for item in planned.before}
            pairs = [(before.get(new.id), new) for new in (*planned.created, *planned.updated)]
            await edit.put_items(pairs, planned.stock)
            version = await edit.finish()
        return wire.import_response(
            len(planned.created), len(planned.updated), planned.unchanged, (), version
        )

    if file.rejected:
        return await preview_import(db, command.tenant, file)
    return await execute(db, command, catalog_api.ImportMenuResponse, work)


async def _plan(tx: Transaction, entries: Sequence[Entry], vat_codes: frozenset[str]) -> ImportPlan:
    categories, _ = await menu_store.categories(tx)
    items = await item_store.items(tx)
    levels = {level.item_id: level for level in await stock_store.levels(tx)}
    return plan(entries, Present(categories, items, levels, vat_codes), new_id)
