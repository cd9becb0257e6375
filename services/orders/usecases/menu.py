"""The copy of the menu: kept by events, read through while it is missing or behind (see ``copies``)."""

from chassis.db import Transaction
from services.orders.domain.menu import MenuPart, following
from services.orders.store import menu as store
from services.orders.store.restaurant import lock_copies
from services.orders.wire.menu import with_changes


async def apply_menu(tx: Transaction, part: MenuPart) -> None:
    """Applies a change that follows the copy; keeps parts and later changes until what precedes them comes.

    What does not come is read through by the next order, because the newest version is noted as wanted.
    """
    stored = await lock_copies(tx)
    if part.version <= stored.menu_version and stored.menu is not None:
        return
    await store.want_menu(tx, part.version)
    if stored.menu is None:
        return
    await store.save_part(tx, part)
    changes = following(stored.menu_version, await store.find_parts(tx))
    if changes:
        await store.save_menu(tx, changes[-1].version, with_changes(stored.menu, changes))
