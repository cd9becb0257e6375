"""The copy of what auth says about a restaurant."""

from chassis.db import Transaction
from services.catalog.domain.restaurant import RestaurantCopy

RESTAURANT = "SELECT version, name, currency_code, time_zone FROM restaurant WHERE restaurant_id = $1"
SAVE_RESTAURANT = """
INSERT INTO restaurant AS old (restaurant_id, version, name, currency_code, time_zone)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (restaurant_id) DO UPDATE SET version = excluded.version, name = excluded.name,
    currency_code = excluded.currency_code, time_zone = excluded.time_zone
WHERE old.version < excluded.version
"""


async def find_restaurant(tx: Transaction) -> RestaurantCopy | None:
    """None where auth has not told us of it yet."""
    row = await tx.fetchrow(RESTAURANT, tx.tenant)
    return None if row is None else RestaurantCopy(*row)


async def save_restaurant(tx: Transaction, found: RestaurantCopy) -> None:
    """Keeps the newest version, in whatever order they arrive."""
    values = (found.version, found.name, found.currency_code, found.time_zone)
    await tx.execute(SAVE_RESTAURANT, tx.tenant, *values)
