"""Menus and stock for tests."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.db import Database
from chassis.db.commands import Command
from chassis.db.idempotency import IdempotencyKey
from chassis.ids import new_id
from services.catalog.domain.category import Category
from services.catalog.domain.item import Item
from services.catalog.domain.option import Option, OptionGroup
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.domain.stock import StockLevel
from services.catalog.tests import doing
from services.catalog.usecases.restaurant import keep_restaurant

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONDON = RestaurantCopy(1, "Casa Test", "GBP", "Europe/London")


def an_item(category_id: UUID | None = None, **changes: Any) -> Item:
    """A margherita; ``changes`` win."""
    item = Item(new_id(), category_id or new_id(), "Margherita", 950, "hot_food", position=10)
    return replace(item, **changes)


def a_group(name: str = "Size", least: int = 1, most: int = 1, **prices: int) -> OptionGroup:
    """An option group; ``prices`` are deltas by option name."""
    options = tuple(Option(new_id(), option, delta) for option, delta in (prices or {"Small": 0}).items())
    return OptionGroup(new_id(), name, least, most, options)


def a_level(on_hand: int = 10, reserved: int = 0, **changes: Any) -> StockLevel:
    """A counted item's level."""
    return replace(StockLevel(new_id(), "Cake", on_hand, reserved, 0, 1, NOON), **changes)


def command(tenant: UUID, request_id: str | None = None) -> Command:
    """A command with a key of its own, unless the test repeats one."""
    key = request_id or str(new_id())
    return Command(tenant, IdempotencyKey("test", key, hashlib.sha256(key.encode()).digest()))


async def a_restaurant(db: Database, copy: RestaurantCopy = LONDON) -> UUID:
    """A restaurant that the catalog has heard of."""
    tenant = new_id()
    async with db.transaction(tenant) as tx:
        await keep_restaurant(tx, copy)
    return tenant


async def a_category(db: Database, tenant: UUID, name: str = "Mains") -> Category:
    """A category on the menu."""
    category = Category(new_id(), name)
    await doing.create_category(db, command(tenant), category)
    return category


async def saved(db: Database, tenant: UUID, item: Item) -> Item:
    """``item`` on the menu."""
    answer = await doing.create_item(db, command(tenant), item)
    return replace(item, version=answer.item.version)


async def counted(
    db: Database, tenant: UUID, category: Category, on_hand: int, reorder_point: int = 0, **changes: Any
) -> Item:
    """An item on the menu of which ``on_hand`` units were counted."""
    item = await saved(db, tenant, an_item(category.id, **{"name": f"Item {new_id()}", **changes}))
    await doing.count_stock(db, command(tenant), item.id, on_hand, reorder_point)
    return item
