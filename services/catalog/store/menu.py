"""Statements on menus: lock and version, categories, VAT classes, and the copy of the restaurant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.catalog.domain.menu import Category, NameTaken, VatClass, VatRate, name_key
from services.catalog.domain.restaurant import RestaurantCopy

# -- the menu as a whole ---------------------------------------------------------------------------------

LOCK_MENU = (
    "INSERT INTO menu (restaurant_id, version) VALUES ($1, 0)"
    " ON CONFLICT (restaurant_id) DO UPDATE SET version = menu.version RETURNING version"
)
SET_VERSION = "UPDATE menu SET version = $2 WHERE restaurant_id = $1"
MENU_SIZE = (
    "SELECT (SELECT count(*) FROM category WHERE restaurant_id = $1 AND NOT removed) AS categories,"
    " count(*) AS items, coalesce(sum(wire_bytes), 0)::bigint AS bytes"
    " FROM item WHERE restaurant_id = $1 AND NOT removed"
)
STAMP = (
    "SELECT (SELECT version FROM menu WHERE restaurant_id = $1) AS menu,"
    " (SELECT version FROM restaurant WHERE restaurant_id = $1) AS restaurant,"
    " outbox_said('inventory') AS stock"
)


@dataclass(frozen=True, slots=True)
class MenuSize:
    """What counts against the limits of a menu."""

    categories: int
    items: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """Changes with anything an answer of the menu is made of, but the hour."""

    menu: int
    restaurant: int
    stock: str


async def lock_menu(tx: Transaction) -> int:
    """The menu's version; until the transaction ends nobody else changes this menu."""
    version: int = await tx.fetchval(LOCK_MENU, tx.tenant)
    return version


async def set_version(tx: Transaction, version: int) -> None:
    """Under the lock of lock_menu."""
    await tx.execute(SET_VERSION, tx.tenant, version)


async def menu_size(tx: Transaction) -> MenuSize:
    """What there is now, changes of this transaction included."""
    row = await tx.fetchrow(MENU_SIZE, tx.tenant)
    assert row is not None
    return MenuSize(row["categories"], row["items"], row["bytes"])


async def read_stamp(tx: Transaction) -> Stamp:
    """Cheap: three rows by primary key. Every change of a level takes a position on the channel."""
    row = await tx.fetchrow(STAMP, tx.tenant)
    assert row is not None
    return Stamp(row["menu"] or 0, row["restaurant"] or 0, row["stock"] or "")


# -- categories ------------------------------------------------------------------------------------------

CATEGORIES = "SELECT id, name, position, version, removed FROM category WHERE restaurant_id = $1"
CATEGORY = (
    "SELECT id, name, position, version, removed FROM category"
    " WHERE restaurant_id = $1 AND id = $2 AND NOT removed"
)
SAVE_CATEGORY = (
    "INSERT INTO category (restaurant_id, id, name, name_key, position, version)"
    " SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[])"
    " ON CONFLICT (restaurant_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,"
    " position = excluded.position, version = excluded.version"
)
REMOVE_CATEGORY = "UPDATE category SET removed = true, version = $3 WHERE restaurant_id = $1 AND id = $2"
HAS_ITEMS = "SELECT EXISTS (SELECT 1 FROM item WHERE restaurant_id = $1 AND category_id = $2 AND NOT removed)"
CATEGORY_EXISTS = "SELECT EXISTS (SELECT 1 FROM category WHERE restaurant_id = $1 AND id = $2)"


@dataclass(frozen=True, slots=True)
class Removed:
    """What is no longer on the menu, and since which version."""

    id: UUID
    version: int


async def categories(tx: Transaction) -> tuple[list[Category], list[Removed]]:
    """All of them: those on the menu, and those removed."""
    rows = await tx.fetch(CATEGORIES, tx.tenant)
    return [_category(row) for row in rows if not row["removed"]], removed_of(rows)


async def find_category(tx: Transaction, category_id: UUID) -> Category | None:
    """None where there is none on the menu."""
    row = await tx.fetchrow(CATEGORY, tx.tenant, category_id)
    return None if row is None else _category(row)


async def category_id_used(tx: Transaction, category_id: UUID) -> bool:
    """Whether this restaurant has, or had, a category of this identity."""
    return bool(await tx.fetchval(CATEGORY_EXISTS, tx.tenant, category_id))


async def save_categories(tx: Transaction, found: Sequence[Category]) -> None:
    """New and changed ones. Raises NameTaken."""
    columns: list[list[Any]] = [
        [each.id for each in found],
        [each.name for each in found],
        [name_key(each.name) for each in found],
        [each.position for each in found],
        [each.version for each in found],
    ]
    try:
        await tx.execute(SAVE_CATEGORY, tx.tenant, *columns)
    except asyncpg.UniqueViolationError as error:
        raise NameTaken("There is a category of this name.") from error


async def remove_category(tx: Transaction, category_id: UUID, version: int) -> None:
    """Takes it off the menu as of ``version``."""
    await tx.execute(REMOVE_CATEGORY, tx.tenant, category_id, version)


async def has_items(tx: Transaction, category_id: UUID) -> bool:
    """Whether an item on the menu is in the category."""
    return bool(await tx.fetchval(HAS_ITEMS, tx.tenant, category_id))


def removed_of(rows: Sequence[Record]) -> list[Removed]:
    """The rows of what is no longer on the menu."""
    return [Removed(row["id"], row["version"]) for row in rows if row["removed"]]


def _category(row: Record) -> Category:
    return Category(row["id"], row["name"], row["position"], row["version"])


# -- VAT classes -----------------------------------------------------------------------------------------

VAT_CLASSES = (
    "SELECT code, name, rates, version FROM vat_class WHERE restaurant_id = $1 ORDER BY position, code"
)
SAVE_VAT_CLASSES = (
    "INSERT INTO vat_class (restaurant_id, code, name, rates, position, version)"
    " SELECT $1, v.code, v.name, v.rates, v.position, v.version FROM jsonb_to_recordset($2::jsonb)"
    " AS v (code text, name text, rates jsonb, position int, version bigint)"
)


async def vat_classes(tx: Transaction) -> list[VatClass]:
    """None before the menu was first changed."""
    return [
        VatClass(
            row["code"],
            row["name"],
            tuple(VatRate(date.fromisoformat(day), eat_in, away) for day, eat_in, away in row["rates"]),
            row["version"],
        )
        for row in await tx.fetch(VAT_CLASSES, tx.tenant)
    ]


async def add_vat_classes(tx: Transaction, found: Sequence[VatClass]) -> None:
    """In their order."""
    documents = [
        {
            "code": each.code,
            "name": each.name,
            "rates": [
                [rate.effective_from.isoformat(), rate.eat_in_bp, rate.takeaway_bp] for rate in each.rates
            ],
            "position": position,
            "version": each.version,
        }
        for position, each in enumerate(found)
    ]
    await tx.execute(SAVE_VAT_CLASSES, tx.tenant, documents)


# -- the restaurant --------------------------------------------------------------------------------------

RESTAURANT = "SELECT version, name, currency_code, time_zone FROM restaurant WHERE restaurant_id = $1"
SAVE_RESTAURANT = (
    "INSERT INTO restaurant (restaurant_id, version, name, currency_code, time_zone)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (restaurant_id) DO UPDATE SET version = excluded.version,"
    " name = excluded.name, currency_code = excluded.currency_code, time_zone = excluded.time_zone"
    " WHERE restaurant.version < excluded.version"
)


async def find_restaurant(tx: Transaction) -> RestaurantCopy | None:
    """None where auth has not told us of it yet."""
    row = await tx.fetchrow(RESTAURANT, tx.tenant)
    return None if row is None else RestaurantCopy(*row)


async def save_restaurant(tx: Transaction, found: RestaurantCopy) -> None:
    """Keeps the newest version, in whatever order they arrive."""
    values = (found.version, found.name, found.currency_code, found.time_zone)
    await tx.execute(SAVE_RESTAURANT, tx.tenant, *values)
