"""Menus by time of day."""

from typing import Any
from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.catalog.domain.errors import NameTaken
from services.catalog.domain.menu import Removed
from services.catalog.domain.timed_menu import TimedMenu
from services.catalog.store.item import window_documents, windows_in
from services.catalog.store.menu import removed_in

TIMED_MENUS = """
SELECT id, name, position, windows, effective_from, effective_until, category_ids, item_ids, version, removed
FROM timed_menu WHERE restaurant_id = $1
"""
SAVE_TIMED_MENU = """
INSERT INTO timed_menu (restaurant_id, id, name, name_key, position, windows, effective_from, effective_until,
    category_ids, item_ids, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (restaurant_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
    position = excluded.position, windows = excluded.windows, effective_from = excluded.effective_from,
    effective_until = excluded.effective_until, category_ids = excluded.category_ids,
    item_ids = excluded.item_ids, version = excluded.version
"""
REMOVE_TIMED_MENU = """
UPDATE timed_menu SET removed = true, category_ids = '{}', item_ids = '{}', version = $3
WHERE restaurant_id = $1 AND id = $2
"""


async def timed_menus(tx: Transaction) -> tuple[list[TimedMenu], list[Removed]]:
    """All of them: those there are, and those removed. A restaurant has few."""
    rows = await tx.fetch(TIMED_MENUS, tx.tenant)
    return [_timed_menu(row) for row in rows if not row["removed"]], removed_in(rows)


async def save_timed_menu(tx: Transaction, menu: TimedMenu) -> None:
    """A new or a changed one. Raises NameTaken."""
    values: list[Any] = [
        menu.id,
        menu.name,
        menu.name_key,
        menu.position,
        window_documents(menu.windows),
        menu.effective_from,
        menu.effective_until,
        sorted(menu.category_ids),
        sorted(menu.item_ids),
        menu.version,
    ]
    try:
        await tx.execute(SAVE_TIMED_MENU, tx.tenant, *values)
    except asyncpg.UniqueViolationError as error:
        raise NameTaken("There is a menu by time of day of this name.") from error


async def remove_timed_menu(tx: Transaction, menu_id: UUID, version: int) -> None:
    """Takes it away as of ``version``."""
    await tx.execute(REMOVE_TIMED_MENU, tx.tenant, menu_id, version)


def _timed_menu(row: Record) -> TimedMenu:
    return TimedMenu(
        row["id"],
        row["name"],
        row["position"],
        windows_in(row["windows"]),
        row["effective_from"],
        row["effective_until"],
        frozenset(row["category_ids"]),
        frozenset(row["item_ids"]),
        row["version"],
    )
