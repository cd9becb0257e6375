"""Items."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from services.catalog.domain.item import Item
from services.catalog.rpc.part import PartOfCatalog
from services.catalog.usecases import item as items
from services.catalog.wire.item import item, item_in


def _created(found: Item) -> catalog_api.CreateItemResponse:
    return catalog_api.CreateItemResponse(item=item(found))


def _updated(found: Item) -> catalog_api.UpdateItemResponse:
    return catalog_api.UpdateItemResponse(item=item(found))


def _deleted(_: None) -> catalog_api.DeleteItemResponse:
    return catalog_api.DeleteItemResponse()


CREATED = Answer(catalog_api.CreateItemResponse, _created)
UPDATED = Answer(catalog_api.UpdateItemResponse, _updated)
DELETED = Answer(catalog_api.DeleteItemResponse, _deleted)


class ItemRpc(PartOfCatalog):
    """Changing items."""

    async def CreateItem(
        self, request: catalog_api.CreateItemRequest, context: object
    ) -> catalog_api.CreateItemResponse:
        """A new item."""
        wanted = item_in(request.item)
        return await items.create_item(self._db, command_of("CreateItem", request), wanted, CREATED)

    async def UpdateItem(
        self, request: catalog_api.UpdateItemRequest, context: object
    ) -> catalog_api.UpdateItemResponse:
        """An item as the caller wants it."""
        parse_id(request.item.id)
        wanted, command = item_in(request.item), command_of("UpdateItem", request)
        keep = request.keep_stock_tracked
        return await items.update_item(self._db, command, wanted, UPDATED, keep_stock_tracked=keep)

    async def DeleteItem(
        self, request: catalog_api.DeleteItemRequest, context: object
    ) -> catalog_api.DeleteItemResponse:
        """An item off the menu."""
        command, item_id = command_of("DeleteItem", request), parse_id(request.item_id)
        return await items.delete_item(self._db, command, item_id, DELETED)
