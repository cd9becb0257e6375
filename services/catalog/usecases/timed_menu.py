"""Menus by time of day. Every change raises the menu's version by one, in the same transaction."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from services.catalog.domain.errors import UnknownTimedMenu
from services.catalog.domain.menu import check_version
from services.catalog.domain.timed_menu import TimedMenu, check_named, check_timed_menu
from services.catalog.store import category as category_store
from services.catalog.store import item as item_store
from services.catalog.store import timed_menu as store
from services.catalog.usecases.menu.edit import Edit


async def list_timed_menus(db: Database, tenant: UUID) -> list[TimedMenu]:
    """By position and name."""
    async with db.transaction(tenant, readonly=True) as tx:
        menus, _ = await store.timed_menus(tx)
    return sorted(menus, key=lambda each: (each.position, each.name))


async def save_timed_menu(
    db: Database, command: Command, wanted: TimedMenu, is_new: bool, answer: Answer[TimedMenu, M]
) -> M:
    """Makes one, or changes one that the caller saw at ``wanted.version``.

    Raises InvalidMenu, NameTaken, MenuTooLarge, UnknownTimedMenu, StaleVersion.
    """

    async def work(tx: Transaction) -> TimedMenu:
        edit = await Edit.begin(tx, db.clock.now())
        menus, _ = await store.timed_menus(tx)
        check_timed_menu(wanted, [each for each in menus if each.id != wanted.id])
        if not is_new:
            current = _named(menus, wanted.id)
            check_version(wanted.version, current.version)
            if wanted == current:
                return current
        categories, _ = await category_store.categories(tx)
        items = await item_store.known_items(tx, sorted(wanted.item_ids))
        check_named(wanted, frozenset(each.id for each in categories), frozenset(items))
        saved = await edit.put_timed_menu(wanted)
        await edit.finish()
        return saved

    return await execute(db, command, answer, work)


async def delete_timed_menu(db: Database, command: Command, menu_id: UUID, answer: Answer[None, M]) -> M:
    """Raises UnknownTimedMenu."""

    async def work(tx: Transaction) -> None:
        edit = await Edit.begin(tx, db.clock.now())
        menus, _ = await store.timed_menus(tx)
        await edit.remove_timed_menu(_named(menus, menu_id).id)
        await edit.finish()

    return await execute(db, command, answer, work)


def _named(menus: Sequence[TimedMenu], menu_id: UUID) -> TimedMenu:
    for menu in menus:
        if menu.id == menu_id:
            return menu
    raise UnknownTimedMenu("There is no such menu by time of day.")
