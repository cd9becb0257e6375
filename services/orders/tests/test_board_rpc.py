"""Views over tickets and the end of stations behind a real server: who may, and whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from fynlo.orders.v1 import kitchen_service_pb2 as kitchen_api
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.kitchen_service_pb2_grpc import (
    KitchenBoardServiceStub,
    add_KitchenBoardServiceServicer_to_server,
)

from chassis.errors import NotFound, PermissionDenied
from chassis.ids import new_id
from harness.rpc import Peer, serving
from services.orders.rpc.board import BoardRpc
from services.orders.rpc.station import SAVED
from services.orders.tests.builders import draft, draft_line, station
from services.orders.tests.world import World
from services.orders.usecases.station import list_stations, save_station

if TYPE_CHECKING:  # these classes exist in the type stubs only
    from fynlo.orders.v1.kitchen_service_pb2_grpc import KitchenBoardServiceAsyncStub

METHODS = {
    "GetAllDay": "kitchen.read",
    "GetExpo": "kitchen.read",
    "GetStationTimes": "kitchen.read",
    "DeleteStation": "settings.manage",
}


@dataclass
class Wire:
    """Somebody of the restaurant calls KitchenBoardService."""

    world: World
    board: KitchenBoardServiceAsyncStub
    peer: Peer

    def somebody(self, *permissions: str, of: World | None = None) -> Any:
        return self.peer.as_user(permissions, restaurant_id=(of or self.world).tenant)


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with serving(
        add_KitchenBoardServiceServicer_to_server, BoardRpc(world.deps), clock=world.clock, caller="gateway"
    ) as peer:
        yield Wire(world, KitchenBoardServiceStub(peer.channel), peer)


async def a_station(world: World) -> str:
    made = station(id=new_id(), name="Bar", is_default=False)
    await save_station(world.deps, world.ask(), made, True, SAVED)
    return str(made.id)


async def test_reading_is_for_the_kitchen_and_removing_for_managers(wire: Wire) -> None:
    assert set(METHODS) == {
        method.name for method in kitchen_api.DESCRIPTOR.services_by_name["KitchenBoardService"].methods
    }
    station_id = await a_station(wire.world)
    requests: dict[str, Any] = {
        "GetAllDay": kitchen_api.GetAllDayRequest(),
        "GetExpo": kitchen_api.GetExpoRequest(),
        "GetStationTimes": kitchen_api.GetStationTimesRequest(station_id=station_id),
        "DeleteStation": kitchen_api.DeleteStationRequest(request_id="d", station_id=station_id),
    }
    for name, permission in METHODS.items():
        with wire.somebody(*(set(METHODS.values()) - {permission})), pytest.raises(PermissionDenied):
            await getattr(wire.board, name)(requests[name])
        with wire.somebody(permission):
            await getattr(wire.board, name)(requests[name])
    assert len(await list_stations(wire.world.deps, wire.world.tenant)) == 1


async def test_what_is_answered_is_of_the_callers_restaurant(wire: Wire) -> None:
    order = await wire.world.place(draft(draft_line(wire.world.burger, 3)))
    other = wire.world.another()
    await other.place()
    with wire.somebody("kitchen.read"):
        [thing] = (await wire.board.GetAllDay(kitchen_api.GetAllDayRequest())).items
        [shown] = (await wire.board.GetExpo(kitchen_api.GetExpoRequest())).orders
    assert (thing.item_id, thing.name, thing.quantity) == (wire.world.burger.id, "Burger", 3)
    assert (shown.order_id, shown.order_number, shown.ready) == (order.id, 1, False)
    assert [(one.name, one.state) for one in shown.stations] == [("Kitchen", orders_pb2.KITCHEN_STATE_QUEUED)]


async def test_a_removal_that_is_repeated_is_one(wire: Wire) -> None:
    request = kitchen_api.DeleteStationRequest(request_id="once", station_id=await a_station(wire.world))
    with wire.somebody("settings.manage"):
        for _ in range(2):
            await wire.board.DeleteStation(request)
        request.request_id = "again"
        with pytest.raises(NotFound):
            await wire.board.DeleteStation(request)
