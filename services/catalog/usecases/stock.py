"""Counting, reserving and giving back; and what becomes of a reservation when its order goes on.

Reserving and releasing need no idempotency key: the order's id and the ids of its lines say what was done
before.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from prometheus_client import Counter

from chassis.db import Database, Transaction
from chassis.db.commands import Command, execute
from chassis.db.errors import ConcurrentUpdate
from services.catalog import wire
from services.catalog.domain import reservations
from services.catalog.domain.menu import Item, UnknownItem
from services.catalog.domain.reservations import PlacedOrder, Settlement
from services.catalog.domain.stock import (
    LevelChange,
    MovementKind,
    StockLevel,
    StockLine,
    StockSetting,
    count,
    demand,
    move,
    require_available,
)
from services.catalog.store import items as item_store
from services.catalog.store import stock as stock_store
from services.catalog.usecases.edit import Edit
from services.catalog.usecases.levels import announce

_oversold = Counter(
    "fynlo_catalog_oversold_total", "Levels that a sale which could not be refused took below nothing"
)


async def list_levels(db: Database, tenant: UUID, after: UUID, limit: int) -> list[StockLevel]:
    """The next ``limit`` levels of counted items by item id."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await stock_store.level_page(tx, after, limit)


async def count_stock(
    db: Database, command: Command, item_id: UUID, on_hand: int, reorder_point: int
) -> catalog_api.CountStockResponse:
    """Sets what was counted on the shelf. An item that was not counted is from now on. Raises UnknownItem."""

    async def work(tx: Transaction) -> catalog_api.CountStockResponse:
        now = db.clock.now()
        item = await _item(tx, item_id)
        if not item.stock_tracked:
            edit = await Edit.begin(tx, now)
            item = await _item(tx, item_id)
            if not item.stock_tracked:
                setting = StockSetting(on_hand, reorder_point)
                await edit.put_items([(item, replace(item, stock_tracked=True))], {item_id: setting})
                await edit.finish()
                return catalog_api.CountStockResponse(level=wire.level_message(edit.levels[item_id]))
        before = (await stock_store.lock_levels(tx, [item_id])).get(item_id)
        if before is None or not before.tracked:
            raise ConcurrentUpdate("Somebody else is changing this item.")
        change = LevelChange(before, count(before, on_hand, reorder_point, now))
        moved = stock_store.Movement(item_id, MovementKind.COUNT, on_hand - before.on_hand, on_hand)
        await stock_store.book(tx, now, [change], [moved])
        await announce(tx, [change])
        return catalog_api.CountStockResponse(level=wire.level_message(change.after))

    return await execute(db, command, catalog_api.CountStockResponse, work)


async def reserve_stock(
    db: Database, tenant: UUID, order_id: UUID, lines: Sequence[StockLine], command_id: str
) -> list[StockLevel]:
    """Reserves all lines for an order or none; lines of items that are not counted need nothing.

    Answers the levels of the counted items. Again with the same order: no second effect. Raises UnknownItem,
    InsufficientStock, ReservationMismatch, OrderFinished.
    """
    now = db.clock.now()
    async with db.transaction(tenant) as tx:
        tx.command_id = command_id
        current = await stock_store.lock_reservation(tx, order_id, now)
        levels = await stock_store.lock_levels(tx, [line.item_id for line in lines])
        await _check_known(tx, lines, levels)
        wanted = [line for line in lines if line.item_id in levels and levels[line.item_id].tracked]
        settlement = reservations.hold(current, order_id, wanted, now) if wanted else None
        if settlement is not None:
            require_available(levels, settlement.reserved)
            levels |= await _book(tx, settlement, levels, now)
        return [levels[item_id] for item_id in sorted(demand(wanted))]


async def release_stock(db: Database, tenant: UUID, order_id: UUID, command_id: str | None = None) -> None:
    """Gives back what an order that was not placed had reserved. Nothing to give back: no effect."""
    now = db.clock.now()
    async with db.transaction(tenant) as tx:
        if await stock_store.find_reservation(tx, order_id) is None:
            return
        tx.command_id = command_id
        current = await stock_store.lock_reservation(tx, order_id, now)
        settlement = reservations.release(current)
        if settlement is not None:
            levels = await stock_store.lock_levels(tx, list(settlement.reserved))
            await _book(tx, settlement, levels, now)


async def confirm_order(tx: Transaction, order: PlacedOrder, now: datetime) -> None:
    """The order was placed or changed: its reservation is made what it says."""
    if not await _concerns_stock(tx, order):
        return
    current = await stock_store.lock_reservation(tx, order.order_id, now)
    levels = await _levels_of(tx, current, order)
    settlement = reservations.confirm(current, order, _tracked(levels))
    if settlement is not None:
        await _book(tx, settlement, levels, now)


async def complete_order(tx: Transaction, order: PlacedOrder, now: datetime) -> None:
    """The order is done: what it reserved is sold."""
    if not await _concerns_stock(tx, order):
        return
    current = await stock_store.lock_reservation(tx, order.order_id, now)
    levels = await _levels_of(tx, current, order)
    settlement = reservations.commit(current, order, _tracked(levels))
    if settlement is not None:
        await _book(tx, settlement, levels, now)


async def cancel_order(tx: Transaction, order: PlacedOrder, now: datetime, *, wasted: bool) -> None:
    """The order was cancelled: what it reserved is free again, or wasted."""
    if not await _concerns_stock(tx, order):
        return
    current = await stock_store.lock_reservation(tx, order.order_id, now)
    levels = await _levels_of(tx, current, order)
    settlement = reservations.cancel(current, order, _tracked(levels), wasted=wasted)
    if settlement is not None:
        await _book(tx, settlement, levels, now)


async def _concerns_stock(tx: Transaction, order: PlacedOrder) -> bool:
    return await stock_store.concerns_stock(tx, order.order_id, [line.item_id for line in order.lines])


async def _levels_of(
    tx: Transaction, current: reservations.Reservation, order: PlacedOrder
) -> dict[UUID, StockLevel]:
    concerned = (*current.active_lines, *order.lines)
    return await stock_store.lock_levels(tx, [line.item_id for line in concerned])


def _tracked(levels: dict[UUID, StockLevel]) -> "reservations.IsTracked":
    return lambda item_id: item_id in levels and levels[item_id].tracked


async def _book(
    tx: Transaction,
    settlement: Settlement,
    levels: dict[UUID, StockLevel],
    now: datetime,
) -> dict[UUID, StockLevel]:
    changed = move(levels, settlement.reserved, demand(settlement.taken), now)
    changes = [LevelChange(levels[item_id], after) for item_id, after in changed.items()]
    movements = (
        stock_store.movements_of(settlement.movement, settlement.taken, levels) if settlement.movement else []
    )
    await stock_store.book(tx, now, changes, movements, settlement.reservation)
    await announce(tx, changes)
    _oversold.inc(sum(1 for change in changes if change.after.available < 0 <= change.before.available))
    return changed


async def _check_known(tx: Transaction, lines: Sequence[StockLine], levels: dict[UUID, StockLevel]) -> None:
    uncounted = {line.item_id for line in lines} - levels.keys()
    if uncounted:
        unknown = uncounted - await item_store.known_items(tx, sorted(uncounted))
        if unknown:
            raise UnknownItem(metadata={"item_id": str(min(unknown))})


async def _item(tx: Transaction, item_id: UUID) -> Item:
    item = await item_store.find_item(tx, item_id)
    if item is None:
        raise UnknownItem(metadata={"item_id": str(item_id)})
    return item
