"""The use cases as the service answers them, for tests without a server."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1 import menu_hours_service_pb2 as menu_hours_api
from fynlo.catalog.v1 import stock_service_pb2 as stock_api

from chassis.db import Database
from chassis.db.commands import Command
from chassis.errors import NotFound
from services.catalog.domain.category import Category
from services.catalog.domain.ingredient import Ingredient
from services.catalog.domain.item import Item
from services.catalog.domain.movement import MovementKind
from services.catalog.domain.recipe import Recipe
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.domain.stock import StockPolicy
from services.catalog.domain.supplier import Supplier
from services.catalog.domain.supply import Supply
from services.catalog.domain.timed_menu import TimedMenu
from services.catalog.images.folder import FolderStore
from services.catalog.menu_file.reading import Readers
from services.catalog.rpc import availability as availability_rpc
from services.catalog.rpc import category as category_rpc
from services.catalog.rpc import ingredient as ingredient_rpc
from services.catalog.rpc import item as item_rpc
from services.catalog.rpc import movement as movement_rpc
from services.catalog.rpc import recipe as recipe_rpc
from services.catalog.rpc import stock as stock_rpc
from services.catalog.rpc import supplier as supplier_rpc
from services.catalog.rpc import supply as supply_rpc
from services.catalog.rpc.menu_file import IMPORTED
from services.catalog.usecases import availability, menu_file
from services.catalog.usecases import category as categories
from services.catalog.usecases import ingredient as ingredients
from services.catalog.usecases import item as items
from services.catalog.usecases import recipe as recipes
from services.catalog.usecases import supplier as suppliers
from services.catalog.usecases import supply as supplies
from services.catalog.usecases import timed_menu as timed_menus
from services.catalog.usecases.menu.reading import MenuReader
from services.catalog.usecases.ports import AskAuth, ImageStore
from services.catalog.usecases.stock import counting, recording
from services.catalog.wire.menu import MenuMessages

NO_FILES = FolderStore(Path("/dev/null/images"), "of-tests-that-have-no-picture-at-all")
"""For tests in which nobody has a picture."""


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
    db: Database, command: Command, item_id: UUID, available: bool, returns_at: datetime | None = None
) -> catalog_api.SetItemAvailabilityResponse:
    return await availability.set_item_availability(
        db, command, item_id, available, availability_rpc.SWITCHED, returns_at
    )


async def set_option_availability(
    db: Database, command: Command, item_id: UUID, option_id: UUID, available: bool
) -> menu_hours_api.SetOptionAvailabilityResponse:
    return await availability.set_option_availability(
        db, command, item_id, option_id, available, availability_rpc.OPTION_SWITCHED
    )


async def save_timed_menu(
    db: Database, command: Command, wanted: TimedMenu, *, is_new: bool = True
) -> menu_hours_api.SaveTimedMenuResponse:
    return await timed_menus.save_timed_menu(db, command, wanted, is_new, availability_rpc.SAVED)


async def delete_timed_menu(
    db: Database, command: Command, menu_id: UUID
) -> menu_hours_api.DeleteTimedMenuResponse:
    return await timed_menus.delete_timed_menu(db, command, menu_id, availability_rpc.DELETED)


async def count_stock(
    db: Database, command: Command, item_id: UUID, on_hand: int, reorder_point: int
) -> catalog_api.CountStockResponse:
    return await counting.count_stock(db, command, item_id, on_hand, reorder_point, stock_rpc.COUNTED)


async def record(
    db: Database,
    command: Command,
    item_id: UUID,
    kind: MovementKind,
    quantity: int,
    occurred_at: datetime | None = None,
) -> Any:
    """What somebody tells of the shelf; the answer has the level."""
    answers: dict[MovementKind, Any] = {
        MovementKind.COUNT: movement_rpc.COUNTED,
        MovementKind.WASTE: movement_rpc.WASTED,
        MovementKind.DELIVERY: movement_rpc.DELIVERED,
    }
    told = recording.told_now(db, kind, quantity, occurred_at, "", None)
    return await recording.record(db, command, item_id, told, answers[kind])


async def set_stock_policy(
    db: Database, command: Command, item_id: UUID, policy: StockPolicy, reorder_point: int
) -> stock_api.SetStockPolicyResponse:
    return await recording.set_stock_policy(
        db, command, item_id, policy, reorder_point, movement_rpc.POLICY_SET
    )


async def save_ingredient(
    db: Database, command: Command, wanted: Ingredient, *, is_new: bool = True
) -> stock_api.SaveIngredientResponse:
    return await ingredients.save_ingredient(db, command, wanted, is_new, ingredient_rpc.SAVED)


async def set_recipe(db: Database, command: Command, wanted: Recipe) -> stock_api.SetRecipeResponse:
    return await recipes.set_recipe(db, command, wanted, recipe_rpc.SET)


async def save_supplier(
    db: Database, command: Command, wanted: Supplier, *, is_new: bool = True
) -> stock_api.SaveSupplierResponse:
    return await suppliers.save_supplier(db, command, wanted, is_new, supplier_rpc.SAVED)


async def set_supply(db: Database, command: Command, wanted: Supply) -> stock_api.SetSupplyResponse:
    return await supplies.set_supply(db, command, wanted, supply_rpc.SET)


async def import_menu(
    db: Database, command: Command, content: bytes, files: ImageStore = NO_FILES
) -> catalog_api.ImportMenuResponse:
    """A CSV file of a restaurant that the catalog has heard of."""
    asked = menu_file.ImportMenu(command.tenant, command.key, content, "csv", dry_run=False)
    return await menu_file.import_menu(db, nobody, Readers(), files, asked, IMPORTED)


def menu_reader(db: Database, ask: AskAuth) -> "MenuReader[catalog_pb2.Item, catalog_api.GetMenuResponse]":
    """A process that answers menus."""
    return MenuReader(db, ask, MenuMessages())


async def nobody(restaurant_id: UUID) -> RestaurantCopy:
    """Auth, which knows no restaurant."""
    raise NotFound(reason="UNKNOWN_RESTAURANT")
