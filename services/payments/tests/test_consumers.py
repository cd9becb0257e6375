"""Events from other services, through real NATS and the whole process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import grpc
import pytest
from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1 import payments_service_pb2_grpc as payments_grpc
from google.protobuf.message import Message
from nats.aio.client import Client

from chassis.ids import new_id
from chassis.messaging.bus import open_nats
from chassis.messaging.inbox import Consumer
from chassis.messaging.stream import ensure_stream
from harness.fixtures import ModuleDatabases
from harness.rpc import keys_for_tests
from services.payments.consumers import handlers
from services.payments.domain.errors import BillClosed
from services.payments.main import build
from services.payments.settings import PaymentsSettings
from services.payments.tests.world import World

WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05
POLLS = 300


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Client]:
    client = await open_nats(nats_url, name="test")
    await ensure_stream(client)
    yield client
    await client.close()


@asynccontextmanager
async def consuming(world: World, bus: Client) -> AsyncIterator[None]:
    consumer = Consumer(
        world.db,
        bus,
        durable="payments",
        handlers=handlers(world.db),
        max_failures=2,
        first_delay_seconds=0.05,
    )
    running = asyncio.create_task(consumer.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def publish(bus: Client, tenant: UUID, event: Message, message_id: str | None = None) -> None:
    """As the relay of the owner would."""
    kind = event.DESCRIPTOR.full_name
    identity = message_id or str(new_id())
    headers = {
        "Nats-Msg-Id": str(new_id()),  # the stream takes it, also when the inbox has seen it
        "ce-id": identity,
        "ce-type": kind,
        "ce-source": "/services/test",
        "ce-subject": "",
        "ce-time": "2026-03-02T12:00:00+00:00",
    }
    await bus.jetstream().publish(f"{kind}.{tenant}", event.SerializeToString(), headers=headers)


async def eventually(world: World, sql: str, *args: object, expected: object) -> None:
    for _ in range(POLLS):
        if await world.fetchval(sql, *args) == expected:
            return
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError(f"{sql} never became {expected}")


def version_of(order: orders_pb2.Order, version: int, **changes: Any) -> orders_pb2.Order:
    made = orders_pb2.Order()
    made.CopyFrom(order)
    made.MergeFrom(orders_pb2.Order(version=version, **changes))
    return made


async def test_orders_open_bills_whatever_the_order_and_number_of_deliveries(
    world: World, bus: Client
) -> None:
    order = world.order(1000)
    newer = version_of(order, 2, covers=5)
    tenant, twice = world.restaurant_id, str(new_id())
    async with consuming(world, bus):
        await publish(bus, tenant, orders_events.OrderUpdated(order=newer), twice)
        await publish(bus, tenant, orders_events.OrderPlaced(order=order))
        await publish(bus, tenant, orders_events.OrderUpdated(order=newer), twice)
        await publish(bus, tenant, RestaurantUpdated(settings=world.settings(version=4, fee_preset="")))
        await eventually(world, "SELECT covers FROM bill WHERE order_id = $1", UUID(order.id), expected=5)
        await eventually(world, "SELECT version FROM restaurant", expected=4)
    await world.open_till()
    assert (await world.pay(order)).due_minor == 0
    assert (world.orders.asked, world.restaurants.asked) == (0, 0)


async def test_a_cancellation_closes_the_bill_and_older_news_does_not_reopen_it(
    world: World, bus: Client
) -> None:
    order = world.order(1000)
    cancelled = version_of(order, 3, lifecycle=orders_pb2.LIFECYCLE_CANCELLED)
    async with consuming(world, bus):
        await publish(bus, world.restaurant_id, orders_events.OrderCancelled(order=cancelled))
        version = "SELECT order_version FROM bill WHERE order_id = $1"
        await eventually(world, version, UUID(order.id), expected=3)
        next_one = world.order(1000)
        await publish(bus, world.restaurant_id, orders_events.OrderPlaced(order=order))
        await publish(bus, world.restaurant_id, orders_events.OrderPlaced(order=next_one))
        await eventually(world, version, UUID(next_one.id), expected=next_one.version)
        assert await world.fetchval(version, UUID(order.id)) == 3
    await world.open_till()
    with pytest.raises(BillClosed):
        await world.pay(order)


async def test_a_draft_opens_no_bill(world: World, bus: Client) -> None:
    draft = world.order(lifecycle=orders_pb2.LIFECYCLE_DRAFT)
    placed = world.order()
    async with consuming(world, bus):
        await publish(bus, world.restaurant_id, orders_events.OrderUpdated(order=draft))
        await publish(bus, world.restaurant_id, orders_events.OrderPlaced(order=placed))
        await eventually(world, "SELECT count(*) FROM bill", expected=1)
    assert await world.fetchval("SELECT order_id FROM bill") == UUID(placed.id)


async def test_poison_is_parked_and_stands_in_nobodys_way(world: World, bus: Client) -> None:
    wrong, foreign = world.order(1000), world.order(1000, restaurant_id=str(new_id()))
    wrong.vat[0].vat_minor = 5000
    good = world.order(1000)
    poison = {str(new_id()): wrong, str(new_id()): foreign}
    async with consuming(world, bus):
        for message_id, order in poison.items():
            await publish(bus, world.restaurant_id, orders_events.OrderPlaced(order=order), message_id)
        await publish(bus, world.restaurant_id, orders_events.OrderPlaced(order=good))
        await eventually(world, "SELECT count(*) FROM bill", expected=1)
        parked = "SELECT count(*) FROM inbox_parked WHERE msg_id = ANY ($1)"
        await eventually(world, parked, [UUID(one) for one in poison], expected=2)
    assert await world.fetchval("SELECT order_id FROM bill") == UUID(good.id)


async def test_the_whole_process_serves_consumes_and_publishes(
    module_databases: ModuleDatabases, nats_url: str, world: World, bus: Client
) -> None:
    settings = PaymentsSettings(
        **keys_for_tests("payments"),
        admin_port=0,
        grpc_port=0,
        database_url=await module_databases.service_url("payments"),
        nats_url=nats_url,
        auth_address=world.auth_address,
        orders_address=world.orders_address,
        drain_grace_seconds=1.0,
    )
    world.restaurants.jwks = world.mint.jwks()
    order = world.order(1000)
    captured: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def on_capture(message: Any) -> None:
        captured.set_result(message.data)

    await bus.subscribe(f"fynlo.payments.v1.PaymentCaptured.{world.restaurant_id}", cb=on_capture)
    service = await build(settings, world.clock)
    async with service:
        await publish(bus, world.restaurant_id, orders_events.OrderPlaced(order=order))
        await eventually(world, "SELECT count(*) FROM bill", expected=1)
        token = world.mint.token(
            world.mint.principal(
                restaurant_id=world.restaurant_id,
                permissions=frozenset({"till.operate", "payments.take"}),
            )
        )
        metadata = (("authorization", f"Bearer {token}"),)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{service.grpc_port}") as channel:
            tills: payments_grpc.TillServiceAsyncStub = payments_grpc.TillServiceStub(channel)
            payments: payments_grpc.PaymentsServiceAsyncStub = payments_grpc.PaymentsServiceStub(channel)
            await tills.OpenTill(
                payments_api.OpenTillRequest(request_id="o", till="Front"), metadata=metadata
            )
            paid = await payments.TakePayment(
                payments_api.TakePaymentRequest(
                    request_id="p", order_id=order.id, method=payments_pb2.PAYMENT_METHOD_CASH
                ),
                metadata=metadata,
            )
        async with asyncio.timeout(WAIT_SECONDS):
            fact = payments_events.PaymentCaptured.FromString(await captured)
    assert fact.payment == paid.payment
    assert (fact.paid_minor, fact.due_minor, fact.sequence) == (1000, 0, 1)
