"""The copy of a restaurant's settings: kept by events, read through while it is missing."""

from chassis.db import Transaction
from services.payments.domain.restaurant import RestaurantCopy
from services.payments.store.restaurant import read_restaurant, save_restaurant
from services.payments.usecases.copies import CopyMissing


async def restaurant_of(tx: Transaction) -> RestaurantCopy:
    """The tenant's settings. Raises CopyMissing."""
    restaurant = await read_restaurant(tx)
    if restaurant is None:
        raise CopyMissing(restaurant=True)
    return restaurant


async def apply_restaurant(tx: Transaction, restaurant: RestaurantCopy) -> None:
    """Keeps newer settings."""
    await save_restaurant(tx, restaurant)
