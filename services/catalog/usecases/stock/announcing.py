"""Telling the world about levels of stock that changed."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Transaction
from services.catalog.domain.recipe import made_availability
from services.catalog.domain.stock import AvailabilityCause, LevelChange
from services.catalog.store import menu as menu_store
from services.catalog.store import recipe as recipe_store
from services.catalog.wire.item import item_availability_changed
from services.catalog.wire.stock import stock_changed, stock_low, stock_oversold


async def announce(
    tx: Transaction, changes: Sequence[LevelChange], *, menu_version: int | None = None
) -> None:
    """Emits what follows from changed levels: the level, warnings, an item that ran out or is back.

    ``menu_version`` where the caller knows it; it is read when needed otherwise.
    """
    for change in changes:
        level = change.after
        tx.emit(stock_changed(level), subject_id=str(level.item_id))
        if change.fell_low:
            tx.emit(stock_low(level), subject_id=str(level.item_id))
        if change.became_oversold:
            tx.emit(stock_oversold(level), subject_id=str(level.item_id))
        cause = change.availability
        if cause is not None:
            if menu_version is None:
                menu_version = (await menu_store.read_stamp(tx)).menu
            announce_availability(tx, level.item_id, level.item_name, cause, menu_version)
    scarce = [change for change in changes if change.moves_made_items]
    if scarce:
        await _announce_made(tx, scarce, menu_version)


async def _announce_made(tx: Transaction, scarce: Sequence[LevelChange], menu_version: int | None) -> None:
    """Only ingredients of which less is left than a recipe takes lead here: other changes read nothing."""
    made = await recipe_store.made_items_of(tx, [change.after.item_id for change in scarce])
    moved = made_availability(made, scarce)
    if moved and menu_version is None:
        menu_version = (await menu_store.read_stamp(tx)).menu
    for item, cause in moved:
        announce_availability(tx, item.item_id, item.item_name, cause, menu_version or 0)


def announce_availability(
    tx: Transaction, item_id: UUID, item_name: str, cause: AvailabilityCause, menu_version: int
) -> None:
    """Emits that an item can no longer be ordered, or can again."""
    event = item_availability_changed(item_id, item_name, cause, menu_version)
    tx.emit(event, subject_id=str(item_id))
