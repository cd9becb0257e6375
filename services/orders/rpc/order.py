"""OrdersService."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import OrdersServiceServicer

from chassis.auth.trust import Trust
from chassis.ids import new_id, parse_id
from chassis.instants import instant
from chassis.rpc import current_principal, policies_of, tenant_named
from chassis.rpc.cursors import BY_TIME, page_of
from services.orders.domain.approval import UNAPPROVED
from services.orders.domain.order.axes import State
from services.orders.domain.order.listing import Filter
from services.orders.rpc import deeds
from services.orders.rpc.approval import Approvals
from services.orders.rpc.asking import Context, command_of, date_of, order_id_of, with_order
from services.orders.usecases.firing import fire_order
from services.orders.usecases.order.cancelling import cancel_order
from services.orders.usecases.order.lifecycle import complete_order, set_order_status
from services.orders.usecases.order.order import get_history, get_order, list_orders
from services.orders.usecases.order.placing import place_order, quote_order, validate_order
from services.orders.usecases.order.remark import set_guest_allergy, set_note
from services.orders.usecases.order.transfer import transfer_order
from services.orders.usecases.ports import Dependencies
from services.orders.wire import enums
from services.orders.wire.order import history_message, order_message, quote_message, wanted_order
from services.orders.wire.promise import fire_at_of
from services.orders.wire.remark import guest_allergy_of

SERVICE = orders_api.DESCRIPTOR.services_by_name["OrdersService"].full_name
PLACED = with_order(orders_api.PlaceOrderResponse)
VALIDATED = with_order(orders_api.ValidateOrderResponse)
FIRED = with_order(orders_api.FireOrderResponse)
CANCELLED = with_order(orders_api.CancelOrderResponse)
COMPLETED = with_order(orders_api.CompleteOrderResponse)
ALLERGY_SET = with_order(orders_api.SetGuestAllergyResponse)
NOTE_SET = with_order(orders_api.SetOrderNoteResponse)
TRANSFERRED = with_order(orders_api.TransferOrderResponse)
STATUS_SET = with_order(orders_api.SetOrderStatusResponse)
COMMAND_OF_STATUS = {
    State.VALIDATED: "ValidateOrder",
    State.PREPARING: "ChangeTicket",
    State.READY: "ChangeTicket",
    State.DONE: "CompleteOrder",
    State.CANCELLED: "CancelOrder",
}
"""The method of the contract that leads to a state: whoever asks for the state needs its permission."""
NUMBER_DIGITS_MAX = 9
"""Longer figures are no order number."""


class OrdersRpc(OrdersServiceServicer):
    """Taking, finding and closing orders."""

    def __init__(self, deps: Dependencies, trust: Trust) -> None:
        self._deps = deps
        self._approvals = Approvals(trust, SERVICE)

    async def QuoteOrder(
        self, request: orders_api.QuoteOrderRequest, context: Context
    ) -> orders_api.QuoteOrderResponse:
        wanted = wanted_order(request.order, new_id())
        quoted = await quote_order(self._deps, current_principal().tenant, wanted)
        return orders_api.QuoteOrderResponse(order=quote_message(quoted))

    async def PlaceOrder(
        self, request: orders_api.PlaceOrderRequest, context: Context
    ) -> orders_api.PlaceOrderResponse:
        approval = common_pb2.Approval()
        if request.order.HasField("approval"):
            # Who stands behind an order is no part of what it is: a retry may come with it, or without.
            approval.CopyFrom(request.order.approval)
            request.order.ClearField("approval")
        command = command_of("PlaceOrder", request)
        wanted = wanted_order(request.order, order_id_of(command))
        authority = UNAPPROVED
        if any(line.override_reason for line in wanted.lines):
            authority = await self._approvals.behind("PlaceOrder", current_principal(), approval)
        reply = await place_order(self._deps, command, wanted, PLACED, authority)
        deeds.tell_placed(reply.order)
        return reply

    async def GetOrder(
        self, request: orders_api.GetOrderRequest, context: Context
    ) -> orders_api.GetOrderResponse:
        tenant = tenant_named(request.restaurant_id)
        order = await get_order(self._deps, tenant, UUID(request.order_id))
        return orders_api.GetOrderResponse(order=order_message(order))

    async def ListOrders(
        self, request: orders_api.ListOrdersRequest, context: Context
    ) -> orders_api.ListOrdersResponse:
        """Newest first; with updated_since the longest unchanged first, for a client that catches up."""
        tenant, page = current_principal().tenant, page_of(request, BY_TIME)
        found = await list_orders(self._deps, tenant, _filter(request), page.after, page.size)
        return orders_api.ListOrdersResponse(
            orders=[order_message(order) for order in found.orders],
            next_cursor=page.cursor(found.next),
        )

    async def GetOrderHistory(
        self, request: orders_api.GetOrderHistoryRequest, context: Context
    ) -> orders_api.GetOrderHistoryResponse:
        history = await get_history(self._deps, current_principal().tenant, UUID(request.order_id))
        return orders_api.GetOrderHistoryResponse(changes=[history_message(change) for change in history])

    async def ValidateOrder(
        self, request: orders_api.ValidateOrderRequest, context: Context
    ) -> orders_api.ValidateOrderResponse:
        command, order_id = command_of("ValidateOrder", request), UUID(request.order_id)
        reply = await validate_order(self._deps, command, order_id, VALIDATED)
        deeds.tell_placed(reply.order)
        return reply

    async def FireOrder(
        self, request: orders_api.FireOrderRequest, context: Context
    ) -> orders_api.FireOrderResponse:
        command, order_id = command_of("FireOrder", request), UUID(request.order_id)
        lines = [parse_id(line_id) for line_id in request.line_ids]
        reply = await fire_order(
            self._deps,
            command,
            order_id,
            lines,
            request.course,
            FIRED,
            request.pay_later,
            fire_at_of(request),
        )
        deeds.tell_fired(reply.order)
        return reply

    async def CancelOrder(
        self, request: orders_api.CancelOrderRequest, context: Context
    ) -> orders_api.CancelOrderResponse:
        command, order_id = command_of("CancelOrder", request), UUID(request.order_id)
        return await cancel_order(self._deps, command, order_id, request.reason, CANCELLED)

    async def CompleteOrder(
        self, request: orders_api.CompleteOrderRequest, context: Context
    ) -> orders_api.CompleteOrderResponse:
        command, order_id = command_of("CompleteOrder", request), UUID(request.order_id)
        reply = await complete_order(self._deps, command, order_id, COMPLETED)
        deeds.tell_completed(reply.order)
        return reply

    async def SetGuestAllergy(
        self, request: orders_api.SetGuestAllergyRequest, context: Context
    ) -> orders_api.SetGuestAllergyResponse:
        command, order_id = command_of("SetGuestAllergy", request), UUID(request.order_id)
        allergy = guest_allergy_of(request.guest_allergy)
        return await set_guest_allergy(self._deps, command, order_id, allergy, ALLERGY_SET)

    async def SetOrderNote(
        self, request: orders_api.SetOrderNoteRequest, context: Context
    ) -> orders_api.SetOrderNoteResponse:
        command, order_id = command_of("SetOrderNote", request), UUID(request.order_id)
        return await set_note(self._deps, command, order_id, request.note.strip(), NOTE_SET)

    async def TransferOrder(
        self, request: orders_api.TransferOrderRequest, context: Context
    ) -> orders_api.TransferOrderResponse:
        command, order_id = command_of("TransferOrder", request), UUID(request.order_id)
        lines, seats = [UUID(line_id) for line_id in request.line_ids], list(request.seats)
        table_id = UUID(request.table_id)
        reply = await transfer_order(self._deps, command, order_id, table_id, TRANSFERRED, lines, seats)
        if not (lines or seats):
            deeds.tell_transferred(reply.order)
        return reply

    async def SetOrderStatus(
        self, request: orders_api.SetOrderStatusRequest, context: Context
    ) -> orders_api.SetOrderStatusResponse:
        command, order_id = command_of("SetOrderStatus", request), UUID(request.order_id)
        status = enums.STATE_OF[request.status]
        _require_permission(status)
        reply = await set_order_status(self._deps, command, order_id, status, request.reason, STATUS_SET)
        deeds.tell_completed(reply.order)
        return reply


_POLICIES = {
    **policies_of("fynlo.orders.v1.KitchenService"),
    **policies_of("fynlo.orders.v1.OrdersService"),
}


def _require_permission(status: State) -> None:
    """Raises PermissionDenied (PERMISSION_MISSING). No command leads to the other states."""
    if status in COMMAND_OF_STATUS:
        current_principal().require(_POLICIES[COMMAND_OF_STATUS[status]].permission)


def _filter(request: orders_api.ListOrdersRequest) -> Filter:
    query = request.query.strip()
    is_number = query.isdecimal() and query.isascii() and len(query) <= NUMBER_DIGITS_MAX
    return Filter(
        states=tuple(enums.STATE_OF[state] for state in request.states if state in enums.STATE_OF),
        table_id=parse_id(request.table_id) if request.table_id else None,
        business_date=date_of(request.business_date, "business_date"),
        updated_since=instant(request, "updated_since"),
        number=int(query) if is_number else None,
        name_prefix="" if is_number else query,
        customer_id=parse_id(request.customer_id) if request.customer_id else None,
    )
