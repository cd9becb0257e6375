"""The whole of fynlo.orders.v1.KitchenBoardService."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import kitchen_service_pb2 as kitchen_api
from fynlo.orders.v1.kitchen_service_pb2_grpc import KitchenBoardServiceServicer

from chassis.db.commands import Answer
from chassis.ids import parse_id
from chassis.instants import instant
from chassis.rpc import current_principal
from services.orders.domain.menu import OrderType
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases.board import get_all_day, get_expo
from services.orders.usecases.pace import get_pace
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.station import delete_station, find_stations_of_item
from services.orders.wire import enums
from services.orders.wire.board import all_day_message, expo_message
from services.orders.wire.pace import times_message


def _deleted(_: None) -> kitchen_api.DeleteStationResponse:
    return kitchen_api.DeleteStationResponse()


DELETED = Answer(kitchen_api.DeleteStationResponse, _deleted)


class BoardRpc(KitchenBoardServiceServicer):
    """Views over tickets, and what becomes of stations."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def GetAllDay(
        self, request: kitchen_api.GetAllDayRequest, context: Context
    ) -> kitchen_api.GetAllDayResponse:
        station_id = parse_id(request.station_id) if request.station_id else None
        things = await get_all_day(self._deps, current_principal().tenant, station_id)
        return kitchen_api.GetAllDayResponse(items=[all_day_message(thing) for thing in things])

    async def GetExpo(
        self, request: kitchen_api.GetExpoRequest, context: Context
    ) -> kitchen_api.GetExpoResponse:
        orders = await get_expo(self._deps, current_principal().tenant)
        return kitchen_api.GetExpoResponse(orders=[expo_message(order) for order in orders])

    async def DeleteStation(
        self, request: kitchen_api.DeleteStationRequest, context: Context
    ) -> kitchen_api.DeleteStationResponse:
        command, station_id = command_of("DeleteStation", request), UUID(request.station_id)
        return await delete_station(self._deps, command, station_id, DELETED)

    async def GetStationTimes(
        self, request: kitchen_api.GetStationTimesRequest, context: Context
    ) -> kitchen_api.GetStationTimesResponse:
        pace = await get_pace(self._deps, current_principal().tenant, UUID(request.station_id))
        return kitchen_api.GetStationTimesResponse(
            station_id=str(pace.station_id),
            target_seconds=pace.target_seconds,
            hours=[times_message(times) for times in pace.hours],
            days=[times_message(times) for times in pace.days],
        )

    async def FindStationsOfItem(
        self, request: kitchen_api.FindStationsOfItemRequest, context: Context
    ) -> kitchen_api.FindStationsOfItemResponse:
        stations = await find_stations_of_item(
            self._deps,
            current_principal().tenant,
            UUID(request.item_id),
            UUID(request.option_id) if request.option_id else None,
            enums.ORDER_TYPE_OF[request.order_types[0]] if request.order_types else OrderType.EAT_IN,
            instant(request, "at") or self._deps.clock.now(),
        )
        found = [kitchen_api.ItemStation(station_id=str(one.id), name=one.name) for one in stations]
        return kitchen_api.FindStationsOfItemResponse(stations=found)
