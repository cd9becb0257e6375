"""The copy of the menu in the row of its restaurant, and parts of changes that wait for their fellows."""

from chassis.db import Transaction
from services.orders.domain.menu import MenuPart

SAVE_MENU = """
UPDATE restaurant SET menu_version = $2, menu = $3, menu_wanted = greatest(menu_wanted, $2)
WHERE restaurant_id = $1 AND (menu_version < $2 OR menu IS NULL)
"""
WANT_MENU = """
UPDATE restaurant SET menu_wanted = greatest(menu_wanted, $2) WHERE restaurant_id = $1
"""
SAVE_PART = """
INSERT INTO menu_part (restaurant_id, version, part, parts, previous_version, payload)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
FIND_PARTS = """
SELECT version, part, parts, previous_version, payload FROM menu_part
WHERE restaurant_id = $1 ORDER BY version, part
"""
DELETE_PARTS = "DELETE FROM menu_part WHERE restaurant_id = $1 AND version <= $2"


async def save_menu(tx: Transaction, version: int, menu: bytes) -> None:
    """Keeps the newer version and forgets parts that it contains. The row exists."""
    await tx.execute(SAVE_MENU, tx.tenant, version, menu)
    await tx.execute(DELETE_PARTS, tx.tenant, version)


async def want_menu(tx: Transaction, version: int) -> None:
    """Notes that this menu version exists. The row exists."""
    await tx.execute(WANT_MENU, tx.tenant, version)


async def save_part(tx: Transaction, part: MenuPart) -> None:
    """Keeps a part until its fellows have come."""
    await tx.execute(
        SAVE_PART, tx.tenant, part.version, part.part, part.parts, part.previous_version, part.payload
    )


async def find_parts(tx: Transaction) -> list[MenuPart]:
    """By version and part."""
    return [MenuPart(**dict(row)) for row in await tx.fetch(FIND_PARTS, tx.tenant)]
