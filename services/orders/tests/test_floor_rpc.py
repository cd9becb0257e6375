"""The floor behind a real server: permissions, limits of fields, tenants, and its channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import floor_pb2
from fynlo.orders.v1 import floor_service_pb2 as floor_api
from fynlo.orders.v1.floor_service_pb2_grpc import FloorServiceStub, add_FloorServiceServicer_to_server
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1.channel_source_service_pb2_grpc import (
    ChannelSourceServiceStub,
    add_ChannelSourceServiceServicer_to_server,
)
from structlog.testing import capture_logs

from chassis.errors import InvalidArgument, NotFound, PermissionDenied, Problem, Stale
from chassis.ids import new_id
from chassis.instants import timestamp
from harness.outbox import number_events
from harness.rpc import Peer, serving
from services.orders.rpc.channels import ChannelsRpc
from services.orders.rpc.floor import FloorRpc
from services.orders.tests.floor import a_section, a_table
from services.orders.tests.world import World

if TYPE_CHECKING:  # these classes exist in the type stubs only
    from fynlo.orders.v1.floor_service_pb2_grpc import FloorServiceAsyncStub

SELLS = {"orders.read", "orders.place", "realtime.subscribe"}
MANAGES = SELLS | {"floor.manage"}
METHODS = {
    "ListSections": "orders.read",
    "ListTables": "orders.read",
    "SaveSection": "floor.manage",
    "DeleteSection": "floor.manage",
    "SaveTable": "floor.manage",
    "DeleteTable": "floor.manage",
    "ClearTable": "orders.place",
    "ReserveTable": "orders.place",
    "CancelReservation": "orders.place",
}


@dataclass
class Wire:
    """Somebody of the restaurant calls FloorService."""

    world: World
    floor: FloorServiceAsyncStub
    peer: Peer

    def somebody(self, *permissions: str, of: World | None = None) -> Any:
        return self.peer.as_user(permissions, restaurant_id=(of or self.world).tenant)


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    async with serving(
        add_FloorServiceServicer_to_server, FloorRpc(world.deps), clock=world.clock, caller="gateway"
    ) as peer:
        yield Wire(world, FloorServiceStub(peer.channel), peer)


def a_new_table(section: floor_pb2.Section, **overrides: Any) -> floor_pb2.Table:
    where = {"section_id": section.id, "seats": 4, "shape": floor_pb2.TABLE_SHAPE_ROUND}
    return floor_pb2.Table(**({"name": "12"} | where | overrides))  # type: ignore[arg-type]


async def requests(world: World) -> dict[str, Any]:
    """One that succeeds of each method."""
    section, table = await a_section(world), await a_table(world)
    soon = timestamp(world.clock.now() + timedelta(hours=1))
    key = {"request_id": str(new_id())}
    named = key | {"table_id": table.id}
    return {
        "ListSections": floor_api.ListSectionsRequest(),
        "ListTables": floor_api.ListTablesRequest(),
        "SaveSection": floor_api.SaveSectionRequest(**key, section=floor_pb2.Section(name="Bar")),
        "SaveTable": floor_api.SaveTableRequest(**key, table=a_new_table(section)),
        "ClearTable": floor_api.ClearTableRequest(**named),
        "ReserveTable": floor_api.ReserveTableRequest(**named, starts_at=soon, minutes=90, name="Okonkwo"),
        "CancelReservation": floor_api.CancelReservationRequest(**named),
        "DeleteTable": floor_api.DeleteTableRequest(**named),
        "DeleteSection": floor_api.DeleteSectionRequest(**key, section_id=(await a_section(world)).id),
    }


async def test_reading_is_for_those_who_sell_and_drawing_for_managers(wire: Wire) -> None:
    assert set(METHODS) == {
        method.name for method in floor_api.DESCRIPTOR.services_by_name["FloorService"].methods
    }
    wanted = await requests(wire.world)
    for name, permission in METHODS.items():
        with wire.somebody(*(MANAGES - {permission})), pytest.raises(PermissionDenied):
            await getattr(wire.floor, name)(wanted[name])
    for name in wanted:
        with wire.somebody(METHODS[name]):
            await getattr(wire.floor, name)(wanted[name])


async def test_what_a_table_may_be_has_limits(wire: Wire) -> None:
    section = await a_section(wire.world)
    good: list[dict[str, Any]] = [
        {"seats": 1, "x": 0, "y": 1000},
        {"seats": 100, "x": 1000, "y": 0},
        {"name": "🍕" * 40},
    ]
    bad: list[dict[str, Any]] = [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 41},
        {"section_id": "1"},
        {"seats": 0},
        {"seats": 101},
        {"shape": floor_pb2.TABLE_SHAPE_UNSPECIFIED},
        {"x": -1},
        {"x": 1001},
        {"y": -1},
        {"y": 1001},
    ]
    with wire.somebody(*MANAGES):
        for number, values in enumerate(good):
            table = a_new_table(section, **({"name": f"T{number}"} | values))
            saved = await wire.floor.SaveTable(
                floor_api.SaveTableRequest(request_id=f"g{number}", table=table)
            )
            assert saved.table.version == 1
        for number, values in enumerate(bad):
            table = a_new_table(section, **({"name": f"B{number}"} | values))
            with pytest.raises(InvalidArgument):
                await wire.floor.SaveTable(floor_api.SaveTableRequest(request_id=f"b{number}", table=table))


@pytest.mark.parametrize(
    ("minutes", "name"), [(4, "Okonkwo"), (721, "Okonkwo"), (90, ""), (90, " "), (90, "x" * 61)]
)
async def test_what_a_reservation_may_be_has_limits(wire: Wire, minutes: int, name: str) -> None:
    table = await a_table(wire.world)
    wanted = floor_api.ReserveTableRequest(
        request_id="r",
        table_id=table.id,
        starts_at=timestamp(wire.world.clock.now()),
        minutes=minutes,
        name=name,
    )
    with wire.somebody(*SELLS), pytest.raises(InvalidArgument):
        await wire.floor.ReserveTable(wanted)
    wanted.minutes, wanted.name = 5, "x" * 60
    wanted.ClearField("starts_at")
    with wire.somebody(*SELLS), pytest.raises(InvalidArgument):
        await wire.floor.ReserveTable(wanted)
    wanted.starts_at.CopyFrom(timestamp(wire.world.clock.now()))
    with wire.somebody(*SELLS):
        reserved = (await wire.floor.ReserveTable(wanted)).table
    assert reserved.state == floor_pb2.TABLE_STATE_RESERVED


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-62_135_596_800, "RESERVATION_OVER"),
        (253_402_300_799, "RESERVATION_TOO_FAR"),
        (2**40, "INVALID_TIME"),
    ],
)
async def test_a_reservation_at_either_end_of_the_calendar_is_refused_for_what_it_is(
    wire: Wire, seconds: int, reason: str
) -> None:
    table = await a_table(wire.world)
    wanted = floor_api.ReserveTableRequest(request_id="r", table_id=table.id, minutes=720, name="Okonkwo")
    wanted.starts_at.seconds = seconds
    with wire.somebody(*SELLS), pytest.raises(Problem) as refused:
        await wire.floor.ReserveTable(wanted)
    assert refused.value.reason == reason


async def test_a_table_of_another_restaurant_is_not_there(wire: Wire) -> None:
    table, other = await a_table(wire.world), wire.world.another()
    with wire.somebody(*MANAGES, of=other):
        assert not (await wire.floor.ListTables(floor_api.ListTablesRequest())).tables
        with pytest.raises(NotFound):
            await wire.floor.SaveTable(floor_api.SaveTableRequest(request_id="s", table=table))
        with pytest.raises(NotFound):
            await wire.floor.ClearTable(floor_api.ClearTableRequest(request_id="c", table_id=table.id))


async def test_a_change_names_the_version_that_was_seen(wire: Wire) -> None:
    table = await a_table(wire.world)
    with wire.somebody(*MANAGES):
        table.x = 10
        moved = (await wire.floor.SaveTable(floor_api.SaveTableRequest(request_id="1", table=table))).table
        with pytest.raises(Stale):
            await wire.floor.SaveTable(floor_api.SaveTableRequest(request_id="2", table=table))
    assert (moved.x, moved.version) == (10, 2)


async def test_what_goes_on_at_a_table_is_not_written_by_who_draws_it(wire: Wire) -> None:
    table = await a_table(wire.world)
    order = await wire.world.place(table_id=table.id)
    with wire.somebody(*MANAGES):
        [seen] = (await wire.floor.ListTables(floor_api.ListTablesRequest())).tables
        assert list(seen.order_ids) == [order.id]
        seen.state, seen.covers, seen.x = floor_pb2.TABLE_STATE_FREE, 99, 10
        del seen.order_ids[:]
        saved = (await wire.floor.SaveTable(floor_api.SaveTableRequest(request_id="1", table=seen))).table
    assert (saved.state, list(saved.order_ids), saved.covers) == (
        floor_pb2.TABLE_STATE_OCCUPIED,
        [order.id],
        order.covers,
    )
    assert saved.x == 10


async def test_who_cleared_a_table_is_in_the_log(wire: Wire) -> None:
    table = await a_table(wire.world)
    with wire.somebody(*SELLS), capture_logs() as logs:
        await wire.floor.ClearTable(floor_api.ClearTableRequest(request_id="c", table_id=table.id))
    [deed] = [entry for entry in logs if entry["event"] == "orders.table_cleared"]
    assert deed["table"] == table.name


async def test_a_device_that_follows_the_floor_from_its_snapshot_misses_nothing(world: World) -> None:
    """The snapshot, and the events behind its position: the newest version of each is what is stored."""
    tables = [await a_table(world, name) for name in ("1", "2")]
    await number_events(world.deps.db)
    async with serving(
        add_ChannelSourceServiceServicer_to_server,
        ChannelsRpc(world.deps),
        clock=world.clock,
        caller="realtime",
    ) as peer:
        channels = ChannelSourceServiceStub(peer.channel)
        with peer.as_user(SELLS, restaurant_id=world.tenant):
            seen = await channels.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="floor"))
        known = {table.id: table for table in seen.floor.floor_tables}
        order = await world.place(table_id=tables[0].id)
        await world.pay(order, 100)
        await number_events(world.deps.db)
        with peer.as_service(world.tenant):
            missed = await channels.ReplayChannel(
                channel_source_api.ReplayChannelRequest(
                    restaurant_id=str(world.tenant),
                    channel="floor",
                    epoch=seen.epoch,
                    from_seq=seen.seq,
                    limit=500,
                )
            )
    assert [event.seq for event in missed.events] == [seen.seq + 1, seen.seq + 2]
    for event in missed.events:
        told = orders_events.TableUpdated.FromString(event.payload).table
        assert told.version == known[told.id].version + 1
        known[told.id] = told
    now = (await world.snapshot("floor")).floor.floor_tables
    assert {table.id: table for table in now} == known
    assert known[tables[0].id].state == floor_pb2.TABLE_STATE_PAYING
