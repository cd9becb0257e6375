"""Restaurants and their settings."""

from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.auth.domain.restaurant import BillMode, DiscountCaps, Restaurant, RestaurantExists, Settings

INSERT_RESTAURANT = """
INSERT INTO restaurant (restaurant_id, platform_id, version, name, currency_code, time_zone, bill_mode,
    service_charge_bp, day_cutoff_minutes, fee_preset, auto_complete, created_at, employee_discount_bp,
    manager_discount_bp, owner_discount_bp)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT DO NOTHING
"""
UPDATE_SETTINGS = """
UPDATE restaurant SET version = $2, name = $3, time_zone = $4, bill_mode = $5, service_charge_bp = $6,
    day_cutoff_minutes = $7, fee_preset = $8, auto_complete = $9, address = $10, vat_number = $11,
    country_code = $12, employee_discount_bp = $13, manager_discount_bp = $14, owner_discount_bp = $15
WHERE restaurant_id = $1
"""
RESTAURANT_BY_ID = """
SELECT restaurant_id, platform_id, version, name, currency_code, time_zone, bill_mode, service_charge_bp,
    day_cutoff_minutes, fee_preset, auto_complete, address, vat_number, country_code, created_at,
    employee_discount_bp, manager_discount_bp, owner_discount_bp
FROM restaurant WHERE restaurant_id = $1
"""
LOCK_RESTAURANT = """
SELECT restaurant_id, platform_id, version, name, currency_code, time_zone, bill_mode, service_charge_bp,
    day_cutoff_minutes, fee_preset, auto_complete, address, vat_number, country_code, created_at,
    employee_discount_bp, manager_discount_bp, owner_discount_bp
FROM restaurant WHERE restaurant_id = $1 FOR NO KEY UPDATE
"""
RESTAURANT_NAMED = """
SELECT restaurant_id, platform_id, version, name, currency_code, time_zone, bill_mode, service_charge_bp,
    day_cutoff_minutes, fee_preset, auto_complete, address, vat_number, country_code, created_at,
    employee_discount_bp, manager_discount_bp, owner_discount_bp
FROM restaurant WHERE platform_id = $1 AND name = $2
"""
RESTAURANTS_OF = """
SELECT r.restaurant_id, r.platform_id, r.version, r.name, r.currency_code, r.time_zone, r.bill_mode,
    r.service_charge_bp, r.day_cutoff_minutes, r.fee_preset, r.auto_complete, r.address, r.vat_number,
    r.country_code, r.created_at, r.employee_discount_bp, r.manager_discount_bp, r.owner_discount_bp
FROM (
    SELECT restaurant_id FROM membership WHERE user_id = $1
    UNION
    SELECT r.restaurant_id FROM restaurant r JOIN platform_owner o USING (platform_id) WHERE o.user_id = $1
) mine
JOIN restaurant r USING (restaurant_id)
ORDER BY r.name, r.restaurant_id LIMIT $2
"""
RESTAURANTS_OF_AFTER = """
SELECT r.restaurant_id, r.platform_id, r.version, r.name, r.currency_code, r.time_zone, r.bill_mode,
    r.service_charge_bp, r.day_cutoff_minutes, r.fee_preset, r.auto_complete, r.address, r.vat_number,
    r.country_code, r.created_at, r.employee_discount_bp, r.manager_discount_bp, r.owner_discount_bp
FROM (
    SELECT restaurant_id FROM membership WHERE user_id = $1
    UNION
    SELECT r.restaurant_id FROM restaurant r JOIN platform_owner o USING (platform_id) WHERE o.user_id = $1
) mine
JOIN restaurant r USING (restaurant_id)
WHERE (r.name, r.restaurant_id) > (
    SELECT seen.name, seen.restaurant_id FROM restaurant seen WHERE seen.restaurant_id = $3
)
ORDER BY r.name, r.restaurant_id LIMIT $2
"""


async def insert_restaurant(tx: Transaction, restaurant: Restaurant) -> bool:
    """In the tenant that is being made. False where its id or its name in the platform is taken."""
    s = restaurant.settings
    tag = await tx.execute(
        INSERT_RESTAURANT,
        s.restaurant_id,
        s.platform_id,
        s.version,
        s.name,
        s.currency_code,
        s.time_zone,
        s.bill_mode.value,
        s.service_charge_bp,
        s.day_cutoff_minutes,
        s.fee_preset,
        s.auto_complete,
        restaurant.created_at,
        *_caps(s),
    )
    return tag == "INSERT 0 1"


async def update_settings(tx: Transaction, s: Settings) -> None:
    """Writes the next version of a restaurant that is locked. Raises RestaurantExists."""
    try:
        await tx.execute(
            UPDATE_SETTINGS,
            s.restaurant_id,
            s.version,
            s.name,
            s.time_zone,
            s.bill_mode.value,
            s.service_charge_bp,
            s.day_cutoff_minutes,
            s.fee_preset,
            s.auto_complete,
            s.address,
            s.vat_number,
            s.country_code,
            *_caps(s),
        )
    except asyncpg.UniqueViolationError as error:
        raise RestaurantExists(f"There is another restaurant called {s.name}.") from error


async def restaurant_by_id(tx: Transaction, restaurant_id: UUID) -> Restaurant | None:
    """None where there is none or the transaction may not see it."""
    row = await tx.fetchrow(RESTAURANT_BY_ID, restaurant_id)
    return None if row is None else _restaurant(row)


async def lock_restaurant(tx: Transaction, restaurant_id: UUID) -> Restaurant | None:
    """The same, where it is the transaction's tenant; what else changes it waits. It does not stop log-ins,
    whose new sessions refer to the row.
    """
    row = await tx.fetchrow(LOCK_RESTAURANT, restaurant_id)
    return None if row is None else _restaurant(row)


async def restaurant_named(tx: Transaction, platform_id: UUID, name: str) -> Restaurant | None:
    """By the name that is unique in its platform; sees what the person of the transaction sees."""
    row = await tx.fetchrow(RESTAURANT_NAMED, platform_id, name)
    return None if row is None else _restaurant(row)


async def restaurants_of(
    tx: Transaction, user_id: UUID, *, limit: int, after: UUID | None
) -> list[Restaurant]:
    """The restaurants a person may enter, by name and id, ``after`` the last one seen."""
    if after is None:
        rows = await tx.fetch(RESTAURANTS_OF, user_id, limit)
    else:
        rows = await tx.fetch(RESTAURANTS_OF_AFTER, user_id, limit, after)
    return [_restaurant(row) for row in rows]


def _caps(s: Settings) -> tuple[int, int, int]:
    caps = s.discount_caps or DiscountCaps()
    return caps.employee_bp, caps.manager_bp, caps.owner_bp


def _restaurant(row: Record) -> Restaurant:
    return Restaurant(
        Settings(
            restaurant_id=row["restaurant_id"],
            platform_id=row["platform_id"],
            version=row["version"],
            name=row["name"],
            currency_code=row["currency_code"],
            time_zone=row["time_zone"],
            bill_mode=BillMode(row["bill_mode"]),
            service_charge_bp=row["service_charge_bp"],
            day_cutoff_minutes=row["day_cutoff_minutes"],
            fee_preset=row["fee_preset"],
            auto_complete=row["auto_complete"],
            address=row["address"],
            vat_number=row["vat_number"],
            country_code=row["country_code"],
            discount_caps=DiscountCaps(
                row["employee_discount_bp"], row["manager_discount_bp"], row["owner_discount_bp"]
            ),
        ),
        row["created_at"],
    )
