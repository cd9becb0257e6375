"""Views over tickets and the end of stations behind a real server: who may, and whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import kitchen_service_pb2 as kitchen_api
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.kitchen_service_pb2_grpc import (
    KitchenBoardServiceStub,
    add_KitchenBoardServiceServicer_to_server,
)

from chassis.errors import NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.instants import timestamp
from harness.rpc import Peer, serving
from services.orders.domain.hours import Window
from services.orders.domain.menu import OrderType
from services.orders.domain.routing import Route
from services.orders.rpc.board import BoardRpc
from services.orders.rpc.station import SAVED
from services.orders.tests.builders import draft, draft_line, item_message, station
from services.orders.tests.world import World
from services.orders.usecases.station import list_stations, save_station

if TYPE_CHECKING:  # these classes exist in the type stubs only
    from fynlo.orders.v1.kitchen_service_pb2_grpc import KitchenBoardServiceAsyncStub

METHODS = {
    "GetAllDay": "kitchen.read",
    "GetExpo": "kitchen.read",
    "GetStationTimes": "kitchen.read",
    "FindStationsOfItem": "kitchen.read",
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
        "FindStationsOfItem": kitchen_api.FindStationsOfItemRequest(item_id=wire.world.burger.id),
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


async def test_where_an_item_goes_is_told_by_the_rule_that_fires_it(wire: Wire) -> None:
    world, burger = wire.world, UUID(wire.world.burger.id)
    chosen, night = new_id(), Window(frozenset(), 0, 6 * 60)
    for name, routes in (
        ("Grill", (Route(item_id=burger),)),
        ("Door", (Route(item_id=burger, order_types=frozenset({OrderType.TAKEAWAY})),)),
        ("Late", (Route(item_id=burger, hours=night),)),
        ("Sauces", (Route(option_id=chosen),)),
    ):
        made = station(id=new_id(), name=name, is_default=False, routes=routes)
        await save_station(world.deps, world.ask(), made, True, SAVED)
    asked = kitchen_api.FindStationsOfItemRequest

    async def names(**more: Any) -> list[str]:
        with wire.somebody("kitchen.read"):
            answer = await wire.board.FindStationsOfItem(asked(item_id=str(burger), **more))
        return [one.name for one in answer.stations]

    # No winter time in July: two in the morning in London is one in UTC.
    two_at_night, noon = (timestamp(datetime(2026, 7, 1, hour, tzinfo=UTC)) for hour in (1, 12))
    assert await names(at=noon) == ["Grill"]
    assert await names(at=noon, order_types=[common_pb2.ORDER_TYPE_TAKEAWAY]) == ["Door"]
    assert await names(at=two_at_night) == ["Late"]
    assert await names(at=noon, option_id=str(chosen)) == ["Sauces"]
    order = await world.place(draft(draft_line(world.burger, 1)))
    [ticket] = await world.tickets(order.id)
    assert await names() == [ticket.station_name]


async def test_of_an_item_that_nobody_takes_no_station_is_told_and_of_none_it_is_said(wire: Wire) -> None:
    [kitchen] = await list_stations(wire.world.deps, wire.world.tenant)
    await save_station(wire.world.deps, wire.world.ask(), replace(kitchen, is_closed=True), False, SAVED)
    with wire.somebody("kitchen.read"):
        request = kitchen_api.FindStationsOfItemRequest(item_id=wire.world.burger.id)
        assert not (await wire.board.FindStationsOfItem(request)).stations
        for foreign in (str(new_id()), wire.world.another().burger.id):
            with pytest.raises(NotFound, match="no such item"):
                await wire.board.FindStationsOfItem(kitchen_api.FindStationsOfItemRequest(item_id=foreign))


async def test_an_item_that_orders_have_not_heard_of_is_asked_for(wire: Wire) -> None:
    await list_stations(wire.world.deps, wire.world.tenant)
    fries = item_message(name="Fries")
    wire.world.extra_items.append(fries)
    wire.world.menu_version += 1
    wire.world.publish_menu()
    with wire.somebody("kitchen.read"):
        request = kitchen_api.FindStationsOfItemRequest(item_id=fries.id)
        assert [one.name for one in (await wire.board.FindStationsOfItem(request)).stations] == ["Kitchen"]
