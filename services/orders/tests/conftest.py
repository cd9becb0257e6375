"""The orders service over a real database, with stand-ins of its peers behind real gRPC servers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fynlo.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fynlo.catalog.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from fynlo.payments.v1.payments_service_pb2_grpc import add_PaymentsServiceServicer_to_server

from chassis.clock import FakeClock
from chassis.ids import new_id
from chassis.testing import OpenDatabase
from chassis.testing_rpc import serving
from services.orders.peers import GrpcPeers
from services.orders.tests.stand_ins import AuthStandIn, CatalogStandIn, PaymentsStandIn
from services.orders.tests.world import World
from services.orders.usecases.copies import Copies
from services.orders.usecases.work import Shop


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
                    service_permissions={"orders": frozenset({"menu.read", "orders.cancel", "orders.place"})},
                )
            )
            channels.append(peer.channel)
        peers = GrpcPeers(*channels)
        shop = Shop(db, fake_clock, peers, Copies(db, peers))
        yield World(shop, fake_clock, auth, catalog, payments, new_id())
