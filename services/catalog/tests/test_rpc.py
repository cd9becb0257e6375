"""The catalog behind its real gRPC server: who may what, and what travels."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.catalog.v1.catalog_service_pb2_grpc import (
    CatalogServiceStub,
    add_CatalogServiceServicer_to_server,
)
from fynlo.common.v1 import common_pb2
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1.channel_source_service_pb2_grpc import (
    ChannelSourceServiceStub,
    add_ChannelSourceServiceServicer_to_server,
)

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.errors import (
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Problem,
    Stale,
    Unprocessable,
)
from chassis.ids import new_id
from chassis.rpc import was_replayed
from harness.fixtures import EventRecorder, OpenDatabase
from harness.outbox import number_events
from harness.rpc import Peer, serving
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.domain.stock import StockLine
from services.catalog.rpc.service import CatalogRpc
from services.catalog.rpc.stock import InventoryChannel
from services.catalog.tests import doing
from services.catalog.tests.builders import LONDON, a_category, command, counted
from services.catalog.usecases import reservation

if TYPE_CHECKING:
    from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceAsyncStub

EVERYTHING = ["menu.read", "menu.manage", "stock.adjust", "orders.place"]
CSV = "category,item,price,vat_class,stock\nMains,Soup,9.50,hot_food,\nDrinks,Cola,2,always_standard,24\n"


@dataclass(frozen=True, slots=True)
class Catalog:
    """A running catalog and a restaurant in it."""

    db: Database
    peer: Peer
    stub: "CatalogServiceAsyncStub"
    tenant: UUID


async def auth(restaurant_id: UUID) -> RestaurantCopy:
    return LONDON


@asynccontextmanager
async def catalog(
    service_database: OpenDatabase, clock: FakeClock, caller: str = "gateway"
) -> AsyncIterator[Catalog]:
    db = await service_database("catalog")
    async with serving(
        add_CatalogServiceServicer_to_server,
        CatalogRpc(db, auth, doing.NO_FILES),
        clock=clock,
        caller=caller,
        service_name="catalog",
    ) as peer:
        yield Catalog(db, peer, CatalogServiceStub(peer.channel), new_id())


def an_item_message(category_id: str, **changes: object) -> catalog_pb2.Item:
    item = catalog_pb2.Item(
        category_id=category_id, name="Soup", price_minor=950, vat_class="hot_food", available=True
    )
    item.MergeFrom(catalog_pb2.Item(**changes))  # type: ignore[arg-type]
    return item


async def test_a_menu_is_built_read_changed_and_revalidated(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    async with catalog(service_database, fake_clock) as it:
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            made = await it.stub.CreateCategory(
                catalog_api.CreateCategoryRequest(
                    request_id="1", category=catalog_pb2.Category(name=" Mains ")
                )
            )
            assert (made.category.name, made.category.version) == ("Mains", 1)
            spiced = catalog_pb2.Option(name="Small", allergens=[catalog_pb2.ALLERGEN_CELERY])
            item = an_item_message(
                made.category.id,
                allergens=[catalog_pb2.ALLERGEN_MILK],
                windows=[catalog_pb2.AvailabilityWindow(weekdays=[0], from_minutes=60, until_minutes=900)],
                option_groups=[
                    catalog_pb2.OptionGroup(name="Size", min_choices=1, max_choices=1, options=[spiced])
                ],
            )
            created = (
                await it.stub.CreateItem(catalog_api.CreateItemRequest(request_id="2", item=item))
            ).item
            menu = await it.stub.GetMenu(catalog_api.GetMenuRequest())
            assert list(menu.menu.items) == [created]
            [option] = created.option_groups[0].options
            assert list(option.allergens) == [catalog_pb2.ALLERGEN_CELERY]
            assert list(menu.available_item_ids) == [created.id]
            same = await it.stub.GetMenu(catalog_api.GetMenuRequest(known_etag=menu.etag))
            assert same == catalog_api.GetMenuResponse(etag=menu.etag, not_modified=True)
            created.price_minor = 1000
            updated = await it.stub.UpdateItem(catalog_api.UpdateItemRequest(request_id="3", item=created))
            delta = await it.stub.GetMenu(catalog_api.GetMenuRequest(since_version=2))
            assert (delta.delta, list(delta.menu.items)) == (True, [updated.item])
            with pytest.raises(Stale) as stale:
                await it.stub.UpdateItem(catalog_api.UpdateItemRequest(request_id="4", item=created))
            assert stale.value.reason == "STALE_VERSION"


@pytest.mark.parametrize(
    ("method", "request_message", "permission"),
    [
        ("GetMenu", catalog_api.GetMenuRequest(), "menu.read"),
        ("SearchMenu", catalog_api.SearchMenuRequest(query="soup", limit=20), "menu.read"),
        ("ListStock", catalog_api.ListStockRequest(), "menu.read"),
        ("CreateCategory", catalog_api.CreateCategoryRequest(request_id="1"), "menu.manage"),
        ("ImportMenu", catalog_api.ImportMenuRequest(request_id="1"), "menu.manage"),
        ("CountStock", catalog_api.CountStockRequest(request_id="1"), "stock.adjust"),
        ("ReserveStock", catalog_api.ReserveStockRequest(request_id="1"), "orders.place"),
    ],
)
async def test_a_method_needs_its_permission(
    service_database: OpenDatabase,
    fake_clock: FakeClock,
    method: str,
    request_message: object,
    permission: str,
) -> None:
    async with catalog(service_database, fake_clock) as it:
        others = [each for each in EVERYTHING if each != permission]
        with it.peer.as_user(others, restaurant_id=it.tenant), pytest.raises(PermissionDenied):
            await getattr(it.stub, method)(request_message)


async def test_bad_fields_are_named(service_database: OpenDatabase, fake_clock: FakeClock) -> None:
    async with catalog(service_database, fake_clock) as it:
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            with pytest.raises(InvalidArgument) as shape:
                await it.stub.CreateCategory(
                    catalog_api.CreateCategoryRequest(request_id="1", category=catalog_pb2.Category())
                )
            assert [error.field for error in shape.value.fields] == ["category.name"]
            category = await a_category(it.db, it.tenant)
            with pytest.raises(Unprocessable) as rule:
                item = an_item_message(str(category.id), vat_class="luxury")
                await it.stub.CreateItem(catalog_api.CreateItemRequest(request_id="2", item=item))
            assert [error.field for error in rule.value.fields] == ["item.vat_class"]
            with pytest.raises(InvalidArgument):
                item = an_item_message("no id")
                await it.stub.CreateItem(catalog_api.CreateItemRequest(request_id="3", item=item))


async def test_a_repeated_request_gets_the_first_answer(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    async with catalog(service_database, fake_clock) as it:
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            request = catalog_api.CreateCategoryRequest(
                request_id="1", category=catalog_pb2.Category(name="Mains")
            )
            with pytest.raises(Problem) as refused:
                await it.stub.DeleteItem(catalog_api.DeleteItemRequest(request_id="0", item_id=str(new_id())))
            assert refused.value.reason == "UNKNOWN_ITEM"
            first = it.stub.CreateCategory(request)
            answer = await first
            again = it.stub.CreateCategory(request)
            assert await again == answer
            assert (await was_replayed(first), await was_replayed(again)) == (False, True)


async def test_insufficient_stock_travels_with_what_is_left(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    async with catalog(service_database, fake_clock) as it:
        cake = await counted(it.db, it.tenant, await a_category(it.db, it.tenant), 2)
        order = str(new_id())
        request = catalog_api.ReserveStockRequest(
            request_id="1",
            order_id=order,
            lines=[catalog_pb2.StockLine(line_id=str(new_id()), item_id=str(cake.id), quantity=3)],
        )
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            with pytest.raises(Conflict) as refused:
                await it.stub.ReserveStock(request)
            assert (refused.value.reason, refused.value.metadata[str(cake.id)]) == ("INSUFFICIENT_STOCK", "2")
            request.lines[0].quantity = 2
            [level] = (await it.stub.ReserveStock(request)).levels
            assert (level.on_hand, level.reserved, level.available) == (2, 2, 0)
            await it.stub.ReleaseStock(catalog_api.ReleaseStockRequest(request_id="2", order_id=order))
            [level] = (await it.stub.ListStock(catalog_api.ListStockRequest())).levels
            assert level.available == 2


async def test_stock_is_listed_in_pages(service_database: OpenDatabase, fake_clock: FakeClock) -> None:
    async with catalog(service_database, fake_clock) as it:
        category = await a_category(it.db, it.tenant)
        ids = [str((await counted(it.db, it.tenant, category, 1)).id) for _ in range(5)]
        seen: list[str] = []
        cursor = ""
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            for expected in (2, 2, 1):
                page = common_pb2.PageRequest(limit=2, cursor=cursor)
                reply = await it.stub.ListStock(catalog_api.ListStockRequest(page=page))
                assert len(reply.levels) == expected
                seen += [level.item_id for level in reply.levels]
                cursor = reply.next_cursor
            assert cursor == ""
            with pytest.raises(InvalidArgument):
                bad = common_pb2.PageRequest(cursor="nonsense!")
                await it.stub.ListStock(catalog_api.ListStockRequest(page=bad))
        assert seen == sorted(ids)


async def test_a_file_is_tried_imported_and_imported_again(
    service_database: OpenDatabase, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    async with catalog(service_database, fake_clock) as it:
        request = catalog_api.ImportMenuRequest(
            request_id="1", content=CSV.encode(), format=catalog_pb2.MENU_FORMAT_CSV, dry_run=True
        )
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            dry = await it.stub.ImportMenu(request)
            assert (await it.stub.GetMenu(catalog_api.GetMenuRequest())).menu.version == 0
            assert await event_recorder.events(it.db, it.tenant) == []
            request.dry_run = False
            request.request_id = "2"
            real = await it.stub.ImportMenu(request)
            assert dry == real
            assert (real.created, real.updated, real.unchanged, real.menu_version) == (2, 0, 0, 1)
            request.request_id = "3"
            again = await it.stub.ImportMenu(request)
            assert (again.created, again.updated, again.unchanged, again.menu_version) == (0, 0, 2, 1)
            menu = await it.stub.GetMenu(catalog_api.GetMenuRequest())
        assert [(each.name, each.price_minor) for each in menu.menu.items] == [("Soup", 950), ("Cola", 200)]
        [level] = menu.stock
        assert (level.item_name, level.on_hand, level.version) == ("Cola", 24, 1)
        assert len(await event_recorder.of_type(it.db, catalog_events.MenuChanged, it.tenant)) == 1


async def test_nothing_is_imported_while_a_row_is_rejected(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    async with catalog(service_database, fake_clock) as it:
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            for number, last in enumerate(("Mains,Pie,nine,hot_food,", "Mains,Pie,9,luxury,")):
                request = catalog_api.ImportMenuRequest(
                    request_id=str(number),
                    content=(CSV + last).encode(),
                    format=catalog_pb2.MENU_FORMAT_CSV,
                )
                reply = await it.stub.ImportMenu(request)
                assert [(each.row, each.field) for each in reply.rejected] == [
                    (4, ("price", "vat_class")[number])
                ]
                assert (reply.created, reply.menu_version) == (0, 0)
            assert len((await it.stub.GetMenu(catalog_api.GetMenuRequest())).menu.items) == 0
            with pytest.raises(Unprocessable):
                await it.stub.ImportMenu(
                    catalog_api.ImportMenuRequest(
                        request_id="x", content=CSV.encode(), format=catalog_pb2.MENU_FORMAT_XLSX
                    )
                )


async def test_a_large_import_is_announced_in_parts_of_one_version(
    service_database: OpenDatabase, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    async with catalog(service_database, fake_clock) as it:
        rows = "".join(f"Mains,Dish {n},9,hot_food,{'long ' * 60}\n" for n in range(1200))
        content = f"category,item,price,vat_class,description\n{rows}".encode()
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant):
            request = catalog_api.ImportMenuRequest(
                request_id="1", content=content, format=catalog_pb2.MENU_FORMAT_CSV
            )
            assert (await it.stub.ImportMenu(request)).created == 1200
            menu = await it.stub.GetMenu(catalog_api.GetMenuRequest())
        parts = await event_recorder.of_type(it.db, catalog_events.MenuChanged, it.tenant)
        assert len(parts) > 3
        assert [(each.part, each.parts, each.version) for each in parts] == [
            (number, len(parts), 1) for number in range(1, len(parts) + 1)
        ]
        assert max(each.ByteSize() for each in parts) < 100_000
        assert [item for part in parts for item in part.items] == list(menu.menu.items)


async def test_orders_reads_a_menu_as_itself_and_for_its_restaurant_only(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    async with catalog(service_database, fake_clock, caller="orders") as it:
        with it.peer.as_service(it.tenant):
            reply = await it.stub.GetMenu(catalog_api.GetMenuRequest(restaurant_id=str(it.tenant)))
            assert reply.menu.restaurant_id == str(it.tenant)
            with pytest.raises(PermissionDenied):
                await it.stub.GetMenu(catalog_api.GetMenuRequest(restaurant_id=str(new_id())))
            with pytest.raises(PermissionDenied):
                await it.stub.DeleteItem(catalog_api.DeleteItemRequest(request_id="1", item_id=str(new_id())))


async def test_a_person_cannot_name_another_restaurant(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    async with catalog(service_database, fake_clock) as it:
        with it.peer.as_user(EVERYTHING, restaurant_id=it.tenant), pytest.raises(PermissionDenied):
            await it.stub.GetMenu(catalog_api.GetMenuRequest(restaurant_id=str(new_id())))


async def test_a_snapshot_with_what_came_after_it_is_the_next_snapshot(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, tenant = await service_database("catalog"), new_id()
    async with serving(
        add_ChannelSourceServiceServicer_to_server,
        InventoryChannel(db),
        clock=fake_clock,
        caller="realtime",
    ) as peer:
        stub = ChannelSourceServiceStub(peer.channel)
        snapshot = channel_source_api.GetSnapshotRequest(restaurant_id=str(tenant), channel="inventory")
        category = await a_category(db, tenant)
        forgotten = await counted(db, tenant, category, 5)
        await number_events(db)
        with peer.as_service(tenant):
            before = await stub.GetSnapshot(snapshot)
            for number in range(3):
                await counted(db, tenant, category, number)
            await doing.delete_item(db, command(tenant), forgotten.id)
            await number_events(db)
            after = await stub.GetSnapshot(snapshot)
            replay = await stub.ReplayChannel(
                channel_source_api.ReplayChannelRequest(
                    restaurant_id=str(tenant), channel="inventory", epoch=before.epoch, from_seq=before.seq
                )
            )
            assert replay.outcome == channel_source_api.REPLAY_OUTCOME_EVENTS
            assert [event.seq for event in replay.events] == list(range(before.seq + 1, after.seq + 1))
            state = {level.item_id: level for level in before.inventory.levels}
            for event in replay.events:
                if event.type == catalog_events.StockChanged.DESCRIPTOR.full_name:
                    level = catalog_events.StockChanged.FromString(event.payload).level
                    state[level.item_id] = level
                    if level.untracked:
                        del state[level.item_id]
            assert state == {level.item_id: level for level in after.inventory.levels}
            with pytest.raises(NotFound):
                await stub.GetSnapshot(
                    channel_source_api.GetSnapshotRequest(restaurant_id=str(tenant), channel="kitchen")
                )
            gone = await stub.ReplayChannel(
                channel_source_api.ReplayChannelRequest(
                    restaurant_id=str(tenant), channel="inventory", epoch="other", from_seq=0
                )
            )
            assert gone.outcome == channel_source_api.REPLAY_OUTCOME_EPOCH_CHANGED


async def test_a_snapshot_taken_in_the_middle_of_sales_holds_all_before_its_position_and_takes_all_after_it(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, tenant = await service_database("catalog"), new_id()
    category = await a_category(db, tenant)
    cakes = [await counted(db, tenant, category, 1000) for _ in range(3)]

    async def sell() -> None:
        for number in range(40):
            lines = [StockLine(new_id(), cakes[number % 3].id, 1)]
            await reservation.reserve_stock(db, tenant, new_id(), lines, "c")

    async with serving(
        add_ChannelSourceServiceServicer_to_server,
        InventoryChannel(db),
        clock=fake_clock,
        caller="realtime",
    ) as peer:
        stub = ChannelSourceServiceStub(peer.channel)
        request = channel_source_api.GetSnapshotRequest(restaurant_id=str(tenant), channel="inventory")
        taken = []
        with peer.as_service(tenant):
            sellers = asyncio.gather(*(sell() for _ in range(3)))
            while not sellers.done():
                taken.append(await stub.GetSnapshot(request))
                await number_events(db)
            await sellers
            await number_events(db)
            taken.append(await stub.GetSnapshot(request))
            replay = await stub.ReplayChannel(
                channel_source_api.ReplayChannelRequest(
                    restaurant_id=str(tenant), channel="inventory", epoch=taken[0].epoch, limit=2000
                )
            )
    assert len({snapshot.seq for snapshot in taken}) > 3
    changed = catalog_events.StockChanged
    menus = catalog_events.MenuChanged.DESCRIPTOR.full_name
    assert {event.type for event in replay.events} == {changed.DESCRIPTOR.full_name, menus}
    assert [event.seq for event in replay.events] == list(range(1, taken[-1].seq + 1))
    told = [
        (event.seq, changed.FromString(event.payload).level)
        for event in replay.events
        if event.type == changed.DESCRIPTOR.full_name
    ]
    for snapshot in taken:
        state = {level.item_id: level for level in snapshot.inventory.levels}
        assert all(level in [each for _, each in told] for level in state.values())
        for seq, level in told:
            if seq <= snapshot.seq:
                assert state[level.item_id].version >= level.version
            elif level.item_id not in state or state[level.item_id].version < level.version:
                state[level.item_id] = level
        assert state == {level.item_id: level for level in taken[-1].inventory.levels}
