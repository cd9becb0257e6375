"""The services of the contract, put together of their nouns."""

from services.catalog.rpc.availability import AvailabilityRpc
from services.catalog.rpc.category import CategoryRpc
from services.catalog.rpc.ingredient import IngredientRpc
from services.catalog.rpc.item import ItemRpc
from services.catalog.rpc.menu import MenuRpc
from services.catalog.rpc.menu_file import MenuFileRpc
from services.catalog.rpc.movement import MovementRpc
from services.catalog.rpc.recipe import RecipeRpc
from services.catalog.rpc.reservation import ReservationRpc
from services.catalog.rpc.stock import StockRpc
from services.catalog.rpc.supplier import SupplierRpc
from services.catalog.rpc.supply import SupplyRpc


class CatalogRpc(MenuRpc, MenuFileRpc, CategoryRpc, ItemRpc, AvailabilityRpc, StockRpc, ReservationRpc):
    """fynlo.catalog.v1.CatalogService."""


class StockServiceRpc(MovementRpc, IngredientRpc, RecipeRpc, SupplierRpc, SupplyRpc):
    """fynlo.catalog.v1.StockService."""
