"""TransfersService."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import transfers_service_pb2 as transfers_api
from fynlo.orders.v1.transfers_service_pb2_grpc import TransfersServiceServicer

from services.orders.rpc.asking import Context, command_of, with_order
from services.orders.usecases.order.merging import merge_orders, unmerge_order
from services.orders.usecases.ports import Dependencies

MERGED = with_order(transfers_api.MergeOrdersResponse)
UNMERGED = with_order(transfers_api.UnmergeOrderResponse)


class TransfersRpc(TransfersServiceServicer):
    """Orders that become one, and are taken apart again."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def MergeOrders(
        self, request: transfers_api.MergeOrdersRequest, context: Context
    ) -> transfers_api.MergeOrdersResponse:
        command, order_id = command_of("MergeOrders", request), UUID(request.order_id)
        others = [UUID(other_id) for other_id in request.order_ids]
        return await merge_orders(self._deps, command, order_id, others, MERGED)

    async def UnmergeOrder(
        self, request: transfers_api.UnmergeOrderRequest, context: Context
    ) -> transfers_api.UnmergeOrderResponse:
        command, order_id = command_of("UnmergeOrder", request), UUID(request.order_id)
        return await unmerge_order(self._deps, command, order_id, UNMERGED)
