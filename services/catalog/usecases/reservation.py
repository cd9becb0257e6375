"""Reserving and giving back; and what becomes of a reservation when its order goes on.

Reserving and releasing need no idempotency key: the order's id and the ids of its lines say what was done
before.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from prometheus_client import Counter

from chassis.db import Database, Transaction
from chassis.ids import new_id
from services.catalog.domain import reservation as rules
from services.catalog.domain.errors import UnknownItem
from services.catalog.domain.movement import Held, MovementKind, Taken, order_movements
from services.catalog.domain.recipe import taken_lines
from services.catalog.domain.reservation import OrderStage, Reservation, Settlement, StockOrder, put_off_until
from services.catalog.domain.stock import (
    LevelChange,
    StockLevel,
    StockLine,
    demand,
    move,
    require_available,
)
from services.catalog.store import item as item_store
from services.catalog.store import movement as movement_store
from services.catalog.store import reservation as reservation_store
from services.catalog.store import stock as stock_store
from services.catalog.usecases.stock.announcing import announce

_oversold = Counter(
    "fynlo_catalog_oversold_total", "Levels that a sale which could not be refused took below nothing"
)


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
        current, recipes = await reservation_store.lock_reservation_and_recipes(
            tx, order_id, now, [line.item_id for line in lines]
        )
        taken = taken_lines(current.active_lines, lines, recipes)
        levels = await stock_store.lock_levels(tx, [line.item_id for line in taken])
        await _check_known(tx, lines, levels.keys() | recipes.keys())
        wanted = [line for line in taken if line.item_id in levels and levels[line.item_id].tracked]
        settlement = rules.hold(current, order_id, wanted, now) if wanted else None
        if settlement is not None:
            require_available(levels, settlement.reserved)
            levels |= await _book(tx, settlement, levels, now)
        return [levels[item_id] for item_id in sorted(demand(wanted))]


async def release_stock(db: Database, tenant: UUID, order_id: UUID, command_id: str | None = None) -> None:
    """Gives back what an order that was not placed had reserved. Nothing to give back: no effect."""
    now = db.clock.now()
    async with db.transaction(tenant) as tx:
        if await reservation_store.find_reservation(tx, order_id) is None:
            return
        tx.command_id = command_id
        current = await reservation_store.lock_reservation(tx, order_id, now)
        settlement = rules.release(current)
        if settlement is not None:
            levels = await stock_store.lock_levels(tx, list(settlement.reserved))
            await _book(tx, settlement, levels, now)


async def confirm_order(tx: Transaction, order: StockOrder, now: datetime) -> None:
    """The order was placed or changed: its reservation is made what it says. A draft holds nothing, and an
    order at its end has an event of its own.
    """
    if order.stage is OrderStage.PLACED:
        await _settle(tx, order, now, rules.confirm)


async def complete_order(
    tx: Transaction, order: StockOrder, now: datetime, at: datetime | None = None
) -> None:
    """The order is done: what it reserved is sold. ``at``: when that was, now where it is not known."""
    await _settle(tx, order, now, rules.commit, at)


async def cancel_order(
    tx: Transaction, order: StockOrder, now: datetime, at: datetime | None = None, *, wasted: bool
) -> None:
    """The order was cancelled: what it reserved is free again, or wasted. ``at`` as above."""
    await _settle(tx, order, now, partial(rules.cancel, wasted=wasted), at)


async def expired_holds(db: Database, limit: int) -> list[tuple[UUID, UUID]]:
    """(restaurant, order) of holds of all restaurants whose order was not placed in time, oldest first."""
    async with db.transaction(None, readonly=True) as tx:
        return await reservation_store.expired_holds(tx, db.clock.now(), limit)


async def put_off(db: Database, tenant: UUID, order_id: UUID) -> None:
    """Lets an expired hold that cannot be settled now expire again later: others get a turn."""
    now = db.clock.now()
    async with db.transaction(tenant) as tx:
        held_since = await reservation_store.lock_expired_hold(tx, order_id, now)
        if held_since is not None:
            await reservation_store.put_off_hold(tx, order_id, put_off_until(held_since, now))


async def settle_hold(db: Database, tenant: UUID, order_id: UUID, order: StockOrder | None) -> None:
    """Ends an expired hold as its order did; None: there is no such order."""
    if order is None or order.stage is OrderStage.HOLDS_NOTHING:
        await release_stock(db, tenant, order_id)
        return
    end = complete_order if order.stage is OrderStage.DONE else confirm_order
    async with db.transaction(tenant) as tx:
        await end(tx, order, db.clock.now())


async def _settle(
    tx: Transaction,
    order: StockOrder,
    now: datetime,
    step: Callable[[Reservation, StockOrder, rules.IsTracked], Settlement | None],
    at: datetime | None = None,
) -> None:
    if not await _concerns_stock(tx, order):
        return
    current, recipes = await reservation_store.lock_reservation_and_recipes(
        tx, order.order_id, now, _items_of(order)
    )
    held = current.active_lines
    order = replace(
        order,
        lines=tuple(taken_lines(held, order.lines, recipes)),
        wasted=tuple(taken_lines(held, order.wasted, recipes)),
    )
    levels = await _levels_of(tx, current, order)
    settlement = step(current, order, _tracked(levels))
    if settlement is not None:
        await _book(tx, settlement, levels, now, at)


async def _concerns_stock(tx: Transaction, order: StockOrder) -> bool:
    return await reservation_store.concerns_stock(tx, order.order_id, _items_of(order))


def _items_of(order: StockOrder) -> list[UUID]:
    return [line.item_id for line in (*order.lines, *order.wasted)]


async def _levels_of(tx: Transaction, current: Reservation, order: StockOrder) -> dict[UUID, StockLevel]:
    concerned = (*current.active_lines, *order.lines, *order.wasted)
    return await stock_store.lock_levels(tx, [line.item_id for line in concerned])


def _tracked(levels: dict[UUID, StockLevel]) -> rules.IsTracked:
    return lambda item_id: item_id in levels and levels[item_id].tracked


async def _book(
    tx: Transaction,
    settlement: Settlement,
    levels: dict[UUID, StockLevel],
    now: datetime,
    at: datetime | None = None,
) -> dict[UUID, StockLevel]:
    after = settlement.reservation
    taken = await _taken(tx, settlement, levels, min(at or now, now))
    gone = demand(taken.missing) if taken is not None else {}
    changed = move(levels, settlement.reserved, gone, now)
    changes = [LevelChange(levels[item_id], level) for item_id, level in changed.items()]
    held = Held(after.order_id, after.revision, settlement.before, after.active_lines)
    movements = order_movements(held, taken, levels, now, new_id)
    await stock_store.book(tx, now, changes, movements, after)
    await announce(tx, changes)
    _oversold.inc(sum(1 for change in changes if change.after.available < 0 <= change.before.available))
    return changed


async def _taken(
    tx: Transaction, settlement: Settlement, levels: dict[UUID, StockLevel], at: datetime
) -> Taken | None:
    """What leaves the shelf. Only where the shelf was counted since, that is looked up."""
    gone = (*settlement.taken, *settlement.wasted)
    if not gone:
        return None
    counted_since = [
        item_id
        for item_id in demand(gone)
        if (counted_at := levels[item_id].counted_at) is not None and at < counted_at
    ]
    counts = await movement_store.next_counts(tx, counted_since, at) if counted_since else {}
    kind = settlement.movement or MovementKind.WASTE
    return Taken(kind, settlement.taken, at, counts, settlement.wasted)


async def _check_known(tx: Transaction, lines: Sequence[StockLine], known: Set[UUID]) -> None:
    uncounted = {line.item_id for line in lines} - known
    if uncounted:
        unknown = uncounted - await item_store.known_items(tx, sorted(uncounted))
        if unknown:
            raise UnknownItem(metadata={"item_id": str(min(unknown))})
