"""Discounts of people."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import discounts_service_pb2 as discounts_api
from fynlo.orders.v1.discounts_service_pb2_grpc import DiscountsServiceServicer

from chassis.auth.trust import Trust
from chassis.rpc import current_principal
from services.orders.rpc.approval import Approvals
from services.orders.rpc.asking import Context, command_of, order_id_of, with_order
from services.orders.usecases.order.discount import add_discount, remove_discount
from services.orders.usecases.ports import Dependencies
from services.orders.wire.discount import wanted_discount

ADDED = with_order(discounts_api.AddDiscountResponse)
REMOVED = with_order(discounts_api.RemoveDiscountResponse)
SERVICE = discounts_api.DESCRIPTOR.services_by_name["DiscountsService"].full_name


class DiscountRpc(DiscountsServiceServicer):
    """Giving one and taking it back."""

    def __init__(self, deps: Dependencies, trust: Trust) -> None:
        self._deps = deps
        self._approvals = Approvals(trust, SERVICE)

    async def AddDiscount(
        self, request: discounts_api.AddDiscountRequest, context: Context
    ) -> discounts_api.AddDiscountResponse:
        command, order_id = command_of("AddDiscount", request), UUID(request.order_id)
        wanted = wanted_discount(request, order_id_of(command))
        authority = await self._approvals.behind("AddDiscount", current_principal(), request.approval)
        return await add_discount(self._deps, command, order_id, wanted, authority, ADDED)

    async def RemoveDiscount(
        self, request: discounts_api.RemoveDiscountRequest, context: Context
    ) -> discounts_api.RemoveDiscountResponse:
        command, order_id = command_of("RemoveDiscount", request), UUID(request.order_id)
        return await remove_discount(self._deps, command, order_id, UUID(request.discount_id), REMOVED)
