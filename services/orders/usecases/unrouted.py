"""Items that no station takes: managers are told once of each, until stations change.

A refusal to fire rolls back, so that what it means for managers is a transaction of its own. What happened
all the same, money that came, says so with its own.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.errors import NoStation
from services.orders.domain.unrouted import Unrouted
from services.orders.store import unrouted as store
from services.orders.usecases.ports import Dependencies
from services.orders.wire.unrouted import item_unrouted, items_routed


@asynccontextmanager
async def telling_managers(
    deps: Dependencies, tenant: UUID, order_id: UUID | None = None
) -> AsyncIterator[None]:
    """Around what fires lines; ``order_id`` of an order that there is, whatever comes of it."""
    try:
        yield
    except NoStation as refusal:
        found = Unrouted(refusal.item_id, refusal.name, order_id, 0, deps.clock.now())
        async with deps.db.transaction(tenant) as tx:
            await tell_unrouted(tx, [found])
        raise


async def tell_unrouted(tx: Transaction, found: Sequence[Unrouted]) -> None:
    """Tells what is news."""
    by_item = {one.item_id: one for one in found}
    for one in await store.insert_unrouted(tx, list(by_item.values())):
        tx.emit(item_unrouted(one), subject_id=str(one.item_id))


async def forget_unrouted(tx: Transaction) -> None:
    """Stations have changed: whether it is still so, the next order shows."""
    item_ids = await store.delete_unrouted(tx)
    if item_ids:
        tx.emit(items_routed(item_ids), subject_id=str(tx.tenant))
