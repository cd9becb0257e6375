"""The process as it is composed for production: it starts, answers, publishes and stops."""

import asyncio
import time
from typing import Any

import pytest
from fynlo.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import OrdersServiceStub
from nats.aio.msg import Msg

from chassis.clock import SystemClock
from chassis.errors import NotFound
from chassis.ids import new_id
from chassis.messaging.bus import open_nats
from chassis.messaging.stream import ensure_stream
from chassis.rpc import acting_for, inbound, open_channel
from harness.fixtures import ModuleDatabases
from harness.rpc import (
    PATIENT_SECONDS,
    StandInAuth,
    TokenMint,
    identity_for_tests,
    serving,
    settings_for_tests,
)
from services.orders.main import build
from services.orders.settings import OrdersSettings
from services.orders.tests.builders import draft, draft_line
from services.orders.tests.world import World

PATIENCE_SECONDS = 30.0


async def test_the_process_serves_and_publishes(
    world: World, module_databases: ModuleDatabases, nats_url: str
) -> None:
    await world.deps.copies.get(world.tenant)  # so that it need not ask for menu and settings
    clock = SystemClock()
    keys = StandInAuth(TokenMint(clock))  # type: ignore[abstract] # the rest of auth is not asked
    heard: list[str] = []
    bus = await open_nats(nats_url, name="test")
    await ensure_stream(bus)

    async def hear(msg: Msg) -> None:
        heard.append(msg.subject)

    await bus.subscribe("fynlo.orders.v1.*.*", cb=hear)
    async with serving(add_AuthServiceServicer_to_server, keys, clock=clock, service_name="auth") as auth:
        base = settings_for_tests(
            database_url=await module_databases.service_url("orders"), nats_url=nats_url
        ).model_dump()
        settings = OrdersSettings(
            **base,
            auth_address=f"127.0.0.1:{auth.server.port}",
            catalog_address="127.0.0.1:1",
            payments_address="127.0.0.1:1",
        )
        async with await build(settings) as service:
            identity = identity_for_tests("payments", clock)
            address = f"127.0.0.1:{service.grpc_port}"
            channel = open_channel(address, peer="orders", identity=identity, call_seconds=PATIENT_SECONDS)
            orders = OrdersServiceStub(channel)
            who = keys.mint.principal(
                restaurant_id=world.tenant, permissions=frozenset({"orders.place", "orders.read"})
            )
            with inbound(budget_seconds=PATIENT_SECONDS, token=keys.mint.token(who), principal=who):
                request = orders_api.PlaceOrderRequest(request_id="r1", order=draft(draft_line(world.burger)))
                placed = (await orders.PlaceOrder(request)).order
            with acting_for(world.tenant, budget_seconds=PATIENT_SECONDS):
                asked = orders_api.GetOrderRequest(order_id=placed.id, restaurant_id=str(world.tenant))
                found = await orders.GetOrder(asked)
                asked.order_id = str(new_id())
                with pytest.raises(NotFound):
                    await orders.GetOrder(asked)
            assert found.order == placed
            await _until(lambda: f"fynlo.orders.v1.OrderPlaced.{world.tenant}" in heard)
            await _until(lambda: f"fynlo.orders.v1.MetricsUpdated.{world.tenant}" in heard)
            await channel.close()
    await bus.close()


async def _until(condition: Any) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, "did not happen"
        await asyncio.sleep(0.05)
