"""The copy of a restaurant's settings."""

from collections.abc import Mapping
from typing import Any

from chassis.db import Transaction
from services.payments.domain.restaurant import RestaurantCopy

SAVE_RESTAURANT = """
INSERT INTO restaurant AS old
    (restaurant_id, version, currency_code, time_zone, day_cutoff_minutes, fee_preset)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (restaurant_id) DO UPDATE SET version = excluded.version, currency_code = excluded.currency_code,
    time_zone = excluded.time_zone, day_cutoff_minutes = excluded.day_cutoff_minutes,
    fee_preset = excluded.fee_preset
WHERE old.version < excluded.version
"""
READ_RESTAURANT = "SELECT * FROM restaurant WHERE restaurant_id = $1"


async def save_restaurant(tx: Transaction, restaurant: RestaurantCopy) -> None:
    """Keeps the copy unless a newer version is there."""
    await tx.execute(
        SAVE_RESTAURANT,
        restaurant.id,
        restaurant.version,
        restaurant.currency_code,
        restaurant.time_zone,
        restaurant.day_cutoff_minutes,
        restaurant.fee_preset,
    )


async def read_restaurant(tx: Transaction) -> RestaurantCopy | None:
    """The tenant's settings, None while there is no copy."""
    row = await tx.fetchrow(READ_RESTAURANT, tx.tenant)
    return None if row is None else restaurant_in(row)


def restaurant_in(row: Mapping[str, Any]) -> RestaurantCopy:
    """A restaurant from a row with the columns of its table."""
    return RestaurantCopy(
        id=row["restaurant_id"],
        version=row["version"],
        currency_code=row["currency_code"],
        time_zone=row["time_zone"],
        day_cutoff_minutes=row["day_cutoff_minutes"],
        fee_preset=row["fee_preset"],
    )
