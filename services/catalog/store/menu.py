"""The menu as a whole: its lock, its version, its size."""

from collections.abc import Sequence

from chassis.db import Record, Transaction
from services.catalog.domain.menu import MenuSize, Removed, Stamp

LOCK_MENU = """
INSERT INTO menu (restaurant_id, version) VALUES ($1, 0)
ON CONFLICT (restaurant_id) DO UPDATE SET version = menu.version
RETURNING version
"""
SET_VERSION = "UPDATE menu SET version = $2 WHERE restaurant_id = $1"
MENU_SIZE = """
SELECT (SELECT count(*) FROM category WHERE restaurant_id = $1 AND NOT removed) AS categories,
    count(*) AS items, coalesce(sum(wire_bytes), 0)::bigint AS bytes
FROM item WHERE restaurant_id = $1 AND NOT removed
"""
STAMP = """
SELECT (SELECT version FROM menu WHERE restaurant_id = $1) AS menu,
    (SELECT version FROM restaurant WHERE restaurant_id = $1) AS restaurant,
    outbox_said('inventory') AS stock
"""


async def lock_menu(tx: Transaction) -> int:
    """The menu's version; until the transaction ends nobody else changes this menu."""
    version: int = await tx.fetchval(LOCK_MENU, tx.tenant)
    return version


async def set_version(tx: Transaction, version: int) -> None:
    """Under the lock of lock_menu."""
    await tx.execute(SET_VERSION, tx.tenant, version)


async def menu_size(tx: Transaction) -> MenuSize:
    """What there is now, changes of this transaction included."""
    row = await tx.fetchrow(MENU_SIZE, tx.tenant)
    assert row is not None
    return MenuSize(row["categories"], row["items"], row["bytes"])


async def read_stamp(tx: Transaction) -> Stamp:
    """Cheap: three rows by primary key. Every change of a level takes a position on the channel."""
    row = await tx.fetchrow(STAMP, tx.tenant)
    assert row is not None
    return Stamp(row["menu"] or 0, row["restaurant"] or 0, row["stock"] or "")


def removed_in(rows: Sequence[Record]) -> list[Removed]:
    """What is no longer on the menu, of rows with ``removed``."""
    return [Removed(row["id"], row["version"]) for row in rows if row["removed"]]
