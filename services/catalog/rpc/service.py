"""The service of the contract, put together of its nouns."""

from services.catalog.rpc.category import CategoryRpc
from services.catalog.rpc.item import ItemRpc
from services.catalog.rpc.menu import MenuRpc
from services.catalog.rpc.menu_file import MenuFileRpc
from services.catalog.rpc.reservation import ReservationRpc
from services.catalog.rpc.stock import StockRpc


class CatalogRpc(MenuRpc, MenuFileRpc, CategoryRpc, ItemRpc, StockRpc, ReservationRpc):
    """fynlo.catalog.v1.CatalogService."""
