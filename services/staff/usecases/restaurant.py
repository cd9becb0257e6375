"""The copy of the restaurant."""

from uuid import UUID

from chassis.db import Database
from services.staff.domain.restaurant import RestaurantCopy
from services.staff.store import restaurant as store
from services.staff.usecases.ports import Restaurants


async def restaurant_of(db: Database, tenant: UUID, owner: Restaurants) -> RestaurantCopy:
    """The copy; where it is missing the owner is asked, and it is kept. Raises what ``owner`` raises."""
    async with db.transaction(tenant, readonly=True) as tx:
        found = await store.restaurant_of(tx)
    if found is not None:
        return found
    read = await owner.restaurant(tenant)
    async with db.transaction(tenant) as tx:
        await store.keep_restaurant(tx, read)
    return read
