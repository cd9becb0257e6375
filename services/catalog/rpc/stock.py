"""Levels of stock, and their channel."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1 import realtime_pb2

from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from chassis.messaging.channel_source import ChannelSource
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_ID, page_of
from services.catalog.domain.stock import StockLevel
from services.catalog.rpc.part import PartOfCatalog
from services.catalog.usecases.stock import counting
from services.catalog.wire.stock import level


def _counted(found: StockLevel) -> catalog_api.CountStockResponse:
    return catalog_api.CountStockResponse(level=level(found))


COUNTED = Answer(catalog_api.CountStockResponse, _counted)


class StockRpc(PartOfCatalog):
    """Counting and listing."""

    async def ListStock(
        self, request: catalog_api.ListStockRequest, context: object
    ) -> catalog_api.ListStockResponse:
        """A page of levels by item id."""
        page = page_of(request, BY_ID)
        levels = await counting.list_levels(self._db, current_principal().tenant, page.after, page.one_more)
        shown, following = page.cut(levels, lambda one: one.item_id)
        return catalog_api.ListStockResponse(levels=[level(each) for each in shown], next_cursor=following)

    async def CountStock(
        self, request: catalog_api.CountStockRequest, context: object
    ) -> catalog_api.CountStockResponse:
        """What was counted on the shelf."""
        command, item_id = command_of("CountStock", request), parse_id(request.item_id)
        return await counting.count_stock(
            self._db, command, item_id, request.on_hand, request.reorder_point, COUNTED
        )


class InventoryChannel(ChannelSource):
    """The channel ``inventory`` for the realtime service."""

    async def snapshot(self, tenant: UUID, channel: str) -> channel_source_api.GetSnapshotResponse:
        """Levels of all counted items and the position at which they hold."""
        found = await counting.inventory_snapshot(self._db, tenant, channel)
        state = realtime_pb2.InventoryState(levels=[level(each) for each in found.levels])
        return channel_source_api.GetSnapshotResponse(epoch=found.epoch, seq=found.seq, inventory=state)
