"""Items."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.catalog.domain.availability import DueReturn
from services.catalog.domain.errors import BarcodeTaken, NameTaken, PluTaken
from services.catalog.domain.item import Item
from services.catalog.domain.menu import Removed
from services.catalog.domain.window import AvailabilityWindow
from services.catalog.store.image import image_document, image_in
from services.catalog.store.menu import removed_in
from services.catalog.store.option import group_documents, groups_in

ITEMS = """
SELECT id, category_id, name, description, price_minor, vat_class, allergens, available, windows,
    option_groups, stock_tracked, position, version, removed, barcode, plu, may_contain,
    returns_at, preparation_minutes, image
FROM item WHERE restaurant_id = $1 AND NOT removed
"""
ITEMS_SINCE = """
SELECT id, category_id, name, description, price_minor, vat_class, allergens, available, windows,
    option_groups, stock_tracked, position, version, removed, barcode, plu, may_contain,
    returns_at, preparation_minutes, image
FROM item WHERE restaurant_id = $1 AND version > $2
"""
ITEM = """
SELECT id, category_id, name, description, price_minor, vat_class, allergens, available, windows,
    option_groups, stock_tracked, position, version, removed, barcode, plu, may_contain,
    returns_at, preparation_minutes, image
FROM item WHERE restaurant_id = $1 AND id = $2 AND NOT removed
"""
# One search for each index; the conditions are those of the indexes.
ITEMS_NUMBERED = """
SELECT id, category_id, name, description, price_minor, vat_class, allergens, available, windows,
    option_groups, stock_tracked, position, version, removed, barcode, plu, may_contain,
    returns_at, preparation_minutes, image
FROM item WHERE restaurant_id = $1 AND barcode = $2 AND barcode <> '' AND NOT removed
UNION ALL
SELECT id, category_id, name, description, price_minor, vat_class, allergens, available, windows,
    option_groups, stock_tracked, position, version, removed, barcode, plu, may_contain,
    returns_at, preparation_minutes, image
FROM item WHERE restaurant_id = $1 AND plu = $3 AND plu <> '' AND NOT removed
"""
ITEMS_OF = """
SELECT id, category_id, name, description, price_minor, vat_class, allergens, available, windows,
    option_groups, stock_tracked, position, version, removed, barcode, plu, may_contain,
    returns_at, preparation_minutes, image
FROM item WHERE restaurant_id = $1 AND id = ANY($2::uuid[]) AND NOT removed
"""
# Read over a restaurant's items, which are a few thousand at most, when somebody edits the menu.
ITEMS_NAMING = """
SELECT id, category_id, name, description, price_minor, vat_class, allergens, available, windows,
    option_groups, stock_tracked, position, version, removed, barcode, plu, may_contain,
    returns_at, preparation_minutes, image
FROM item WHERE restaurant_id = $1 AND NOT removed AND strpos(option_groups::text, $2::uuid::text) > 0
ORDER BY position, name
"""
FREE_NUMBERS = """
UPDATE item SET barcode = '', plu = '' WHERE restaurant_id = $1 AND id = ANY($2::uuid[])
"""
ITEM_EXISTS = "SELECT EXISTS (SELECT 1 FROM item WHERE restaurant_id = $1 AND id = $2)"
KNOWN_ITEMS = "SELECT id FROM item WHERE restaurant_id = $1 AND id = ANY($2::uuid[]) AND NOT removed"
# jsonb carries what arrays of arrays cannot: one document per item.
SAVE_ITEMS = """
INSERT INTO item (restaurant_id, id, category_id, name, name_key, description, price_minor, vat_class,
    allergens, available, windows, option_groups, stock_tracked, position, wire_bytes, version, barcode, plu,
    may_contain, returns_at, preparation_minutes, image)
SELECT $1, i.id, i.category_id, i.name, i.name_key, i.description, i.price_minor, i.vat_class,
    ARRAY(SELECT jsonb_array_elements_text(i.allergens)::smallint), i.available, i.windows,
    i.option_groups, i.stock_tracked, i.position, i.wire_bytes, i.version, i.barcode, i.plu,
    ARRAY(SELECT jsonb_array_elements_text(i.may_contain)::smallint), i.returns_at,
    i.preparation_minutes, i.image
FROM jsonb_to_recordset($2::jsonb) AS i (id uuid, category_id uuid, name text, name_key text,
    description text, price_minor bigint, vat_class text, allergens jsonb, available boolean,
    windows jsonb, option_groups jsonb, stock_tracked boolean, position int, wire_bytes int, version bigint,
    barcode text, plu text, may_contain jsonb, returns_at timestamptz,
    preparation_minutes int, image jsonb)
ON CONFLICT (restaurant_id, id) DO UPDATE SET category_id = excluded.category_id,
    name = excluded.name, name_key = excluded.name_key, description = excluded.description,
    price_minor = excluded.price_minor, vat_class = excluded.vat_class, allergens = excluded.allergens,
    available = excluded.available, windows = excluded.windows, option_groups = excluded.option_groups,
    stock_tracked = excluded.stock_tracked, position = excluded.position,
    wire_bytes = excluded.wire_bytes, version = excluded.version, barcode = excluded.barcode,
    plu = excluded.plu, may_contain = excluded.may_contain, returns_at = excluded.returns_at,
    preparation_minutes = excluded.preparation_minutes, image = excluded.image
"""
ITEMS_PER_STATEMENT = 500
"""A large import stays well below the time-out of a statement."""
REMOVE_ITEM = """
UPDATE item SET removed = true, stock_tracked = false, returns_at = NULL, version = $3
WHERE restaurant_id = $1 AND id = $2
"""
DUE_RETURNS = "SELECT returns_at, restaurant_id, item_id FROM due_returns($1, $2, $3, $4)"


async def items(tx: Transaction) -> list[Item]:
    """Those on the menu."""
    return [_item(row) for row in await tx.fetch(ITEMS, tx.tenant)]


async def items_since(tx: Transaction, version: int) -> tuple[list[Item], list[Removed]]:
    """What changed after a menu version: items as they are now, and those taken off since."""
    rows = await tx.fetch(ITEMS_SINCE, tx.tenant, version)
    return [_item(row) for row in rows if not row["removed"]], removed_in(rows)


async def find_item(tx: Transaction, item_id: UUID) -> Item | None:
    """None where there is none on the menu."""
    row = await tx.fetchrow(ITEM, tx.tenant, item_id)
    return None if row is None else _item(row)


async def item_id_used(tx: Transaction, item_id: UUID) -> bool:
    """Whether this restaurant has, or had, an item of this identity."""
    return bool(await tx.fetchval(ITEM_EXISTS, tx.tenant, item_id))


async def known_items(tx: Transaction, item_ids: Sequence[UUID]) -> set[UUID]:
    """Which of them are on the menu."""
    return {row["id"] for row in await tx.fetch(KNOWN_ITEMS, tx.tenant, item_ids)}


async def items_of(tx: Transaction, item_ids: Sequence[UUID]) -> list[Item]:
    """Those of them that are on the menu."""
    return [_item(row) for row in await tx.fetch(ITEMS_OF, tx.tenant, item_ids)]


async def items_naming(tx: Transaction, item_id: UUID) -> list[Item]:
    """Those on the menu with an option that is the item or takes of its stock."""
    return [_item(row) for row in await tx.fetch(ITEMS_NAMING, tx.tenant, item_id)]


async def items_numbered(tx: Transaction, barcode: str, plu: str) -> list[Item]:
    """Those on the menu that have the barcode or the PLU; "" is nobody's."""
    return [_item(row) for row in await tx.fetch(ITEMS_NUMBERED, tx.tenant, barcode, plu)]


async def free_numbers(tx: Transaction, item_ids: Sequence[UUID]) -> None:
    """Takes barcode and PLU from items that are saved next, so that they may exchange them."""
    await tx.execute(FREE_NUMBERS, tx.tenant, item_ids)


async def save_items(tx: Transaction, found: Sequence[tuple[Item, int]]) -> None:
    """New and changed ones, each with its size on the wire in bytes.

    Raises NameTaken, BarcodeTaken, PluTaken.
    """
    try:
        for start in range(0, len(found), ITEMS_PER_STATEMENT):
            batch = found[start : start + ITEMS_PER_STATEMENT]
            documents = [_document(item, wire_bytes) for item, wire_bytes in batch]
            await tx.execute(SAVE_ITEMS, tx.tenant, documents)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "item_barcode":
            raise BarcodeTaken("There is an item of this barcode.") from error
        if error.constraint_name == "item_plu":
            raise PluTaken("There is an item of this PLU.") from error
        raise NameTaken("There is an item of this name in the category.") from error


async def due_returns(tx: Transaction, now: datetime, after: DueReturn, limit: int) -> list[DueReturn]:
    """Items of all restaurants that were to be back by now, the longest due first, behind ``after``."""
    rows = await tx.fetch(DUE_RETURNS, now, after.returns_at, after.item_id, limit)
    return [DueReturn(row["returns_at"], row["restaurant_id"], row["item_id"]) for row in rows]


async def remove_item(tx: Transaction, item_id: UUID, version: int) -> None:
    """Takes it off the menu as of ``version``."""
    await tx.execute(REMOVE_ITEM, tx.tenant, item_id, version)


def windows_in(documents: Iterable[Any]) -> tuple[AvailabilityWindow, ...]:
    """The windows of a document."""
    return tuple(AvailabilityWindow(tuple(days), start, end) for days, start, end in documents)


def window_documents(windows: Iterable[AvailabilityWindow]) -> list[Any]:
    """As they are stored."""
    return [[list(each.weekdays), each.from_minutes, each.until_minutes] for each in windows]


def _item(row: Record) -> Item:
    return Item(
        id=row["id"],
        category_id=row["category_id"],
        name=row["name"],
        price_minor=row["price_minor"],
        vat_class=row["vat_class"],
        description=row["description"],
        allergens=tuple(row["allergens"]),
        available=row["available"],
        windows=windows_in(row["windows"]),
        option_groups=groups_in(row["option_groups"]),
        stock_tracked=row["stock_tracked"],
        position=row["position"],
        version=row["version"],
        barcode=row["barcode"],
        plu=row["plu"],
        may_contain=tuple(row["may_contain"]),
        returns_at=row["returns_at"],
        preparation_minutes=row["preparation_minutes"],
        image=image_in(row["image"]),
    )


def _document(item: Item, wire_bytes: int) -> dict[str, Any]:
    return {
        "id": str(item.id),
        "category_id": str(item.category_id),
        "name": item.name,
        "name_key": item.name_key,
        "description": item.description,
        "price_minor": item.price_minor,
        "vat_class": item.vat_class,
        "allergens": list(item.allergens),
        "available": item.available,
        "windows": window_documents(item.windows),
        "option_groups": group_documents(item.option_groups),
        "stock_tracked": item.stock_tracked,
        "position": item.position,
        "wire_bytes": wire_bytes,
        "version": item.version,
        "barcode": item.barcode,
        "plu": item.plu,
        "may_contain": list(item.may_contain),
        "returns_at": item.returns_at.isoformat() if item.returns_at is not None else None,
        "preparation_minutes": item.preparation_minutes,
        "image": image_document(item.image),
    }
