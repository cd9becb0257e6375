"""The use cases as the service answers them, for tests without a server."""

from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.db import Database
from chassis.db.commands import Command
from chassis.errors import NotFound
from services.catalog.domain.category import Category
from services.catalog.domain.item import Item
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.menu_file.reading import Readers
from services.catalog.rpc import category as category_rpc
from services.catalog.rpc import item as item_rpc
from services.catalog.rpc import stock as stock_rpc
from services.catalog.rpc.menu_file import IMPORTED
from services.catalog.usecases import category as categories
from services.catalog.usecases import item as items
from services.catalog.usecases import menu_file
from services.catalog.usecases.menu.reading import MenuReader
from services.catalog.usecases.ports import AskAuth
from services.catalog.usecases.stock import counting
from services.catalog.wire.menu import MenuMessages


async def create_category(
    db: Database, command: Command, category: Category
) -> catalog_api.CreateCategoryResponse:
    return await categories.create_category(db, command, category, category_rpc.CREATED)


async def update_category(
    db: Database, command: Command, category: Category
) -> catalog_api.UpdateCategoryResponse:
    return await categories.update_category(db, command, category, category_rpc.UPDATED)


async def delete_category(
    db: Database, command: Command, category_id: UUID
) -> catalog_api.DeleteCategoryResponse:
    return await categories.delete_category(db, command, category_id, category_rpc.DELETED)


async def create_item(db: Database, command: Command, item: Item) -> catalog_api.CreateItemResponse:
    return await items.create_item(db, command, item, item_rpc.CREATED)


async def update_item(
    db: Database, command: Command, item: Item, *, keep_stock_tracked: bool = False
) -> catalog_api.UpdateItemResponse:
    return await items.update_item(db, command, item, item_rpc.UPDATED, keep_stock_tracked=keep_stock_tracked)


async def delete_item(db: Database, command: Command, item_id: UUID) -> catalog_api.DeleteItemResponse:
    return await items.delete_item(db, command, item_id, item_rpc.DELETED)


async def set_item_availability(
    db: Database, command: Command, item_id: UUID, available: bool
) -> catalog_api.SetItemAvailabilityResponse:
    return await items.set_item_availability(db, command, item_id, available, item_rpc.SWITCHED)


async def count_stock(
    db: Database, command: Command, item_id: UUID, on_hand: int, reorder_point: int
) -> catalog_api.CountStockResponse:
    return await counting.count_stock(db, command, item_id, on_hand, reorder_point, stock_rpc.COUNTED)


async def import_menu(db: Database, command: Command, content: bytes) -> catalog_api.ImportMenuResponse:
    """A CSV file of a restaurant that the catalog has heard of."""
    asked = menu_file.ImportMenu(command.tenant, command.key, content, "csv", dry_run=False)
    return await menu_file.import_menu(db, nobody, Readers(), asked, IMPORTED)


def menu_reader(db: Database, ask: AskAuth) -> "MenuReader[catalog_pb2.Item, catalog_api.GetMenuResponse]":
    """A process that answers menus."""
    return MenuReader(db, ask, MenuMessages())


async def nobody(restaurant_id: UUID) -> RestaurantCopy:
    """Auth, which knows no restaurant."""
    raise NotFound(reason="UNKNOWN_RESTAURANT")
