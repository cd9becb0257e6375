"""Telling the world about levels of stock that changed."""

from collections.abc import Sequence
from uuid import UUID

from fynlo.catalog.v1 import events_pb2 as catalog_events

from chassis.db import Transaction
from services.catalog import wire
from services.catalog.domain.stock import AvailabilityCause, LevelChange
from services.catalog.store import menu as menu_store


async def announce(
    tx: Transaction,
    changes: Sequence[LevelChange],
    *,
    menu_version: int | None = None,
) -> None:
    """Emits what follows from changed levels: the level, a warning, an item that ran out or is back.

    ``menu_version`` where the caller knows it; it is read when needed otherwise.
    """
    for change in changes:
        level = wire.level_message(change.after)
        _emit(tx, catalog_events.StockChanged(level=level), change.after.item_id)
        if change.fell_low:
            _emit(tx, catalog_events.StockLow(level=level), change.after.item_id)
        cause = change.availability
        if cause is not None:
            if menu_version is None:
                menu_version = (await menu_store.read_stamp(tx)).menu
            item_id, name = change.after.item_id, change.after.item_name
            announce_availability(tx, item_id, name, cause, menu_version)


def announce_availability(
    tx: Transaction,
    item_id: UUID,
    item_name: str,
    cause: AvailabilityCause,
    menu_version: int,
) -> None:
    """Emits that an item can no longer be ordered, or can again."""
    event = wire.availability_event(item_id, item_name, cause, menu_version)
    _emit(tx, event, item_id)


def _emit(
    tx: Transaction,
    event: catalog_events.StockChanged | catalog_events.StockLow | catalog_events.ItemAvailabilityChanged,
    item_id: UUID,
) -> None:
    tx.emit(event, subject_id=str(item_id))
