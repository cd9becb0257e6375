"""The demo, seeded into real services in this process."""

import csv
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from fynlo.catalog.v1.catalog_service_pb2 import GetMenuRequest
from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from fynlo.orders.v1.floor_service_pb2 import ListSectionsRequest, ListTablesRequest
from fynlo.orders.v1.floor_service_pb2_grpc import FloorServiceStub
from fynlo.orders.v1.orders_service_pb2 import ListStationsRequest
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceStub
from fynlo.staff.v1.staff_service_pb2 import ClockInRequest
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceStub

from chassis.clock import SystemClock
from chassis.rpc import Channel, inbound, open_channel
from deploy.local.embedded import free_port
from deploy.local.keys import kept_secrets
from harness.fixtures import ModuleDatabases
from harness.rpc import PATIENT_SECONDS, identity_for_tests, keys_for_tests
from services.auth.main import build as build_auth
from services.auth.settings import AuthSettings
from services.catalog.main import build as build_catalog
from services.catalog.settings import CatalogSettings
from services.orders.main import build as build_orders
from services.orders.settings import OrdersSettings
from services.staff.main import build as build_staff
from services.staff.settings import StaffSettings
from tools.demo import MANAGER, OWNER, PASSWORD, PLATFORM_OWNER, SECOND_OWNER, TILL
from tools.seed import MENU_FILE, SeedSettings, seed_into


@pytest.fixture
async def system(
    module_databases: ModuleDatabases, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SeedSettings]:
    """auth, catalog, orders and staff on free ports; where they are."""
    ports = {name: free_port() for name in ("auth", "catalog", "orders", "staff")}
    addresses = {f"{name}_address": f"127.0.0.1:{port}" for name, port in ports.items()}
    secrets = kept_secrets(tmp_path_factory.mktemp("keys"))

    async def common(name: str) -> dict[str, object]:
        return {
            **keys_for_tests(name),
            "admin_port": 0,
            "grpc_port": ports[name],
            "database_url": await module_databases.service_url(name),
            "nats_url": nats_url,
            "drain_grace_seconds": 1.0,
            "auth_signing_keys": secrets.signing_keys_json,
            "payments_address": "127.0.0.1:1",
            "mail_adapter": "local",
            "images_dir": tmp_path_factory.mktemp("images"),
            "images_secret": "of-a-system-of-tests",
            **addresses,
        }

    async with AsyncExitStack() as running:
        # auth serves before the others ask it whom to trust.
        auth = await build_auth(AuthSettings.model_validate(await common("auth")))
        await running.enter_async_context(auth)
        for service in (
            await build_catalog(CatalogSettings.model_validate(await common("catalog"))),
            await build_orders(OrdersSettings.model_validate(await common("orders"))),
            await build_staff(StaffSettings.model_validate(await common("staff"))),
        ):
            await running.enter_async_context(service)
        yield SeedSettings.model_validate({**keys_for_tests("seed"), **addresses})


def to(settings: SeedSettings, peer: str) -> Channel:
    """A channel to one of the services."""
    identity = identity_for_tests("gateway", SystemClock())
    address = str(getattr(settings, f"{peer}_address"))
    return open_channel(address, peer=peer, identity=identity, call_seconds=PATIENT_SECONDS)


async def log_in(settings: SeedSettings, email: str) -> auth_pb2.Session:
    """With the published password."""
    async with to(settings, "auth") as channel:
        with inbound(budget_seconds=PATIENT_SECONDS):
            request = auth_api.LogInRequest(email=email, password=PASSWORD)
            return (await AuthServiceStub(channel).LogIn(request)).session


async def test_the_demo_is_seeded_once_and_is_whole(system: SeedSettings) -> None:
    added = await seed_into(system)
    assert added[:2] == ["restaurant Casa Demo", "restaurant Second Demo"]
    assert await seed_into(system) == []
    stands = {
        PLATFORM_OWNER: (auth_pb2.ROLE_PLATFORM_OWNER, ""),
        OWNER: (auth_pb2.ROLE_RESTAURANT_OWNER, "Casa Demo"),
        MANAGER: (auth_pb2.ROLE_MANAGER, "Casa Demo"),
        TILL: (auth_pb2.ROLE_EMPLOYEE, "Casa Demo"),
        SECOND_OWNER: (auth_pb2.ROLE_RESTAURANT_OWNER, "Second Demo"),
    }
    for email, (role, restaurant) in stands.items():
        session = await log_in(system, email)
        assert (session.role, session.restaurant.name) == (role, restaurant)
    till = await log_in(system, TILL)
    async with to(system, "catalog") as catalog, to(system, "orders") as orders, to(system, "staff") as staff:
        with inbound(budget_seconds=PATIENT_SECONDS, token=till.access_token):
            menu = await CatalogServiceStub(catalog).GetMenu(GetMenuRequest())
            listed = await KitchenServiceStub(orders).ListStations(ListStationsRequest())
            floor = FloorServiceStub(orders)
            sections = await floor.ListSections(ListSectionsRequest())
            tables = await floor.ListTables(ListTablesRequest())
            card = await StaffServiceStub(staff).ClockIn(ClockInRequest(request_id="till"))
    assert (len(menu.menu.categories), len(menu.menu.items)) == (5, 27)
    assert {level.item_name: level.available for level in menu.stock} == {
        "Tiramisu": 24,
        "Ribeye steak": 12,
        "Bottled lager": 48,
    }
    covered = [category for station in listed.stations for category in station.category_ids]
    assert sorted(covered) == sorted(category.id for category in menu.menu.categories)
    assert [station.name for station in listed.stations if station.is_default] == ["Kitchen"]
    drinks = next(category.id for category in menu.menu.categories if category.name == "Drinks")
    takers = [station.name for station in listed.stations if drinks in station.category_ids]
    assert takers == ["Bar"]
    assert [section.name for section in sections.sections] == ["Dining room", "Terrace"]
    assert sorted(int(table.name) for table in tables.tables) == list(range(1, 13))
    assert len({(table.section_id, table.x, table.y) for table in tables.tables}) == 12
    assert card.timecard.employee_name == "Tilly Till"


def test_the_menu_shows_every_kind_of_item() -> None:
    with MENU_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"hot_food", "cold_food", "hot_drinks", "always_standard", "alcohol"} == {
        row["vat_class"] for row in rows
    }
    assert sum(bool(row["options"]) for row in rows) >= 10
    assert sum(bool(row["allergens"]) for row in rows) >= 15
    assert sum(bool(row["may_contain"]) for row in rows) >= 3
    assert any(" size)" in row["options"] for row in rows)
    assert any("{is " in row["options"] for row in rows)
    assert any(row["nested_options"] for row in rows)
