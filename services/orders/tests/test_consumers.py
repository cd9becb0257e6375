"""Events of other services through the real stream and the inbox: duplicated, out of order, poisoned."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.catalog.v1.events_pb2 import MenuChanged
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.payments.v1.events_pb2 import PaymentCaptured
from google.protobuf import json_format
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient

from chassis.ids import new_id
from chassis.messaging.bus import open_nats
from chassis.messaging.inbox import Consumer
from chassis.messaging.stream import MSG_ID, ensure_stream, event_headers, subject_of
from harness.fixtures import START, EventRecorder
from services.orders.consumers import handlers
from services.orders.domain.order.axes import Payment
from services.orders.store import restaurant
from services.orders.tests.builders import draft, draft_line, item_message, settings_message
from services.orders.tests.world import World
from services.orders.usecases.copies import Copies
from services.orders.usecases.day import Publisher

EXAMPLES = Path(__file__).parents[3] / "protos" / "examples"
PATIENCE_SECONDS = 30.0
DELIVERIES_MAX = 3


@dataclass
class Stream:
    """Publishes as the relays of other services do."""

    client: NatsClient

    async def publish(self, tenant: UUID, event: Message, *, msg_id: UUID | None = None) -> UUID:
        """A copy with the same id is kept by JetStream as well: its own window of duplicates is passed by."""
        id = msg_id or new_id()
        kind = event.DESCRIPTOR.full_name
        row = {
            "msg_id": id,
            "type": kind,
            "subject_id": "x",
            "created_at": START,
            "positions": [],
            "command_id": None,
            "trace": None,
        }
        headers = event_headers(row, kind.split(".")[1])
        headers[MSG_ID] = str(new_id())
        await self.client.jetstream().publish(
            subject_of(kind, tenant), event.SerializeToString(), headers=headers
        )
        return id


@pytest.fixture
async def stream(world: World, nats_url: str) -> AsyncIterator[Stream]:
    """The consumer of orders at work."""
    client = await open_nats(nats_url, name="test")
    await ensure_stream(client)
    consumer = Consumer(
        world.deps.db,
        client,
        durable="orders",
        handlers=handlers(world.deps),
        max_failures=DELIVERIES_MAX,
        first_delay_seconds=0.05,
    )
    running = asyncio.create_task(consumer.run())
    yield Stream(client)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await client.close()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for what the consumer does."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < give_up_at, "did not happen"
        await asyncio.sleep(0.02)


async def paid_minor(world: World, order_id: str) -> int:
    return (await world.order(order_id)).totals.paid_minor


async def test_money_that_is_announced_twice_counts_once(
    world: World, stream: Stream, event_recorder: EventRecorder
) -> None:
    order = await world.place_pay_first()
    first = world.payment(order.id, 500)
    msg_id = await stream.publish(world.tenant, first)
    await stream.publish(world.tenant, first, msg_id=msg_id)
    await stream.publish(world.tenant, first)  # the same payment in another message
    await stream.publish(world.tenant, world.payment(order.id, 625, sequence=2))

    async def paid() -> bool:
        return (await world.order(order.id)).payment is Payment.PAID

    await until(paid)
    assert await paid_minor(world, order.id) == 1125
    recorded = await event_recorder.of_type(world.deps.db, orders_events.OrderPaymentRecorded, world.tenant)
    assert [event.amount_minor for event in recorded] == [500, 625]
    assert len(await world.tickets(order.id)) == 1


async def test_money_for_an_unknown_order_is_parked_and_stands_in_nobodys_way(
    world: World, stream: Stream
) -> None:
    order = await world.place()
    lost = await stream.publish(world.tenant, world.payment(str(new_id()), 1))
    await stream.publish(world.tenant, world.payment(order.id, 100))

    async def booked() -> bool:
        return await paid_minor(world, order.id) == 100

    async def parked() -> bool:
        async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
            return await tx.fetchval("SELECT true FROM inbox_parked WHERE msg_id = $1", lost) is not None

    await until(booked)
    await until(parked)
    assert await paid_minor(world, order.id) == 100


async def test_menus_and_settings_arrive_by_event(world: World, stream: Stream) -> None:
    await world.place()
    soup, pizza = item_message(name="Soup", version=3), item_message(name="Pizza", version=2)
    settings = settings_message(world.tenant, version=2)
    settings.service_charge_bp = 1000
    tenant = str(world.tenant)
    later = MenuChanged(restaurant_id=tenant, version=3, previous_version=2, items=[soup], part=1, parts=1)
    earlier = MenuChanged(restaurant_id=tenant, version=2, previous_version=1, items=[pizza], part=1, parts=1)
    for event in (later, earlier, RestaurantUpdated(settings=settings)):
        await stream.publish(world.tenant, event)

    async def heard() -> bool:
        async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
            found = await restaurant.find_copies(tx)
        return (found.menu_version, found.settings_version) == (3, 2)

    await until(heard)
    order = await world.place(draft(draft_line(soup), draft_line(pizza)))
    assert (order.menu_version, order.totals.service_charge_minor) == (3, 200)
    assert world.catalog.asked == 1


async def test_figures_wait_for_the_publisher_as_soon_as_a_payment_is_booked(
    world: World, stream: Stream
) -> None:
    order, publisher = await world.place(), Publisher(world.deps)
    await publisher.publish()
    await stream.publish(world.tenant, world.payment(order.id, 100))

    async def booked() -> bool:
        return await paid_minor(world, order.id) == 100

    await until(booked)
    assert await publisher.publish() == 1


def example(kind: type[Message]) -> Message:
    text = (EXAMPLES / f"{kind.DESCRIPTOR.name}.json").read_text(encoding="utf-8")
    return json_format.Parse(text, kind())


async def test_the_published_examples_of_others_are_understood(world: World) -> None:
    settings = example(RestaurantUpdated)
    assert isinstance(settings, RestaurantUpdated)
    tenant = UUID(settings.settings.restaurant_id)
    menu, money = example(MenuChanged), example(PaymentCaptured)
    assert isinstance(menu, MenuChanged)
    assert isinstance(money, PaymentCaptured)
    here = World(world.deps, world.clock, world.auth, world.catalog, world.payments, tenant, world.mint)
    await Copies(world.deps.db, world.deps.peers).get(tenant)
    menu.previous_version, menu.version, menu.parts, menu.part = 1, 2, 1, 1
    order = await here.place(draft(draft_line(here.burger), id=money.payment.order_id))
    for event in (settings, menu, money):
        async with world.deps.db.transaction(tenant) as tx:
            await handlers(world.deps)[type(event)](tx, event, None)  # type: ignore[arg-type] # context is not used
    known = await Copies(world.deps.db, world.deps.peers).get(tenant)
    assert known.restaurant.version == settings.settings.version
    assert {UUID(item.id) for item in menu.items} <= set(known.menu.items)
    assert await paid_minor(here, order.id) == money.payment.amount_minor
