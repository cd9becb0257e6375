"""Counting what is on the shelf, and the levels that follow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from chassis.db.errors import ConcurrentUpdate
from chassis.ids import new_id
from chassis.messaging.replay import position
from services.catalog.domain.stock import LevelChange, StockLevel, StockSetting, count, counted_movements
from services.catalog.store import stock as stock_store
from services.catalog.usecases.item import item_of
from services.catalog.usecases.menu.edit import Edit
from services.catalog.usecases.stock.announcing import announce


@dataclass(frozen=True, slots=True)
class InventorySnapshot:
    """Levels of all counted items, and the position on the channel at which they hold."""

    epoch: str
    seq: int
    levels: Sequence[StockLevel]


async def list_levels(db: Database, tenant: UUID, after: UUID | None, limit: int) -> list[StockLevel]:
    """The next ``limit`` levels of counted items by item id."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await stock_store.level_page(tx, after, limit)


async def inventory_snapshot(db: Database, tenant: UUID, channel: str) -> InventorySnapshot:
    """What the channel ``inventory`` shows to a device that has nothing yet."""
    async with db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        epoch, seq = await position(tx, channel)
        return InventorySnapshot(epoch, seq, await stock_store.levels(tx))


async def count_stock(
    db: Database,
    command: Command,
    item_id: UUID,
    on_hand: int,
    reorder_point: int,
    answer: Answer[StockLevel, M],
) -> M:
    """Sets what was counted on the shelf. An item that was not counted is from now on. Raises UnknownItem."""

    async def work(tx: Transaction) -> StockLevel:
        now = db.clock.now()
        item = await item_of(tx, item_id)
        if not item.stock_tracked:
            edit = await Edit.begin(tx, now)
            item = await item_of(tx, item_id)
            if not item.stock_tracked:
                setting = StockSetting(on_hand, reorder_point)
                await edit.put_items([(item, replace(item, stock_tracked=True))], {item_id: setting})
                await edit.finish()
                return edit.levels[item_id]
        before = (await stock_store.lock_levels(tx, [item_id])).get(item_id)
        if before is None or not before.tracked:
            raise ConcurrentUpdate("Somebody else is changing this item.")
        changes = [LevelChange(before, count(before, on_hand, reorder_point, now))]
        await stock_store.book(tx, now, changes, counted_movements(changes, new_id))
        await announce(tx, changes)
        return changes[0].after

    return await execute(db, command, answer, work)
