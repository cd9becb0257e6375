"""Restaurants and memberships."""

from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from chassis.db.conditions import Conditions
from services.auth.domain.restaurant import BillMode, Restaurant, RestaurantExists, Settings
from services.auth.domain.roles import Membership, Role

_SETTINGS = (
    "restaurant_id, platform_id, version, name, currency_code, time_zone, bill_mode, service_charge_bp,"
    " day_cutoff_minutes, fee_preset, auto_complete, created_at"
)
# What a platform owner is in every restaurant of the platform outranks a membership there.
_OF_PERSON = (
    " FROM (SELECT restaurant_id FROM membership WHERE user_id = $1"
    " UNION SELECT r.restaurant_id FROM restaurant r JOIN platform_owner o USING (platform_id)"
    " WHERE o.user_id = $1) mine JOIN restaurant r USING (restaurant_id)"
    " LEFT JOIN platform_owner o ON o.platform_id = r.platform_id AND o.user_id = $1"
    " LEFT JOIN membership m ON m.restaurant_id = r.restaurant_id AND m.user_id = $1"
)
_MEMBERSHIP = (
    "SELECT r.restaurant_id, r.name AS restaurant_name, u.id AS user_id, u.email, u.name,"
    " CASE WHEN o.user_id IS NULL THEN m.role ELSE 'platform_owner' END AS role"
)


async def insert_restaurant(tx: Transaction, restaurant: Restaurant) -> bool:
    """In the tenant that is being made. False where its id or its name in the platform is taken."""
    s = restaurant.settings
    tag = await tx.execute(
        f"INSERT INTO restaurant ({_SETTINGS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"  # noqa: S608
        " ON CONFLICT DO NOTHING",
        *(s.restaurant_id, s.platform_id, s.version, s.name, s.currency_code, s.time_zone, s.bill_mode.value),
        *(s.service_charge_bp, s.day_cutoff_minutes, s.fee_preset, s.auto_complete, restaurant.created_at),
    )
    return tag == "INSERT 0 1"


async def update_settings(tx: Transaction, s: Settings) -> None:
    """Writes the next version; restaurant_by_id(lock=True) holds the row. Raises RestaurantExists."""
    try:
        await tx.execute(
            "UPDATE restaurant SET version = $2, name = $3, time_zone = $4, bill_mode = $5,"
            " service_charge_bp = $6, day_cutoff_minutes = $7, fee_preset = $8, auto_complete = $9"
            " WHERE restaurant_id = $1",
            *(s.restaurant_id, s.version, s.name, s.time_zone, s.bill_mode.value, s.service_charge_bp),
            *(s.day_cutoff_minutes, s.fee_preset, s.auto_complete),
        )
    except asyncpg.UniqueViolationError as error:
        raise RestaurantExists(f"There is another restaurant called {s.name}.") from error


async def restaurant_by_id(tx: Transaction, restaurant_id: UUID, *, lock: bool = False) -> Restaurant | None:
    """None where there is none or the transaction may not see it. ``lock`` needs the restaurant as tenant; it
    does not stop log-ins, whose new sessions refer to the row.
    """
    row = await tx.fetchrow(
        f"SELECT {_SETTINGS} FROM restaurant WHERE restaurant_id = $1{' FOR NO KEY UPDATE' if lock else ''}",  # noqa: S608
        restaurant_id,
    )
    return None if row is None else _restaurant(row)


async def restaurant_named(tx: Transaction, platform_id: UUID, name: str) -> Restaurant | None:
    """By the name that is unique in its platform; sees what the person of the transaction sees."""
    row = await tx.fetchrow(
        f"SELECT {_SETTINGS} FROM restaurant WHERE platform_id = $1 AND name = $2",  # noqa: S608
        platform_id,
        name,
    )
    return None if row is None else _restaurant(row)


async def restaurants_of(
    tx: Transaction, user_id: UUID, *, limit: int, after: UUID | None
) -> list[Restaurant]:
    """The restaurants a person may enter, by name and id, ``after`` the last one seen."""
    columns = ", ".join(f"r.{name.strip()}" for name in _SETTINGS.split(","))
    where = Conditions(user_id)
    if after is not None:
        seen = "SELECT seen.name, seen.restaurant_id FROM restaurant seen WHERE seen.restaurant_id = {}"
        where.add(f"(r.name, r.restaurant_id) > ({seen})", after)
    rows = await tx.fetch(
        f"SELECT {columns} {_OF_PERSON} WHERE {where}"
        f" ORDER BY r.name, r.restaurant_id LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [_restaurant(row) for row in rows]


async def memberships_of(
    tx: Transaction, user_id: UUID, *, limit: int, restaurant_id: UUID | None = None
) -> list[Membership]:
    """A person's roles, oldest membership first: in ``restaurant_id`` only, or everywhere."""
    where = Conditions(user_id)
    if restaurant_id is not None:
        where.add("r.restaurant_id = {}", restaurant_id)
    rows = await tx.fetch(
        f"{_MEMBERSHIP} {_OF_PERSON} JOIN user_account u ON u.id = $1 WHERE {where}"
        f" ORDER BY coalesce(m.created_at, r.created_at), r.restaurant_id LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [_membership(row) for row in rows]


async def members(
    tx: Transaction, *, limit: int, after: UUID | None = None, user_id: UUID | None = None
) -> list[Membership]:
    """Members of the transaction's restaurant by name and id; ``user_id`` asks for one of them."""
    where = Conditions(tx.tenant).add("m.restaurant_id = $1")
    if user_id is not None:
        where.add("u.id = {}", user_id)
    if after is not None:
        seen = "SELECT seen.name, seen.id FROM user_account seen WHERE seen.id = {}"
        where.add(f"(u.name, u.id) > ({seen})", after)
    rows = await tx.fetch(
        "SELECT r.restaurant_id, r.name AS restaurant_name, u.id AS user_id, u.email, u.name, m.role"  # noqa: S608
        " FROM membership m JOIN restaurant r USING (restaurant_id) JOIN user_account u ON u.id = m.user_id"
        f" WHERE {where} ORDER BY u.name, u.id LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [_membership(row) for row in rows]


async def member(tx: Transaction, user_id: UUID) -> Membership | None:
    """One member of the transaction's restaurant."""
    found = await members(tx, limit=1, user_id=user_id)
    return found[0] if found else None


async def is_member(tx: Transaction, email: str, *, role: Role | None = None) -> bool:
    """Whether the address is that of a member of the transaction's restaurant (with that role)."""
    where = Conditions(tx.tenant, email).add("m.restaurant_id = $1 AND u.email = $2")
    if role is not None:
        where.add("m.role = {}", role.value)
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT 1 FROM membership m JOIN user_account u ON u.id = m.user_id"  # noqa: S608
        f" WHERE {where})",
        *where.arguments,
    )
    return found


async def save_membership(tx: Transaction, user_id: UUID, role: Role, now: datetime) -> None:
    """Gives ``role`` in the transaction's restaurant, instead of any before."""
    await tx.execute(
        "INSERT INTO membership (restaurant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (restaurant_id, user_id) DO UPDATE SET role = $3",
        *(tx.tenant, user_id, role.value, now),
    )


async def delete_membership(tx: Transaction, user_id: UUID) -> None:
    """Takes the role in the transaction's restaurant away."""
    await tx.execute("DELETE FROM membership WHERE restaurant_id = $1 AND user_id = $2", tx.tenant, user_id)


async def count_owners(tx: Transaction) -> int:
    """Owners of the transaction's restaurant, whose row is locked by then."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM membership WHERE restaurant_id = $1 AND role = 'restaurant_owner'", tx.tenant
    )
    return count


def _restaurant(row: asyncpg.Record) -> Restaurant:
    values = {name: row[name] for name in Settings.__dataclass_fields__}
    return Restaurant(Settings(**{**values, "bill_mode": BillMode(row["bill_mode"])}), row["created_at"])


def _membership(row: asyncpg.Record) -> Membership:
    return Membership(
        user_id=row["user_id"],
        restaurant_id=row["restaurant_id"],
        restaurant_name=row["restaurant_name"],
        role=Role(row["role"]),
        email=row["email"],
        name=row["name"],
    )
