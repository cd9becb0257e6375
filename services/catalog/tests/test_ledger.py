"""Levels are the sums of their movements: compared, rebuilt, opened, listed."""

import asyncio
import os
import sys
import time
from datetime import timedelta
from uuid import UUID

import pytest
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.catalog.v1 import stock_pb2
from fynlo.catalog.v1 import stock_service_pb2 as stock_api
from fynlo.catalog.v1.stock_service_pb2_grpc import StockServiceStub, add_StockServiceServicer_to_server
from fynlo.common.v1 import common_pb2

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.errors import InvalidArgument, PermissionDenied, Unavailable
from chassis.ids import new_id
from chassis.instants import timestamp
from harness.fixtures import EventRecorder, ModuleDatabases, OpenDatabase
from harness.rpc import serving
from services.catalog.domain.errors import InsufficientStock
from services.catalog.domain.item import Item
from services.catalog.domain.movement import MovementKind
from services.catalog.domain.stock import StockLine
from services.catalog.rpc.service import StockServiceRpc
from services.catalog.store import stock as stock_store
from services.catalog.tests import doing
from services.catalog.tests.builders import a_category, a_restaurant, command, counted
from services.catalog.usecases import reservation
from services.catalog.usecases.stock.ledger import check_ledger, rebuild_levels

BUYERS, UNITS = 200, 50
HOUR = timedelta(hours=1)


async def a_shelf(service_database: OpenDatabase) -> tuple[Database, UUID, Item]:
    """Ten cakes, of which orders hold four."""
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    await reservation.reserve_stock(db, tenant, new_id(), [StockLine(new_id(), cake.id, 4)], "c")
    return db, tenant, cake


async def figures(db: Database, tenant: UUID) -> tuple[int, int]:
    async with db.transaction(tenant) as tx:
        [level] = await stock_store.levels(tx)
    return level.on_hand, level.reserved


@pytest.mark.parametrize("wrong", ["on_hand = 12", "reserved = 1", "on_hand = -1, reserved = 9"])
async def test_a_level_that_is_not_the_sum_of_its_movements_is_found_and_rebuilt(
    service_database: OpenDatabase, event_recorder: EventRecorder, wrong: str
) -> None:
    db, tenant, cake = await a_shelf(service_database)
    assert await check_ledger(db, tenant) == []
    async with db.transaction(tenant) as tx:
        await tx.execute(f"UPDATE stock SET {wrong}")
    assert [line.item_id for line in await check_ledger(db, tenant)] == [cake.id]
    before = len(await event_recorder.of_type(db, catalog_events.StockChanged, tenant))
    assert [line.item_id for line in await rebuild_levels(db, tenant)] == [cake.id]
    assert await figures(db, tenant) == (10, 4)
    assert await check_ledger(db, tenant) == []
    assert await rebuild_levels(db, tenant) == []
    changed = await event_recorder.of_type(db, catalog_events.StockChanged, tenant)
    assert [(each.level.on_hand, each.level.reserved) for each in changed[before:]] == [(10, 4)]


async def test_what_orders_hold_and_nobody_booked_is_booked_before_a_level_is_rebuilt(
    service_database: OpenDatabase,
) -> None:
    db, tenant, cake = await a_shelf(service_database)
    # As code that keeps no movements of reservations does it.
    held = f'[["{new_id()}", "{cake.id}", 3]]'
    async with db.transaction(tenant) as tx:
        await tx.execute(
            "INSERT INTO reservation (restaurant_id, order_id, state, order_version, lines, updated_at)"
            f" VALUES ($1, $2, 'confirmed', 1, '{held}', $3)",
            tenant,
            new_id(),
            db.clock.now(),
        )
        await tx.execute("UPDATE stock SET reserved = reserved + 3")
    [line] = await rebuild_levels(db, tenant)
    assert (line.ledger_reserved, line.held) == (4, 7)
    assert await figures(db, tenant) == (10, 7)
    assert await check_ledger(db, tenant) == []


async def test_a_rebuild_among_sales_loses_none(service_database: OpenDatabase) -> None:
    db, tenant, cake = await a_shelf(service_database)
    await doing.record(db, command(tenant), cake.id, MovementKind.DELIVERY, 90)
    async with db.transaction(tenant) as tx:
        await tx.execute("UPDATE stock SET on_hand = 1000")
    lines = [StockLine(new_id(), cake.id, 1) for _ in range(40)]
    buying = [reservation.reserve_stock(db, tenant, new_id(), [line], "c") for line in lines]
    await asyncio.gather(*buying[:20], rebuild_levels(db, tenant), *buying[20:])
    assert await figures(db, tenant) == (100, 44)
    assert await check_ledger(db, tenant) == []


async def _command(url: str, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.catalog.ledger",
        *words,
        env={**os.environ, "FYNLO_DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_the_command_looks_at_all_restaurants_or_at_those_that_it_is_given(
    service_database: OpenDatabase, module_databases: ModuleDatabases
) -> None:
    db, tenant, cake = await a_shelf(service_database)
    url = await module_databases.service_url("catalog")
    async with db.transaction(tenant) as tx:
        await tx.execute("UPDATE stock SET on_hand = 11")
    other = await a_restaurant(db)
    assert await _command(url, "check", str(other)) == (0, "every level is the sum of its movements\n")
    code, said = await _command(url, "check")
    assert (code, f"{tenant} {cake.id}: level 11 on hand, 4 reserved; movements 10, 4" in said) == (1, True)
    code, said = await _command(url, "rebuild")
    assert (code, said.endswith("1 levels were made what their movements say\n")) == (0, True)
    assert await _command(url, "check") == (0, "every level is the sum of its movements\n")
    assert await figures(db, tenant) == (10, 4)


async def test_two_hundred_buyers_of_fifty_units_buy_fifty(
    service_database: OpenDatabase, record_property: object
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), UNITS)

    async def buy() -> bool:
        order, lines = new_id(), [StockLine(new_id(), cake.id, 1)]
        while True:
            try:
                await reservation.reserve_stock(db, tenant, order, lines, "c")
            except InsufficientStock:
                return False
            except Unavailable:
                continue  # All connections were in use for too long: asked again, as a till does.
            return True

    began = time.monotonic()
    bought = await asyncio.gather(*(buy() for _ in range(BUYERS)))
    assert callable(record_property)
    record_property("buyers_per_second", round(BUYERS / (time.monotonic() - began)))
    assert sum(bought) == UNITS
    assert await figures(db, tenant) == (UNITS, UNITS)
    assert await check_ledger(db, tenant) == []


async def test_movements_are_listed_newest_first_in_pages_and_by_what_is_asked(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    cake, cola = await counted(db, tenant, category, 10), await counted(db, tenant, category, 20)
    begun = fake_clock.now()
    for number in range(1, 5):
        fake_clock.advance(HOUR)
        await doing.record(db, command(tenant), cake.id, MovementKind.DELIVERY, number)
    await doing.record(db, command(tenant), cola.id, MovementKind.WASTE, 3, begun + HOUR / 2)
    rpc = StockServiceRpc(db)
    async with serving(
        add_StockServiceServicer_to_server, rpc, clock=fake_clock, caller="gateway", service_name="catalog"
    ) as peer:
        stub = StockServiceStub(peer.channel)

        async def listed(limit: int = 50, **asked: object) -> list[list[stock_pb2.StockMovement]]:
            pages: list[list[stock_pb2.StockMovement]] = []
            cursor = ""
            while not pages or cursor:
                page = common_pb2.PageRequest(limit=limit, cursor=cursor)
                request = stock_api.ListMovementsRequest(page=page, **asked)  # type: ignore[arg-type]
                reply = await stub.ListMovements(request)
                pages.append(list(reply.movements))
                cursor = reply.next_cursor
            return pages

        with peer.as_user(["menu.read"], restaurant_id=tenant):
            pages = await listed(limit=3)
            assert [len(page) for page in pages] == [3, 3, 1]
            movements = [each for page in pages for each in page]
            assert [each.quantity for each in movements[:5]] == [4, 3, 2, 1, -3]
            assert {(each.item_name, each.quantity) for each in movements[5:]} == {
                (cake.name, 10),
                (cola.name, 20),
            }
            [of_cola] = await listed(item_id=str(cola.id))
            assert [each.kind for each in of_cola] == [
                stock_pb2.MOVEMENT_KIND_WASTE,
                stock_pb2.MOVEMENT_KIND_COUNT,
            ]
            [some] = await listed(kinds=[stock_pb2.MOVEMENT_KIND_DELIVERY, stock_pb2.MOVEMENT_KIND_WASTE])
            assert [each.quantity for each in some] == [4, 3, 2, 1, -3]
            since, until = timestamp(begun + HOUR), timestamp(begun + 3 * HOUR)
            [between] = await listed(occurred_from=since, occurred_to=until)
            assert [each.quantity for each in between] == [2, 1]
            with pytest.raises(InvalidArgument):
                await stub.ListMovements(stock_api.ListMovementsRequest(item_id="a cake"))
            told = stock_api.RecordWasteRequest(request_id="1", item_id=str(cake.id), quantity=1)
            with pytest.raises(PermissionDenied):
                await stub.RecordWaste(told)
        with peer.as_user(["stock.adjust"], restaurant_id=tenant):
            level = (await stub.RecordWaste(told)).level
            assert level.on_hand == 19
        with peer.as_user(["menu.read"], restaurant_id=new_id()):
            assert await listed() == [[]]
