"""Movements as they are kept, and levels beside them."""

from collections.abc import AsyncIterator
from uuid import UUID

from chassis.db import Database
from chassis.ids import new_id
from services.catalog.domain.ledger import LedgerLine, rebuilt
from services.catalog.domain.movement import BookedMovement, MovementFilter
from services.catalog.store import movement as movement_store
from services.catalog.store import stock as stock_store
from services.catalog.store.movement import Place
from services.catalog.usecases.stock.announcing import announce

RESTAURANTS_EACH = 500


async def list_movements(
    db: Database, tenant: UUID, wanted: MovementFilter, before: Place | None, limit: int
) -> list[BookedMovement]:
    """The next ``limit`` movements, the newest first."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await movement_store.movement_page(tx, wanted, before, limit)


async def restaurants_counting(db: Database) -> AsyncIterator[UUID]:
    """All restaurants that count stock, by id."""
    after = UUID(int=0)
    while True:
        async with db.transaction(None, readonly=True) as tx:
            found = await movement_store.restaurants_counting(tx, after, RESTAURANTS_EACH)
        for restaurant_id in found:
            yield restaurant_id
        if len(found) < RESTAURANTS_EACH:
            return
        after = found[-1]


async def check_ledger(db: Database, tenant: UUID) -> list[LedgerLine]:
    """Items whose level, movements and reservations do not say the same; none is how it should be."""
    async with db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        return [line for line in await movement_store.ledger(tx) if not line.agrees]


async def rebuild_levels(db: Database, tenant: UUID) -> list[LedgerLine]:
    """Makes every level what its movements say, and tells the devices; what did not agree before."""
    now = db.clock.now()
    async with db.transaction(tenant) as tx:
        levels = await stock_store.lock_levels(tx, await movement_store.level_ids(tx))
        differing = [line for line in await movement_store.ledger(tx) if not line.agrees]
        changes, movements = rebuilt(differing, levels, now, new_id)
        if changes:
            await stock_store.book(tx, now, changes, movements)
            await announce(tx, changes)
        return differing
