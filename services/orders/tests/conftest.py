"""The orders service over a real database, with stand-ins of its peers behind real gRPC servers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from fynlo.auth.v1 import auth_pb2, auth_service_pb2
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceServicer, add_AuthServiceServicer_to_server
from fynlo.catalog.v1 import catalog_pb2, catalog_service_pb2
from fynlo.catalog.v1.catalog_service_pb2_grpc import (
    CatalogServiceServicer,
    add_CatalogServiceServicer_to_server,
)
from fynlo.common.v1 import common_pb2
from fynlo.payments.v1 import payments_service_pb2
from fynlo.payments.v1.payments_service_pb2_grpc import (
    PaymentsServiceServicer,
    add_PaymentsServiceServicer_to_server,
)

from chassis.clock import FakeClock
from chassis.errors import Conflict, Problem
from chassis.ids import new_id
from chassis.rpc import current_principal
from chassis.testing import OpenDatabase
from chassis.testing_rpc import serving
from services.orders.peers import GrpcPeers
from services.orders.tests.builders import settings_message
from services.orders.tests.world import World
from services.orders.usecases.copies import Copies
from services.orders.usecases.work import Shop


class AuthStandIn(AuthServiceServicer):
    """Knows every restaurant."""

    def __init__(self) -> None:
        self.settings: dict[UUID, common_pb2.RestaurantSettings] = {}
        self.asked = 0

    async def GetRestaurant(
        self, request: auth_service_pb2.GetRestaurantRequest, context: object
    ) -> auth_service_pb2.GetRestaurantResponse:
        self.asked += 1
        restaurant_id = UUID(request.restaurant_id)
        settings = self.settings.get(restaurant_id, settings_message(restaurant_id))
        restaurant = auth_pb2.Restaurant(id=request.restaurant_id, settings=settings)
        return auth_service_pb2.GetRestaurantResponse(restaurant=restaurant)


class CatalogStandIn(CatalogServiceServicer):
    """Has menus and remembers who reserved what."""

    def __init__(self) -> None:
        self.menus: dict[UUID, catalog_pb2.Menu] = {}
        self.asked = 0
        self.reserved: dict[str, list[catalog_pb2.StockLine]] = {}
        self.released: list[str] = []
        self.refusal: Problem | None = None

    async def GetMenu(
        self, request: catalog_service_pb2.GetMenuRequest, context: object
    ) -> catalog_service_pb2.GetMenuResponse:
        self.asked += 1
        return catalog_service_pb2.GetMenuResponse(menu=self.menus[current_principal().tenant])

    async def ReserveStock(
        self, request: catalog_service_pb2.ReserveStockRequest, context: object
    ) -> catalog_service_pb2.ReserveStockResponse:
        if self.refusal is not None:
            raise self.refusal
        self.reserved.setdefault(request.order_id, list(request.lines))
        return catalog_service_pb2.ReserveStockResponse()

    async def ReleaseStock(
        self, request: catalog_service_pb2.ReleaseStockRequest, context: object
    ) -> catalog_service_pb2.ReleaseStockResponse:
        self.released.append(request.order_id)
        self.reserved.pop(request.order_id, None)
        return catalog_service_pb2.ReleaseStockResponse()


class PaymentsStandIn(PaymentsServiceServicer):
    """Closes bills unless money is on them."""

    def __init__(self) -> None:
        self.closed: list[str] = []
        self.with_money: set[str] = set()
        self.refusal: Problem | None = None

    async def CloseBill(
        self, request: payments_service_pb2.CloseBillRequest, context: object
    ) -> payments_service_pb2.CloseBillResponse:
        if self.refusal is not None:
            raise self.refusal
        if request.order_id in self.with_money:
            raise Conflict("money is on the bill", reason="BILL_HAS_PAYMENTS")
        self.closed.append(request.order_id)
        return payments_service_pb2.CloseBillResponse()


@pytest.fixture
async def world(service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[World]:
    """A restaurant of its own for each test, with its peers."""
    db = await service_database("orders")
    auth = AuthStandIn()  # type: ignore[abstract] # the rest of the contract is not asked
    catalog = CatalogStandIn()  # type: ignore[abstract]
    payments = PaymentsStandIn()  # type: ignore[abstract]
    async with AsyncExitStack() as stack:
        channels = []
        for name, register, servicer in (
            ("auth", add_AuthServiceServicer_to_server, auth),
            ("catalog", add_CatalogServiceServicer_to_server, catalog),
            ("payments", add_PaymentsServiceServicer_to_server, payments),
        ):
            peer = await stack.enter_async_context(
                serving(
                    register,
                    servicer,
                    clock=fake_clock,
                    caller="orders",
                    service_name=name,
                )
            )
            channels.append(peer.channel)
        peers = GrpcPeers(*channels)
        shop = Shop(db, fake_clock, peers, Copies(db, peers))
        yield World(shop, fake_clock, auth, catalog, payments, new_id())
