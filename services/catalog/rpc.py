"""The gRPC methods of the catalog: parse, use case, serialise."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceServicer

from chassis.db import Database
from chassis.db.commands import command_of
from chassis.ids import parse_id
from chassis.rpc import current_principal, tenant_named
from chassis.rpc.cursors import BY_ID, page_of
from services.catalog import wire
from services.catalog.menu_file.reading import Readers
from services.catalog.store.stock import FIRST_ID
from services.catalog.usecases import importing, menu, stock
from services.catalog.usecases.reading import MenuReader
from services.catalog.usecases.restaurants import AskAuth, restaurant_of


class CatalogRpc(CatalogServiceServicer):
    """Everything about the caller has been checked before a method runs."""

    def __init__(self, db: Database, ask_auth: AskAuth) -> None:
        self._db = db
        self._ask_auth = ask_auth
        self._reader = MenuReader(db, ask_auth)
        self._file_readers = Readers()

    async def GetMenu(
        self, request: catalog_api.GetMenuRequest, context: object
    ) -> catalog_api.GetMenuResponse:
        """The menu with stock and what is on sale now."""
        tenant = tenant_named(request.restaurant_id)
        return await self._reader.get(tenant, request.since_version, request.known_etag)

    async def ImportMenu(
        self, request: catalog_api.ImportMenuRequest, context: object
    ) -> catalog_api.ImportMenuResponse:
        """A menu from a file."""
        command = command_of("ImportMenu", request)
        restaurant = await restaurant_of(self._db, command.tenant, self._ask_auth)
        file = await importing.read_file(
            self._file_readers, command.tenant, request.content, request.format, restaurant.currency_code
        )
        if request.dry_run:
            return await importing.preview_import(self._db, command.tenant, file)
        return await importing.import_menu(self._db, command, file)

    async def CreateCategory(
        self, request: catalog_api.CreateCategoryRequest, context: object
    ) -> catalog_api.CreateCategoryResponse:
        """A new category."""
        category = wire.category_of(request.category)
        return await menu.create_category(self._db, command_of("CreateCategory", request), category)

    async def UpdateCategory(
        self, request: catalog_api.UpdateCategoryRequest, context: object
    ) -> catalog_api.UpdateCategoryResponse:
        """A category as the caller wants it."""
        parse_id(request.category.id)
        category = wire.category_of(request.category)
        return await menu.update_category(self._db, command_of("UpdateCategory", request), category)

    async def DeleteCategory(
        self, request: catalog_api.DeleteCategoryRequest, context: object
    ) -> catalog_api.DeleteCategoryResponse:
        """An empty category off the menu."""
        command = command_of("DeleteCategory", request)
        return await menu.delete_category(self._db, command, parse_id(request.category_id))

    async def CreateItem(
        self, request: catalog_api.CreateItemRequest, context: object
    ) -> catalog_api.CreateItemResponse:
        """A new item."""
        item = wire.item_of(request.item)
        return await menu.create_item(self._db, command_of("CreateItem", request), item)

    async def UpdateItem(
        self, request: catalog_api.UpdateItemRequest, context: object
    ) -> catalog_api.UpdateItemResponse:
        """An item as the caller wants it."""
        parse_id(request.item.id)
        item, command = wire.item_of(request.item), command_of("UpdateItem", request)
        keep = request.keep_stock_tracked
        return await menu.update_item(self._db, command, item, keep_stock_tracked=keep)

    async def DeleteItem(
        self, request: catalog_api.DeleteItemRequest, context: object
    ) -> catalog_api.DeleteItemResponse:
        """An item off the menu."""
        command = command_of("DeleteItem", request)
        return await menu.delete_item(self._db, command, parse_id(request.item_id))

    async def SetItemAvailability(
        self, request: catalog_api.SetItemAvailabilityRequest, context: object
    ) -> catalog_api.SetItemAvailabilityResponse:
        """An item taken off, or put back."""
        command, item_id = command_of("SetItemAvailability", request), parse_id(request.item_id)
        return await menu.set_item_availability(self._db, command, item_id, request.available)

    async def ListStock(
        self, request: catalog_api.ListStockRequest, context: object
    ) -> catalog_api.ListStockResponse:
        """A page of levels by item id."""
        page = page_of(request, BY_ID)
        after = page.after or FIRST_ID
        levels = await stock.list_levels(self._db, current_principal().tenant, after, page.one_more)
        shown, following = page.cut(levels, lambda level: level.item_id)
        return catalog_api.ListStockResponse(
            levels=[wire.level_message(level) for level in shown], next_cursor=following
        )

    async def CountStock(
        self, request: catalog_api.CountStockRequest, context: object
    ) -> catalog_api.CountStockResponse:
        """What was counted on the shelf."""
        command, item_id = command_of("CountStock", request), parse_id(request.item_id)
        return await stock.count_stock(self._db, command, item_id, request.on_hand, request.reorder_point)

    async def ReserveStock(
        self, request: catalog_api.ReserveStockRequest, context: object
    ) -> catalog_api.ReserveStockResponse:
        """All lines of an order, or none."""
        levels = await stock.reserve_stock(
            self._db,
            current_principal().tenant,
            parse_id(request.order_id),
            [wire.stock_line_of(line) for line in request.lines],
            request.request_id,
        )
        return catalog_api.ReserveStockResponse(levels=[wire.level_message(level) for level in levels])

    async def ReleaseStock(
        self, request: catalog_api.ReleaseStockRequest, context: object
    ) -> catalog_api.ReleaseStockResponse:
        """What an order that was not placed had reserved."""
        tenant, order_id = current_principal().tenant, parse_id(request.order_id)
        await stock.release_stock(self._db, tenant, order_id, request.request_id)
        return catalog_api.ReleaseStockResponse()
