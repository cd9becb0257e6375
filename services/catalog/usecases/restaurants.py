"""The copy of what auth says about a restaurant."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from chassis.db import Database, Transaction
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.store import menu as menu_store

AskAuth = Callable[[UUID], Awaitable[RestaurantCopy]]
"""Reads a restaurant where it is owned. Raises NotFound, Unavailable."""


async def restaurant_of(db: Database, tenant: UUID, ask: AskAuth) -> RestaurantCopy:
    """The copy; where it is missing it is read and kept. Raises what ``ask`` raises."""
    async with db.transaction(tenant, readonly=True) as tx:
        found = await menu_store.find_restaurant(tx)
    if found is not None:
        return found
    read = await ask(tenant)
    async with db.transaction(tenant) as tx:
        await menu_store.save_restaurant(tx, read)
    return read


async def keep_restaurant(tx: Transaction, found: RestaurantCopy) -> None:
    """Keeps the newest version, in whatever order they arrive."""
    await menu_store.save_restaurant(tx, found)
