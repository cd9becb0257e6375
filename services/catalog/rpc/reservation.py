"""Goods that orders hold."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.ids import parse_id
from chassis.rpc import current_principal
from services.catalog.rpc.part import PartOfCatalog
from services.catalog.usecases import reservation as reservations
from services.catalog.wire.reservation import stock_line_in
from services.catalog.wire.stock import level


class ReservationRpc(PartOfCatalog):
    """Reserving and giving back."""

    async def ReserveStock(
        self, request: catalog_api.ReserveStockRequest, context: object
    ) -> catalog_api.ReserveStockResponse:
        """All lines of an order, or none."""
        levels = await reservations.reserve_stock(
            self._db,
            current_principal().tenant,
            parse_id(request.order_id),
            [stock_line_in(line) for line in request.lines],
            request.request_id,
        )
        return catalog_api.ReserveStockResponse(levels=[level(each) for each in levels])

    async def ReleaseStock(
        self, request: catalog_api.ReleaseStockRequest, context: object
    ) -> catalog_api.ReleaseStockResponse:
        """What an order that was not placed had reserved."""
        tenant, order_id = current_principal().tenant, parse_id(request.order_id)
        await reservations.release_stock(self._db, tenant, order_id, request.request_id)
        return catalog_api.ReleaseStockResponse()
