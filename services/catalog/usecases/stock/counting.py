"""Counting what is on the shelf, and the levels that follow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from chassis.ids import new_id
from chassis.messaging.replay import position
from services.catalog.domain.errors import NotCounted, UnknownItem
from services.catalog.domain.movement import counted_movements
from services.catalog.domain.recipe import made_levels
from services.catalog.domain.stock import LevelChange, StockLevel, StockSetting, count
from services.catalog.store import recipe as recipe_store
from services.catalog.store import stock as stock_store
from services.catalog.store.item import find_item
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
        return InventorySnapshot(epoch, seq, await stock_store.level_page(tx, None, None))


async def levels_on_sale(tx: Transaction) -> list[StockLevel]:
    """What is left of every item that is counted, or that is made of counted ingredients."""
    return await stock_store.levels(tx) + made_levels(await recipe_store.made_items(tx))


async def locked_level(tx: Transaction, item_id: UUID) -> StockLevel:
    """The level of an item or an ingredient that is or was counted. Raises UnknownItem, NotCounted."""
    level = (await stock_store.lock_levels(tx, [item_id])).get(item_id)
    if level is None or not level.tracked:
        item = await find_item(tx, item_id)
        if item is None:
            raise UnknownItem(metadata={"item_id": str(item_id)})
        raise NotCounted(f"{item.name} is not counted: count it first, or what it is made of.")
    return level


async def begin_counting(
    tx: Transaction, item_id: UUID, setting: StockSetting, now: datetime
) -> StockLevel | None:
    """The level of an item that was not counted, and is from now on; None: it is counted already, or there is
    no such item. Raises MenuTooLarge.
    """
    item = await find_item(tx, item_id)
    if item is None or item.stock_tracked:
        return None
    edit = await Edit.begin(tx, now)
    item = await item_of(tx, item_id)
    if item.stock_tracked:
        return None
    await edit.put_items([(item, replace(item, stock_tracked=True))], {item_id: setting})
    await edit.finish()
    return edit.levels[item_id]


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
        begun = await begin_counting(tx, item_id, StockSetting(on_hand, reorder_point), now)
        if begun is not None:
            return begun
        before = await locked_level(tx, item_id)
        changes = [LevelChange(before, count(before, on_hand, reorder_point, now))]
        await stock_store.book(tx, now, changes, counted_movements(changes, new_id))
        await announce(tx, changes)
        return changes[0].after

    return await execute(db, command, answer, work)
