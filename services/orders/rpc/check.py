"""ChecksService."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import checks_pb2
from fynlo.orders.v1 import checks_service_pb2 as checks_api
from fynlo.orders.v1.checks_service_pb2_grpc import ChecksServiceServicer

from chassis.db.commands import Answer
from chassis.rpc import current_principal
from services.orders.domain.order.order import Order
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases.order.order import get_order
from services.orders.usecases.order.split import split_order
from services.orders.usecases.ports import Dependencies
from services.orders.wire.check import check_messages, wanted_split


def _checks(order: Order) -> list[checks_pb2.Check]:
    return [] if order.split is None else check_messages(order.split.checks)


def _split(order: Order) -> checks_api.SplitOrderResponse:
    return checks_api.SplitOrderResponse(checks=_checks(order))


SPLIT = Answer(checks_api.SplitOrderResponse, _split)


class ChecksRpc(ChecksServiceServicer):
    """How the bill of an order is split."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def SplitOrder(
        self, request: checks_api.SplitOrderRequest, context: Context
    ) -> checks_api.SplitOrderResponse:
        command, order_id = command_of("SplitOrder", request), UUID(request.order_id)
        return await split_order(self._deps, command, order_id, wanted_split(request), SPLIT)

    async def ListChecks(
        self, request: checks_api.ListChecksRequest, context: Context
    ) -> checks_api.ListChecksResponse:
        order = await get_order(self._deps, current_principal().tenant, UUID(request.order_id))
        return checks_api.ListChecksResponse(checks=_checks(order))
