"""The copy of a restaurant's settings: kept by events, read through while it is missing (see ``copies``)."""

from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.store.restaurant import find_restaurant, save_restaurant
from services.orders.usecases.ports import Dependencies
from services.orders.wire.restaurant import kept_restaurant, restaurant_kept


async def apply_restaurant(tx: Transaction, restaurant: RestaurantCopy) -> None:
    """Keeps newer settings."""
    await save_restaurant(tx, restaurant, kept_restaurant(restaurant))


async def restaurant_of(tx: Transaction) -> RestaurantCopy:
    """The tenant's settings, for work inside a transaction. The restaurant has orders, so they are there."""
    return restaurant_kept(await find_restaurant(tx))


async def restaurant_on_paper(deps: Dependencies, tenant: UUID) -> RestaurantCopy:
    """The settings with all that papers say of the restaurant: a copy that is older than that is read anew.

    Call outside a transaction. Raises what auth raises, and Unavailable.
    """
    async with deps.db.transaction(tenant, readonly=True) as tx:
        known = restaurant_kept(await find_restaurant(tx))
    if known.name:
        return known
    told = await deps.peers.restaurant(tenant)
    async with deps.db.transaction(tenant) as tx:
        await apply_restaurant(tx, told)
    return told
