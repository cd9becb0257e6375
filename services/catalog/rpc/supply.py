"""Supply, and what to order."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.catalog.v1 import stock_service_pb2 as stock_api
from fynlo.catalog.v1.stock_service_pb2_grpc import StockServiceServicer

from chassis.db import Database
from chassis.db.commands import Answer, command_of
from chassis.ids import parse_id
from chassis.rpc import current_principal
from services.catalog.domain.supply import Supply
from services.catalog.usecases import supply as supplies
from services.catalog.wire.supply import CSV_TYPE, purchase_list, reorder, supply, supply_in


def _set(found: Supply) -> stock_api.SetSupplyResponse:
    return stock_api.SetSupplyResponse(supply=supply(found.item_id, found))


SET = Answer(stock_api.SetSupplyResponse, _set)


class SupplyRpc(StockServiceServicer):
    """Reading, setting, suggesting."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetSupply(
        self, request: stock_api.GetSupplyRequest, context: object
    ) -> stock_api.GetSupplyResponse:
        """Where something comes from."""
        tenant, item_id = current_principal().tenant, parse_id(request.item_id)
        found = await supplies.get_supply(self._db, tenant, item_id)
        return stock_api.GetSupplyResponse(supply=supply(item_id, found))

    async def SetSupply(
        self, request: stock_api.SetSupplyRequest, context: object
    ) -> stock_api.SetSupplyResponse:
        """Where something comes from, from now on."""
        command, wanted = command_of("SetSupply", request), supply_in(request.item_id, request.supply)
        return await supplies.set_supply(self._db, command, wanted, SET)

    async def GetReorder(
        self, request: stock_api.GetReorderRequest, context: object
    ) -> stock_api.GetReorderResponse:
        """What to order now, as messages or as a file."""
        found = await supplies.suggestions(self._db, current_principal().tenant)
        return purchase_list(found) if request.accept == CSV_TYPE else reorder(found)
