"""SlotsService."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import slots_service_pb2 as slots_api
from fynlo.orders.v1.slots_service_pb2_grpc import SlotsServiceServicer

from chassis.db.commands import Answer
from chassis.instants import instant
from chassis.rpc import current_principal
from services.orders.domain.menu import OrderType
from services.orders.domain.order.promise import Promise
from services.orders.domain.slot import SlotSettings
from services.orders.rpc import deeds
from services.orders.rpc.asking import Context, command_of, date_of, with_order
from services.orders.usecases.order.promise import WantedPromise, set_order_type, set_promise
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.slot import get_slot_settings, list_coming, list_slots, save_slot_settings
from services.orders.wire import enums
from services.orders.wire.slot import coming_message, settings_message, slot_message, wanted_settings


def _saved(settings: SlotSettings) -> slots_api.SaveSlotSettingsResponse:
    return slots_api.SaveSlotSettingsResponse(settings=settings_message(settings))


SAVED = Answer(slots_api.SaveSlotSettingsResponse, _saved)
TYPE_SET = with_order(slots_api.SetOrderTypeResponse)
PROMISED = with_order(slots_api.SetPromiseResponse)


class SlotsRpc(SlotsServiceServicer):
    """What is promised, for when, and where it is consumed."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListSlots(
        self, request: slots_api.ListSlotsRequest, context: Context
    ) -> slots_api.ListSlotsResponse:
        wanted = [enums.ORDER_TYPE_OF[one] for one in dict.fromkeys(request.order_types)]
        day = date_of(request.date, "date")
        found = await list_slots(self._deps, current_principal().tenant, day, wanted or [OrderType.TAKEAWAY])
        return slots_api.ListSlotsResponse(slots=[slot_message(one) for one in found])

    async def GetSlotSettings(
        self, request: slots_api.GetSlotSettingsRequest, context: Context
    ) -> slots_api.GetSlotSettingsResponse:
        settings = await get_slot_settings(self._deps, current_principal().tenant)
        return slots_api.GetSlotSettingsResponse(settings=settings_message(settings))

    async def SaveSlotSettings(
        self, request: slots_api.SaveSlotSettingsRequest, context: Context
    ) -> slots_api.SaveSlotSettingsResponse:
        command, settings = command_of("SaveSlotSettings", request), wanted_settings(request.settings)
        return await save_slot_settings(self._deps, command, settings, SAVED)

    async def ListComingOrders(
        self, request: slots_api.ListComingOrdersRequest, context: Context
    ) -> slots_api.ListComingOrdersResponse:
        found = await list_coming(self._deps, current_principal().tenant)
        return slots_api.ListComingOrdersResponse(orders=[coming_message(order) for order in found])

    async def SetOrderType(
        self, request: slots_api.SetOrderTypeRequest, context: Context
    ) -> slots_api.SetOrderTypeResponse:
        command, order_id = command_of("SetOrderType", request), UUID(request.order_id)
        order_type = enums.ORDER_TYPE_OF[request.order_type]
        return await set_order_type(self._deps, command, order_id, order_type, request.base_version, TYPE_SET)

    async def SetPromise(
        self, request: slots_api.SetPromiseRequest, context: Context
    ) -> slots_api.SetPromiseResponse:
        command, order_id = command_of("SetPromise", request), UUID(request.order_id)
        at = instant(request, "scheduled_for")
        name = request.customer_name.strip() if request.HasField("customer_name") else None
        wanted = WantedPromise(None if at is None else Promise(at), name, request.base_version)
        reply = await set_promise(self._deps, command, order_id, wanted, PROMISED)
        deeds.tell_promised(reply.order)
        return reply
