"""The copy of what auth says about a restaurant."""

from uuid import UUID

from chassis.db import Database, Transaction
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.store.restaurant import find_restaurant, save_restaurant
from services.catalog.usecases.ports import AskAuth


async def restaurant_of(db: Database, tenant: UUID, ask: AskAuth) -> RestaurantCopy:
    """The copy; where it is missing it is read and kept. Raises what ``ask`` raises."""
    async with db.transaction(tenant, readonly=True) as tx:
        found = await find_restaurant(tx)
    if found is not None:
        return found
    read = await ask(tenant)
    async with db.transaction(tenant) as tx:
        await save_restaurant(tx, read)
    return read


async def keep_restaurant(tx: Transaction, found: RestaurantCopy) -> None:
    """Keeps the newest version, in whatever order they arrive."""
    await save_restaurant(tx, found)
