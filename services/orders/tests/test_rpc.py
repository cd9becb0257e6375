"""The service behind a real server: permissions, tenants, problems, cursors, replays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.common.v1.common_pb2 import PageRequest
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import (
    KitchenServiceStub,
    OrdersServiceStub,
    add_KitchenServiceServicer_to_server,
    add_OrdersServiceServicer_to_server,
)
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1.channel_source_service_pb2_grpc import (
    ChannelSourceServiceStub,
    add_ChannelSourceServiceServicer_to_server,
)
from structlog.testing import capture_logs

from chassis.errors import (
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Stale,
    Unprocessable,
)
from chassis.ids import new_id
from chassis.rpc import was_replayed
from harness.outbox import number_events
from harness.rpc import Peer, serving
from services.orders.domain.order.axes import State
from services.orders.rpc.channels import ChannelsRpc
from services.orders.rpc.kitchen import KitchenRpc
from services.orders.rpc.order import COMMAND_OF_STATUS, OrdersRpc
from services.orders.tests.builders import DRINKS, MAINS, draft, draft_line
from services.orders.tests.world import World

if TYPE_CHECKING:  # these classes exist in the type stubs only
    from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceAsyncStub, OrdersServiceAsyncStub
    from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceAsyncStub

STAFF = {"orders.read", "orders.place", "orders.cancel", "kitchen.read", "kitchen.work", "realtime.subscribe"}


@dataclass
class Wire:
    """Stubs of the three services and a way to be somebody."""

    world: World
    orders: OrdersServiceAsyncStub
    kitchen: KitchenServiceAsyncStub
    channels: ChannelSourceServiceAsyncStub
    peers: tuple[Peer, ...]

    @contextmanager
    def staff(self, restaurant_id: UUID | None = None, permissions: set[str] | None = None) -> Iterator[None]:
        """A member of staff of the restaurant; every server has a key of its own."""
        who: dict[str, Any] = {"restaurant_id": restaurant_id or self.world.tenant, "subject": new_id()}
        with self.orders_peer.as_user(STAFF if permissions is None else permissions, **who):
            yield

    @property
    def orders_peer(self) -> Peer:
        """The server of OrdersService."""
        return self.peers[0]

    def cook(self, permissions: set[str] | None = None) -> AbstractContextManager[Any]:
        """A cook."""
        return self.peers[1].as_user(
            STAFF if permissions is None else permissions, restaurant_id=self.world.tenant
        )

    def device(self, restaurant_id: UUID | None = None) -> AbstractContextManager[Any]:
        """A device that follows channels."""
        return self.peers[2].as_user(STAFF, restaurant_id=restaurant_id or self.world.tenant)


@pytest.fixture
async def wire(world: World) -> AsyncIterator[Wire]:
    """The three services of orders, each behind a server with every guard."""
    parts: list[tuple[Callable[..., None], object, str]] = [
        (add_OrdersServiceServicer_to_server, OrdersRpc(world.deps, world.trust), "payments"),
        (add_KitchenServiceServicer_to_server, KitchenRpc(world.deps), "realtime"),
        (add_ChannelSourceServiceServicer_to_server, ChannelsRpc(world.deps), "realtime"),
    ]
    async with AsyncExitStack() as stack:
        peers = tuple(
            [
                await stack.enter_async_context(
                    serving(
                        register,
                        servicer,
                        clock=world.clock,
                        caller=caller,
                    )
                )
                for register, servicer, caller in parts
            ]
        )
        orders, kitchen, channels = (peer.channel for peer in peers)
        yield Wire(
            world,
            OrdersServiceStub(orders),
            KitchenServiceStub(kitchen),
            ChannelSourceServiceStub(channels),
            peers,
        )


def place(world: World, request_id: str = "r1", **overrides: Any) -> orders_api.PlaceOrderRequest:
    return orders_api.PlaceOrderRequest(
        request_id=request_id, order=draft(draft_line(world.burger), **overrides)
    )


async def test_an_order_is_placed_found_and_its_reply_replayed(wire: Wire) -> None:
    request = place(wire.world)
    with wire.staff():
        call = wire.orders.PlaceOrder(request)
        order = (await call).order
        assert not await was_replayed(call)
        again = wire.orders.PlaceOrder(request)
        assert (await again).order == order
        assert await was_replayed(again)
        found = (await wire.orders.GetOrder(orders_api.GetOrderRequest(order_id=order.id))).order
        history = await wire.orders.GetOrderHistory(orders_api.GetOrderHistoryRequest(order_id=order.id))
    assert found == order
    assert order.placed_by.name == "Test Manager"
    assert [change.axis for change in history.changes] == ["lifecycle", "kitchen", "state"]


async def test_every_order_method_needs_its_permission(wire: Wire) -> None:
    order = await wire.world.place()
    calls: dict[str, tuple[str, Any]] = {
        "QuoteOrder": ("orders.place", orders_api.QuoteOrderRequest(order=draft())),
        "PlaceOrder": ("orders.place", place(wire.world)),
        "GetOrder": ("orders.read", orders_api.GetOrderRequest(order_id=order.id)),
        "ListOrders": ("orders.read", orders_api.ListOrdersRequest()),
        "GetOrderHistory": ("orders.read", orders_api.GetOrderHistoryRequest(order_id=order.id)),
        "ValidateOrder": ("orders.place", orders_api.ValidateOrderRequest(request_id="r", order_id=order.id)),
        "FireOrder": ("orders.place", orders_api.FireOrderRequest(request_id="r", order_id=order.id)),
        "CancelOrder": ("orders.cancel", orders_api.CancelOrderRequest(request_id="r", order_id=order.id)),
        "CompleteOrder": ("orders.place", orders_api.CompleteOrderRequest(request_id="r", order_id=order.id)),
        "TransferOrder": (
            "orders.place",
            orders_api.TransferOrderRequest(request_id="r", order_id=order.id, table_id=str(new_id())),
        ),
        "SetOrderStatus": (
            "orders.place",
            orders_api.SetOrderStatusRequest(
                request_id="r", order_id=order.id, status=orders_pb2.ORDER_STATE_DONE
            ),
        ),
    }
    for name, (permission, request) in calls.items():
        with wire.staff(permissions=STAFF - {permission}), pytest.raises(PermissionDenied):
            await getattr(wire.orders, name)(request)


async def test_another_restaurants_order_is_not_there(wire: Wire) -> None:
    order = await wire.world.place()
    [ticket] = await wire.world.tickets(order.id)
    requests: list[tuple[str, Any]] = [
        ("GetOrder", orders_api.GetOrderRequest(order_id=order.id)),
        ("GetOrderHistory", orders_api.GetOrderHistoryRequest(order_id=order.id)),
        ("ValidateOrder", orders_api.ValidateOrderRequest(request_id="r", order_id=order.id)),
        ("FireOrder", orders_api.FireOrderRequest(request_id="r", order_id=order.id)),
        ("CancelOrder", orders_api.CancelOrderRequest(request_id="r", order_id=order.id, reason="x")),
        ("CompleteOrder", orders_api.CompleteOrderRequest(request_id="r", order_id=order.id)),
        (
            "SetOrderStatus",
            orders_api.SetOrderStatusRequest(
                request_id="r", order_id=order.id, status=orders_pb2.ORDER_STATE_READY
            ),
        ),
    ]
    stranger = new_id()
    wire.world.auth.settings.pop(stranger, None)
    with wire.staff(stranger):
        for name, request in requests:
            with pytest.raises(NotFound):
                await getattr(wire.orders, name)(request)
        assert (await wire.orders.ListOrders(orders_api.ListOrdersRequest())).orders == []
    with wire.peers[1].as_user(STAFF, restaurant_id=stranger):
        for action in (orders_api.TICKET_ACTION_START, orders_api.TICKET_ACTION_ACK):
            change = orders_api.ChangeTicketRequest(
                request_id=str(action), ticket_id=str(ticket.id), action=action
            )
            with pytest.raises(NotFound):
                await wire.kitchen.ChangeTicket(change)
        assert (await wire.kitchen.ListTickets(orders_api.ListTicketsRequest())).tickets == []
    assert (await wire.world.order(order.id)).version == 1


@pytest.mark.parametrize(
    "wrong",
    [
        orders_pb2.GuestAllergy(text="x" * 201),
        orders_pb2.GuestAllergy(text="nuts\n"),
        orders_pb2.GuestAllergy(text="n\x00uts"),
        orders_pb2.GuestAllergy(text="nuts\x85"),
        orders_pb2.GuestAllergy(allergens=[catalog_pb2.ALLERGEN_UNSPECIFIED]),
        orders_pb2.GuestAllergy(allergens=[catalog_pb2.ALLERGEN_NUTS] * 15),
    ],
    ids=["long", "line", "null", "c1", "no allergen", "many"],
)
async def test_a_guest_s_allergy_is_one_line_of_200_characters_and_known_allergens(
    wire: Wire, wrong: orders_pb2.GuestAllergy
) -> None:
    order = await wire.world.place()
    [ticket] = await wire.world.tickets(order.id)
    fits = orders_pb2.GuestAllergy(text="é" * 200, allergens=catalog_pb2.Allergen.values()[1:])
    with wire.staff():
        for allergy in (wrong, fits):
            saying = orders_api.SetGuestAllergyRequest(
                request_id="r", order_id=order.id, guest_allergy=allergy
            )
            placing = orders_api.PlaceOrderRequest(
                request_id="p", order=draft(draft_line(wire.world.burger), guest_allergy=allergy)
            )
            if allergy is wrong:
                with pytest.raises(InvalidArgument):
                    await wire.orders.SetGuestAllergy(saying)
                with pytest.raises(InvalidArgument):
                    await wire.orders.PlaceOrder(placing)
            else:
                assert (await wire.orders.SetGuestAllergy(saying)).order.guest_allergy == fits
                assert (await wire.orders.PlaceOrder(placing)).order.guest_allergy == fits
    with wire.peers[1].as_user(STAFF, restaurant_id=wire.world.tenant):
        read = orders_api.AcknowledgeGuestAllergyRequest(
            request_id="a", ticket_id=str(ticket.id), guest_allergy=fits
        )
        answer = await wire.kitchen.AcknowledgeGuestAllergy(read)
        assert answer.ticket.HasField("allergy_acknowledged_at")


async def test_a_service_names_the_restaurant_it_asks_about(wire: Wire) -> None:
    order = await wire.world.place()
    request = orders_api.GetOrderRequest(order_id=order.id, restaurant_id=str(wire.world.tenant))
    with wire.orders_peer.as_service(wire.world.tenant):
        assert (await wire.orders.GetOrder(request)).order.id == order.id
        with pytest.raises(PermissionDenied) as refused:
            await wire.orders.GetOrder(orders_api.GetOrderRequest(order_id=order.id))
    assert refused.value.reason == "NO_RESTAURANT"


async def test_a_person_who_names_another_restaurant_is_refused(wire: Wire) -> None:
    order = await wire.world.place()
    named, elsewhere = str(wire.world.tenant), wire.world.another().tenant
    with wire.staff(elsewhere), pytest.raises(PermissionDenied) as asked:
        await wire.orders.GetOrder(orders_api.GetOrderRequest(order_id=order.id, restaurant_id=named))
    with wire.device(elsewhere), pytest.raises(PermissionDenied) as shown:
        await wire.channels.GetSnapshot(
            channel_source_api.GetSnapshotRequest(channel="orders", restaurant_id=named)
        )
    assert asked.value.reason == shown.value.reason == "OTHER_RESTAURANT"


@pytest.mark.parametrize(
    ("status", "permission"),
    [
        (orders_pb2.ORDER_STATE_CANCELLED, "orders.cancel"),
        (orders_pb2.ORDER_STATE_PREPARING, "kitchen.work"),
        (orders_pb2.ORDER_STATE_READY, "kitchen.work"),
    ],
)
async def test_a_state_needs_the_permission_of_the_command_that_leads_there(
    wire: Wire, status: orders_pb2.OrderState.ValueType, permission: str
) -> None:
    order = await wire.world.place()
    request = orders_api.SetOrderStatusRequest(request_id="r", order_id=order.id, status=status)
    with wire.staff(permissions=STAFF - {permission}), pytest.raises(PermissionDenied) as refused:
        await wire.orders.SetOrderStatus(request)
    assert (refused.value.reason, refused.value.metadata["permission"]) == ("PERMISSION_MISSING", permission)
    assert (await wire.world.order(order.id)).version == 1


def test_every_state_that_a_command_leads_to_has_its_permission() -> None:
    order_at = set(State) - {State.DRAFT, State.PAID, State.INVOICED, State.MERGED}
    assert set(COMMAND_OF_STATUS) == order_at


async def test_refusals_arrive_with_their_reason_and_what_is_possible(wire: Wire) -> None:
    order = await wire.world.place()
    with wire.staff():
        status = orders_api.SetOrderStatusRequest(
            request_id="r1", order_id=order.id, status=orders_pb2.ORDER_STATE_DONE
        )
        with pytest.raises(Conflict) as refused:
            await wire.orders.SetOrderStatus(status)
        assert refused.value.reason == "ILLEGAL_TRANSITION"
        assert refused.value.metadata["allowed"] == "preparing,ready,cancelled"
        unknown = orders_api.DraftLine(item_id=str(new_id()), quantity=1)
        with pytest.raises(Unprocessable) as no_item:
            await wire.orders.PlaceOrder(orders_api.PlaceOrderRequest(request_id="r2", order=draft(unknown)))
        assert (no_item.value.reason, no_item.value.fields[0].field) == ("UNKNOWN_ITEM", "lines[0].item_id")


@pytest.mark.parametrize(
    "broken",
    [
        {"service_flow": 9},
        {"covers": -1},
        {"id": "not-an-id"},
    ],
)
async def test_a_malformed_order_is_refused(wire: Wire, broken: dict[str, Any]) -> None:
    with wire.staff(), pytest.raises(InvalidArgument):
        await wire.orders.PlaceOrder(place(wire.world, **broken))


async def test_a_menu_version_that_does_not_exist_is_refused(wire: Wire) -> None:
    with wire.staff(), pytest.raises(Unprocessable) as refused:
        await wire.orders.PlaceOrder(place(wire.world, menu_version=99))
    assert refused.value.reason == "UNKNOWN_MENU_VERSION"


async def test_pages_lead_through_a_list_without_gap_or_repetition(wire: Wire) -> None:
    placed = [(await wire.world.place()).id for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    with wire.staff():
        while True:
            request = orders_api.ListOrdersRequest(page=PageRequest(limit=2, cursor=cursor))
            page = await wire.orders.ListOrders(request)
            seen += [order.id for order in page.orders]
            cursor = page.next_cursor
            if not cursor:
                break
    assert sorted(seen) == sorted(placed)
    assert len(seen) == 5


async def test_a_cursor_is_good_for_its_own_list_only(wire: Wire) -> None:
    for _ in range(3):
        await wire.world.place()
    with wire.staff():
        page = await wire.orders.ListOrders(orders_api.ListOrdersRequest(page=PageRequest(limit=1)))
        other = orders_api.ListOrdersRequest(
            page=PageRequest(limit=1, cursor=page.next_cursor), states=[orders_pb2.ORDER_STATE_DONE]
        )
        for request in (
            other,
            orders_api.ListOrdersRequest(page=PageRequest(cursor="AAAA")),
            orders_api.ListOrdersRequest(page=PageRequest(cursor="é")),
        ):
            with pytest.raises(InvalidArgument) as refused:
                await wire.orders.ListOrders(request)
            assert refused.value.reason == "INVALID_CURSOR"


async def test_a_wrong_date_is_named(wire: Wire) -> None:
    with wire.staff(), pytest.raises(InvalidArgument) as refused:
        await wire.orders.ListOrders(orders_api.ListOrdersRequest(business_date="tomorrow"))
    assert refused.value.reason == "INVALID_DATE"


async def test_a_time_outside_the_calendar_is_named(wire: Wire) -> None:
    for seconds in (2**60, -(2**60)):
        request = orders_api.ListOrdersRequest()
        request.updated_since.seconds = seconds
        with wire.staff(), pytest.raises(InvalidArgument) as refused:
            await wire.orders.ListOrders(request)
        assert refused.value.reason == "INVALID_TIME"


async def test_text_that_cannot_be_stored_is_refused_as_the_callers_mistake(wire: Wire) -> None:
    nul = "no\x00onions"
    line = draft_line(wire.world.burger, note=nul)
    with wire.staff():
        with pytest.raises(InvalidArgument) as written:
            await wire.orders.PlaceOrder(orders_api.PlaceOrderRequest(request_id="r1", order=draft(line)))
        with pytest.raises(InvalidArgument) as asked:
            await wire.orders.ListOrders(orders_api.ListOrdersRequest(query=nul))
    assert (written.value.reason, asked.value.reason) == ("INVALID_TEXT", "INVALID_TEXT")


async def test_the_first_station_is_made_at_first_use_and_more_can_be_saved(wire: Wire) -> None:
    manager = STAFF | {"settings.manage"}
    with wire.cook(manager):
        [kitchen] = (await wire.kitchen.ListStations(orders_api.ListStationsRequest())).stations
        assert (kitchen.name, kitchen.is_default) == ("Kitchen", True)
        bar = orders_pb2.Station(name="Bar", position=1, category_ids=[str(MAINS)], target_minutes=5)
        saved = await wire.kitchen.SaveStation(orders_api.SaveStationRequest(request_id="s1", station=bar))
        assert (saved.station.version, saved.station.is_default) == (1, False)
    order = await wire.world.place()
    [ticket] = await wire.world.tickets(order.id)
    assert ticket.station_name == "Bar"
    stale = orders_pb2.Station()
    stale.CopyFrom(saved.station)
    stale.category_ids[:] = [str(DRINKS)]
    with wire.cook(manager):
        await wire.kitchen.SaveStation(orders_api.SaveStationRequest(request_id="s2", station=stale))
        with pytest.raises(Stale):
            await wire.kitchen.SaveStation(orders_api.SaveStationRequest(request_id="s3", station=stale))
    with wire.cook(), pytest.raises(PermissionDenied):
        await wire.kitchen.SaveStation(orders_api.SaveStationRequest(request_id="s4", station=bar))


async def test_one_station_is_always_the_default(wire: Wire) -> None:
    with wire.cook(STAFF | {"settings.manage"}):
        [kitchen] = (await wire.kitchen.ListStations(orders_api.ListStationsRequest())).stations
        kitchen.is_default = False
        with pytest.raises(Unprocessable) as refused:
            await wire.kitchen.SaveStation(orders_api.SaveStationRequest(request_id="s1", station=kitchen))
        assert refused.value.reason == "DEFAULT_STATION_NEEDED"
        new = orders_pb2.Station(name="New", is_default=True)
        await wire.kitchen.SaveStation(orders_api.SaveStationRequest(request_id="s2", station=new))
        stations = (await wire.kitchen.ListStations(orders_api.ListStationsRequest())).stations
    assert {station.name: station.is_default for station in stations} == {"Kitchen": False, "New": True}


async def test_tickets_are_listed_by_state_and_station_and_moved(wire: Wire) -> None:
    first, second = await wire.world.place(), await wire.world.place()
    with wire.cook():
        tickets = (await wire.kitchen.ListTickets(orders_api.ListTicketsRequest())).tickets
        assert [ticket.order_id for ticket in tickets] == [second.id, first.id]
        bump = orders_api.ChangeTicketRequest(
            request_id="t1", ticket_id=tickets[0].id, action=orders_api.TICKET_ACTION_BUMP
        )
        bumped = (await wire.kitchen.ChangeTicket(bump)).ticket
        assert (await wire.kitchen.ChangeTicket(bump)).ticket == bumped
        ready = orders_api.ListTicketsRequest(
            states=[orders_pb2.KITCHEN_STATE_READY], station_id=bumped.station_id
        )
        assert [ticket.id for ticket in (await wire.kitchen.ListTickets(ready)).tickets] == [bumped.id]
        start = orders_api.ChangeTicketLineRequest(
            request_id="t2",
            ticket_id=tickets[1].id,
            line_id=tickets[1].lines[0].id,
            action=orders_api.TICKET_LINE_ACTION_START,
        )
        started = (await wire.kitchen.ChangeTicketLine(start)).ticket
    assert started.lines[0].state == orders_pb2.KITCHEN_STATE_PREPARING


async def test_an_undelivered_ticket_is_reported_once_per_revision(wire: Wire) -> None:
    order = await wire.world.place()
    [ticket] = await wire.world.tickets(order.id)
    report = orders_api.ReportUndeliveredRequest(
        restaurant_id=str(wire.world.tenant), ticket_id=str(ticket.id), revision=1, cause="no_display"
    )
    with wire.peers[1].as_service(wire.world.tenant):
        await wire.kitchen.ReportUndelivered(report)
        await wire.kitchen.ReportUndelivered(report)
    with wire.peers[2].as_service(wire.world.tenant):
        replayed = await _replay(wire, "orders")
    kinds = [event.type for event in replayed.events]
    assert kinds.count("fynlo.orders.v1.TicketUndelivered") == 1


async def test_alarms_are_raised_and_ended_in_batches_and_acknowledged_by_people(wire: Wire) -> None:
    tickets = [ticket for _ in range(3) for ticket in await wire.world.tickets((await wire.world.place()).id)]
    first, second, third = tickets
    report = orders_api.ReportUndeliveredRequest(restaurant_id=str(wire.world.tenant))
    for ticket in (first, second, third):
        report.tickets.add(ticket_id=str(ticket.id), revision=1, cause="no_display", kitchen_seq=7)
    delivered = orders_api.ReportDeliveredRequest(restaurant_id=str(wire.world.tenant))
    delivered.tickets.add(ticket_id=str(first.id), revision=1)
    acknowledge = orders_api.AcknowledgeTicketAlarmRequest(request_id="a1", ticket_id=str(second.id))
    with wire.peers[1].as_service(wire.world.tenant):
        await wire.kitchen.ReportUndelivered(report)
        await wire.kitchen.ReportDelivered(delivered)
    with wire.cook():
        for _ in range(2):
            assert (await wire.kitchen.AcknowledgeTicketAlarm(acknowledge)).ticket.id == str(second.id)
    with wire.device():
        orders = await wire.channels.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="orders"))
    assert [alarm.ticket.id for alarm in orders.orders.alarms] == [str(third.id)]
    with wire.cook({"kitchen.work"}), pytest.raises(PermissionDenied):
        await wire.kitchen.AcknowledgeTicketAlarm(acknowledge)


async def test_a_snapshot_and_its_position_fit_the_replay(wire: Wire) -> None:
    order = await wire.world.place()
    await number_events(wire.world.deps.db)
    with wire.device():
        kitchen = await wire.channels.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="kitchen"))
        orders = await wire.channels.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="orders"))
        floor = await wire.channels.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="floor"))
        metrics = await wire.channels.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="metrics"))
        with pytest.raises(NotFound):
            await wire.channels.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="tills"))
    assert [ticket.order_id for ticket in kitchen.kitchen.tickets] == [order.id]
    assert [station.name for station in kitchen.kitchen.stations] == ["Kitchen"]
    assert list(orders.orders.orders) == [order]
    assert (floor.WhichOneof("state"), list(floor.floor.floor_tables)) == ("floor", [])
    assert (metrics.metrics.metrics.orders_placed, metrics.metrics.metrics.gross_minor) == (1, 1125)
    await wire.world.cook(order.id)
    with wire.peers[2].as_service(wire.world.tenant):
        replayed = await _replay(wire, "kitchen")
    assert (replayed.epoch, replayed.head_seq) == (kitchen.epoch, kitchen.seq)
    assert [event.seq for event in replayed.events] == list(range(1, kitchen.seq + 1))
    assert replayed.events[-1].type == "fynlo.orders.v1.OrderPlaced"


async def test_a_cancelled_order_is_written_down_once_with_who_did_it(wire: Wire) -> None:
    # Drafts, for no bill of theirs has to be closed first.
    first, second = await wire.world.place(draft=True), await wire.world.place(draft=True)
    cancel = orders_api.CancelOrderRequest(request_id="one", order_id=first.id, reason="guest left")
    status = orders_api.SetOrderStatusRequest(
        request_id="two", order_id=second.id, status=orders_pb2.ORDER_STATE_CANCELLED, reason="guest left"
    )
    person = wire.orders_peer.as_user(STAFF, restaurant_id=wire.world.tenant)
    with capture_logs() as lines, person as somebody:
        for _ in range(2):
            await wire.orders.CancelOrder(cancel)
            await wire.orders.SetOrderStatus(status)
    told = [line for line in lines if line.get("part") == "audit"]
    assert [(line["event"], str(line["order_id"]), line["total_minor"]) for line in told] == [
        ("orders.order_cancelled", first.id, 1125),
        ("orders.order_cancelled", second.id, 1125),
    ]
    assert {line["actor"] for line in told} == {str(somebody.subject)}


async def test_what_people_do_with_an_order_is_told_once_in_facts(wire: Wire) -> None:
    request = orders_api.PlaceOrderRequest(request_id="p", order=draft(draft_line(wire.world.burger)))
    with capture_logs() as lines:
        with wire.staff():
            for _ in range(2):
                placed = (await wire.orders.PlaceOrder(request)).order
        with wire.cook():
            [ticket] = (await wire.kitchen.ListTickets(orders_api.ListTicketsRequest())).tickets
            for key, action in (("s", orders_api.TICKET_ACTION_ACK), ("b", orders_api.TICKET_ACTION_BUMP)):
                change = orders_api.ChangeTicketRequest(request_id=key, ticket_id=ticket.id, action=action)
                for _ in range(2):
                    await wire.kitchen.ChangeTicket(change)
    taken, bumped = [line for line in lines if line.get("part") == "deed"]
    assert (taken["event"], taken["number"], taken["order_type"]) == (
        "orders.order_placed",
        placed.number,
        "eat_in",
    )
    assert (taken["total_minor"], taken["currency"]) == (placed.totals.total_minor, "GBP")
    assert (bumped["event"], bumped["number"]) == ("orders.ticket_bumped", placed.number)
    assert bumped["station"] == ticket.station_name != ""


async def test_a_channel_of_another_owner_is_refused_and_not_answered_with_silence(wire: Wire) -> None:
    with wire.peers[2].as_service(wire.world.tenant):
        with pytest.raises(NotFound) as replayed:
            await _replay(wire, "tills")
        with pytest.raises(NotFound) as shown:
            await wire.channels.GetSnapshot(
                channel_source_api.GetSnapshotRequest(restaurant_id=str(wire.world.tenant), channel="tills")
            )
    assert replayed.value.reason == shown.value.reason == "UNKNOWN_CHANNEL"


async def test_another_restaurants_channel_is_empty(wire: Wire) -> None:
    await wire.world.place()
    other = wire.world.another()
    with wire.device(other.tenant):
        snapshot = await wire.channels.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="orders"))
    assert (list(snapshot.orders.orders), snapshot.seq) == ([], 0)


async def _replay(wire: Wire, channel: str) -> channel_source_api.ReplayChannelResponse:
    await number_events(wire.world.deps.db)
    head = channel_source_api.ReplayChannelRequest(restaurant_id=str(wire.world.tenant), channel=channel)
    epoch = (await wire.channels.ReplayChannel(head)).epoch
    head.epoch, head.limit = epoch, 100
    return await wire.channels.ReplayChannel(head)
