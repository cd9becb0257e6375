"""The whole process beside real peers: Postgres, NATS, an auth and an orders server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from fynlo.catalog.v1.events_pb2 import MenuChanged
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.events_pb2 import OrderCompleted, OrderPlaced
from fynlo.orders.v1.orders_service_pb2_grpc import (
    OrdersServiceServicer,
    add_OrdersServiceServicer_to_server,
)
from google.protobuf.message import Message
from pydantic import SecretStr

from chassis.clock import FakeClock
from chassis.errors import NotFound
from chassis.ids import new_id
from chassis.messaging.bus import open_nats
from chassis.messaging.stream import STREAM, event_headers, subject_of
from chassis.rpc import inbound, open_channel
from harness.fixtures import START, ModuleDatabases
from harness.rpc import (
    PATIENT_SECONDS,
    StandInAuth,
    TokenMint,
    identity_for_tests,
    keys_for_tests,
    serving,
)
from services.catalog.domain.reservation import HOLD_LIFETIME
from services.catalog.main import build
from services.catalog.settings import CatalogSettings

if TYPE_CHECKING:
    from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceAsyncStub

PATIENCE_SECONDS = 20.0
EVERYTHING = frozenset({"menu.read", "menu.manage", "stock.adjust", "orders.place"})


class Auth(StandInAuth):
    """Knows every restaurant, and the key of the test's tokens."""

    async def GetRestaurant(
        self, request: auth_api.GetRestaurantRequest, context: object
    ) -> auth_api.GetRestaurantResponse:
        settings = common_pb2.RestaurantSettings(
            restaurant_id=request.restaurant_id,
            version=1,
            name="Far",
            currency_code="JPY",
            time_zone="Asia/Tokyo",
        )
        return auth_api.GetRestaurantResponse(
            restaurant=auth_pb2.Restaurant(id=request.restaurant_id, settings=settings)
        )


class Orders(OrdersServiceServicer):
    """Knows no order."""

    async def GetOrder(
        self, request: orders_api.GetOrderRequest, context: object
    ) -> orders_api.GetOrderResponse:
        raise NotFound(reason="ORDER_NOT_FOUND")


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running(
    databases: ModuleDatabases, nats_url: str, clock: FakeClock
) -> AsyncIterator[tuple["CatalogServiceAsyncStub", TokenMint]]:
    mint = TokenMint(clock)
    async with (
        serving(
            add_AuthServiceServicer_to_server,
            Auth(mint),  # type: ignore[abstract]
            clock=clock,
            service_name="auth",
        ) as auth,
        serving(
            add_OrdersServiceServicer_to_server,
            Orders(),  # type: ignore[abstract]
            clock=clock,
        ) as orders,
    ):
        settings = CatalogSettings(
            **keys_for_tests("catalog"),
            admin_port=0,
            grpc_port=0,
            database_url=await databases.service_url("catalog"),
            nats_url=nats_url,
            auth_address=f"127.0.0.1:{auth.server.port}",
            orders_address=f"127.0.0.1:{orders.server.port}",
            drain_grace_seconds=1,
            images_dir=Path("/dev/null/images"),
            images_secret=SecretStr("of-tests-that-have-no-picture-at-all"),
        )
        async with await build(settings, clock) as service:
            address = f"127.0.0.1:{service.grpc_port}"
            identity = identity_for_tests("gateway", clock)
            async with open_channel(
                address, peer="catalog", identity=identity, call_seconds=PATIENT_SECONDS
            ) as channel:
                yield CatalogServiceStub(channel), mint


async def publish(nats_url: str, tenant: UUID, event: Message) -> None:
    """As the relay of another service does."""
    kind = event.DESCRIPTOR.full_name
    row = {
        "msg_id": new_id(),
        "type": kind,
        "subject_id": str(new_id()),
        "created_at": START,
        "positions": [],
        "command_id": None,
        "trace": None,
    }
    client = await open_nats(nats_url, name="test")
    try:
        await client.jetstream().publish(
            subject_of(kind, tenant), event.SerializeToString(), headers=event_headers(row, "orders")
        )
    finally:
        await client.close()


async def test_a_menu_is_published_and_an_order_runs_through_the_stock(
    module_databases: ModuleDatabases, nats_url: str, fake_clock: FakeClock
) -> None:
    async with running(module_databases, nats_url, fake_clock) as (stub, mint):
        principal = mint.principal(permissions=EVERYTHING)
        tenant = principal.tenant
        with inbound(budget_seconds=PATIENT_SECONDS, token=mint.token(principal), principal=principal):
            content = b"category,item,price,vat_class,stock\nMains,Ramen,1200,hot_food,10\n"
            await stub.ImportMenu(
                catalog_api.ImportMenuRequest(
                    request_id="1", content=content, format=catalog_pb2.MENU_FORMAT_CSV
                )
            )
            menu = await stub.GetMenu(catalog_api.GetMenuRequest())
            [item] = menu.menu.items
            assert (menu.menu.currency_code, item.price_minor) == ("JPY", 1200)
            client = await open_nats(nats_url, name="test")

            async def told() -> bool:
                subject = subject_of(MenuChanged.DESCRIPTOR.full_name, tenant)
                return await _count(client, subject) == 1

            await eventually(told)
            await client.close()
            order_id, line_id = str(new_id()), str(new_id())
            line = catalog_pb2.StockLine(line_id=line_id, item_id=item.id, quantity=4)
            await stub.ReserveStock(
                catalog_api.ReserveStockRequest(request_id="2", order_id=order_id, lines=[line])
            )
            order = orders_pb2.Order(
                id=order_id,
                version=1,
                lifecycle=orders_pb2.LIFECYCLE_VALIDATED,
                lines=[orders_pb2.OrderLine(id=line_id, item_id=item.id, quantity=4)],
            )
            await publish(nats_url, tenant, OrderPlaced(order=order))
            order.version, order.lifecycle = 2, orders_pb2.LIFECYCLE_DONE
            await publish(nats_url, tenant, OrderCompleted(order=order))

            async def sold() -> bool:
                [level] = (await stub.ListStock(catalog_api.ListStockRequest())).levels
                return (level.on_hand, level.reserved) == (6, 0)

            await eventually(sold)
            assert (await stub.GetMenu(catalog_api.GetMenuRequest())).stock[0].on_hand == 6


async def test_a_hold_whose_order_nobody_knows_is_let_go(
    module_databases: ModuleDatabases, nats_url: str, fake_clock: FakeClock
) -> None:
    async with running(module_databases, nats_url, fake_clock) as (stub, mint):
        principal = mint.principal(permissions=EVERYTHING)
        with inbound(budget_seconds=PATIENT_SECONDS, token=mint.token(principal), principal=principal):
            content = b"category,item,price,vat_class,stock\nMains,Ramen,1200,hot_food,10\n"
            await stub.ImportMenu(
                catalog_api.ImportMenuRequest(
                    request_id="1", content=content, format=catalog_pb2.MENU_FORMAT_CSV
                )
            )
            [item] = (await stub.GetMenu(catalog_api.GetMenuRequest())).menu.items
            line = catalog_pb2.StockLine(line_id=str(new_id()), item_id=item.id, quantity=4)
            held = await stub.ReserveStock(
                catalog_api.ReserveStockRequest(request_id="2", order_id=str(new_id()), lines=[line])
            )
            assert held.levels[0].reserved == 4
            fake_clock.advance(HOLD_LIFETIME)

            async def let_go() -> bool:
                [level] = (await stub.ListStock(catalog_api.ListStockRequest())).levels
                return level.reserved == 0

            await eventually(let_go)


async def _count(client: object, subject: str) -> int:
    info = await client.jetstream().stream_info(STREAM, subjects_filter=subject)  # type: ignore[attr-defined]
    return sum((info.state.subjects or {}).values())
