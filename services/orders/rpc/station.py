"""Stations."""

# ruff: noqa: N802 (the names of the contract)

from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceServicer

from chassis.db.commands import Answer
from chassis.rpc import current_principal
from services.orders.domain.station import Station
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.station import list_stations, save_station
from services.orders.wire.station import station_message, wanted_station


def _saved(station: Station) -> orders_api.SaveStationResponse:
    return orders_api.SaveStationResponse(station=station_message(station))


SAVED = Answer(orders_api.SaveStationResponse, _saved)


class StationRpc(KitchenServiceServicer):
    """Listing and saving."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListStations(
        self, request: orders_api.ListStationsRequest, context: Context
    ) -> orders_api.ListStationsResponse:
        stations = await list_stations(self._deps, current_principal().tenant)
        return orders_api.ListStationsResponse(stations=[station_message(station) for station in stations])

    async def SaveStation(
        self, request: orders_api.SaveStationRequest, context: Context
    ) -> orders_api.SaveStationResponse:
        command, station = command_of("SaveStation", request), wanted_station(request.station)
        return await save_station(self._deps, command, station, not request.station.id, SAVED)
