"""The copy of the restaurant."""

from chassis.db import Transaction
from services.staff.domain.restaurant import RestaurantCopy

SELECT_RESTAURANT = """
SELECT version, currency_code, time_zone, day_cutoff_minutes FROM restaurant WHERE restaurant_id = $1
"""
KEEP_RESTAURANT = """
INSERT INTO restaurant AS r (restaurant_id, version, currency_code, time_zone, day_cutoff_minutes)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (restaurant_id) DO UPDATE SET
    version = excluded.version, currency_code = excluded.currency_code, time_zone = excluded.time_zone,
    day_cutoff_minutes = excluded.day_cutoff_minutes
WHERE r.version < excluded.version
"""


async def restaurant_of(tx: Transaction) -> RestaurantCopy | None:
    """None while there is no copy."""
    row = await tx.fetchrow(SELECT_RESTAURANT, tx.tenant)
    return None if row is None else RestaurantCopy(**dict(row))


async def keep_restaurant(tx: Transaction, restaurant: RestaurantCopy) -> None:
    """Keeps the newest version, in whatever order they arrive."""
    await tx.execute(
        KEEP_RESTAURANT,
        tx.tenant,
        restaurant.version,
        restaurant.currency_code,
        restaurant.time_zone,
        restaurant.day_cutoff_minutes,
    )
