"""Orders heard through the real inbox: what holds stock ends as its order did, nothing else costs a row."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderCompleted, OrderPlaced, OrderUpdated
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient

from chassis.db import Database
from chassis.ids import new_id
from chassis.messaging.bus import open_nats
from chassis.messaging.inbox import Consumer
from chassis.messaging.stream import MSG_ID, STREAM, ensure_stream, event_headers, subject_of
from harness.fixtures import START, OpenDatabase
from services.catalog.consumers import handlers
from services.catalog.domain.stock import StockLine
from services.catalog.store import stock as stock_store
from services.catalog.tests.builders import a_category, a_restaurant, an_item, counted, saved
from services.catalog.usecases import reservation

PATIENCE_SECONDS = 60.0
DRAFT, VALIDATED = orders_pb2.LIFECYCLE_DRAFT, orders_pb2.LIFECYCLE_VALIDATED
DONE, CANCELLED = orders_pb2.LIFECYCLE_DONE, orders_pb2.LIFECYCLE_CANCELLED
HEARD = "SELECT count(*) FROM inbox WHERE consumer = $1 AND msg_id = ANY($2::uuid[])"


@dataclass
class Shop:
    """A restaurant with ten cakes, and one order of it whose events come through NATS."""

    db: Database
    bus: NatsClient
    durable: str
    tenant: UUID
    cake: UUID
    soup: UUID
    order_id: UUID = field(default_factory=new_id)
    first: UUID = field(default_factory=new_id)
    second: UUID = field(default_factory=new_id)

    def order(
        self, version: int, lifecycle: orders_pb2.Lifecycle.ValueType, *, amended: bool = False
    ) -> orders_pb2.Order:
        """Two cakes and a soup; ``amended``: three other cakes instead of the two."""
        lines = [
            orders_pb2.OrderLine(id=str(new_id()), item_id=str(self.soup), quantity=9, stock_tracked=False),
            orders_pb2.OrderLine(
                id=str(self.first), item_id=str(self.cake), quantity=2, stock_tracked=True, voided=amended
            ),
        ]
        if amended:
            more = orders_pb2.OrderLine(
                id=str(self.second), item_id=str(self.cake), quantity=3, stock_tracked=True
            )
            lines.append(more)
        return orders_pb2.Order(id=str(self.order_id), version=version, lifecycle=lifecycle, lines=lines)

    async def figures(self) -> tuple[int, int]:
        """(on hand, reserved) of the cake."""
        async with self.db.transaction(self.tenant) as tx:
            [level] = await stock_store.levels(tx)
        return level.on_hand, level.reserved

    async def publish(self, event: Message, msg_id: UUID) -> None:
        """As the relay of orders does, but past JetStream's own window of duplicates."""
        kind = event.DESCRIPTOR.full_name
        row = {
            "msg_id": msg_id,
            "type": kind,
            "subject_id": str(self.order_id),
            "created_at": START,
            "positions": [],
            "command_id": None,
            "trace": None,
        }
        headers = event_headers(row, "orders")
        del headers[MSG_ID]
        await self.bus.jetstream().publish(
            subject_of(kind, self.tenant), event.SerializeToString(), headers=headers
        )

    async def rows_of(self, msg_ids: Sequence[UUID]) -> int:
        """How many of the events cost an inbox row."""
        async with self.db.transaction(self.tenant) as tx:
            found: int = await tx.fetchval(HEARD, self.durable, msg_ids)
        return found


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.02)


@pytest.fixture
async def shop(service_database: OpenDatabase, nats_url: str) -> AsyncIterator[Shop]:
    """Heard by a consumer of the test's own on an empty stream."""
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    cake = await counted(db, tenant, category, 10)
    soup = await saved(db, tenant, an_item(category.id))
    bus = await open_nats(nats_url, name="test")
    await ensure_stream(bus)
    await bus.jetstream().delete_stream(STREAM)
    await ensure_stream(bus)
    durable = f"catalog-{new_id()}"
    consumer = Consumer(
        db,
        bus,
        durable=durable,
        handlers=handlers(db.clock),
        first_delay_seconds=0.01,
        ack_wait_seconds=1,
        retry_poll_seconds=0.1,
    )
    task = asyncio.create_task(consumer.run())
    try:
        yield Shop(db, bus, durable, tenant, cake.id, soup.id)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await bus.close()


Life = Callable[[Shop], list[Message]]
LIVES: dict[str, tuple[Life, tuple[int, int]]] = {
    "completed": (
        lambda it: [
            OrderPlaced(order=it.order(1, VALIDATED)),
            OrderCompleted(order=it.order(2, DONE)),
        ],
        (8, 0),
    ),
    "cancelled": (
        lambda it: [
            OrderPlaced(order=it.order(1, VALIDATED)),
            OrderCancelled(order=it.order(2, CANCELLED)),
        ],
        (10, 0),
    ),
    "wasted": (
        lambda it: [
            OrderPlaced(order=it.order(1, VALIDATED)),
            OrderCancelled(order=it.order(2, CANCELLED), wasted=True),
        ],
        (8, 0),
    ),
    "amended": (
        lambda it: [
            OrderPlaced(order=it.order(1, VALIDATED)),
            OrderUpdated(order=it.order(2, VALIDATED, amended=True)),
        ],
        (10, 3),
    ),
    "amended and completed": (
        lambda it: [
            OrderPlaced(order=it.order(1, VALIDATED)),
            OrderUpdated(order=it.order(2, VALIDATED, amended=True)),
            OrderCompleted(order=it.order(3, DONE, amended=True)),
        ],
        (7, 0),
    ),
    "amended and cancelled": (
        lambda it: [
            OrderPlaced(order=it.order(1, VALIDATED)),
            OrderUpdated(order=it.order(2, VALIDATED, amended=True)),
            OrderCancelled(order=it.order(3, CANCELLED, amended=True)),
        ],
        (10, 0),
    ),
    "a draft that was validated": (
        lambda it: [
            OrderUpdated(order=it.order(1, DRAFT)),
            OrderPlaced(order=it.order(2, VALIDATED)),
            OrderCompleted(order=it.order(3, DONE)),
        ],
        (8, 0),
    ),
}


@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
@pytest.mark.parametrize("life", LIVES)
async def test_what_an_order_holds_ends_as_the_order_did_however_its_events_come(
    shop: Shop, life: str, backwards: bool
) -> None:
    events_of, expected = LIVES[life]
    line = StockLine(shop.first, shop.cake, 2)
    await reservation.reserve_stock(shop.db, shop.tenant, shop.order_id, [line], "c")
    events = [(event, new_id()) for event in events_of(shop)]
    for event, msg_id in reversed(events) if backwards else events:
        for _ in range(2):
            await shop.publish(event, msg_id)
    heard = [msg_id for event, msg_id in events if event.order.lifecycle != DRAFT]  # type: ignore[attr-defined]

    async def all_heard() -> bool:
        return await shop.rows_of(heard) == len(heard)

    await eventually(all_heard)
    assert await shop.figures() == expected


@pytest.mark.parametrize("kind", [OrderPlaced, OrderUpdated, OrderCompleted, OrderCancelled])
async def test_an_event_that_moves_no_stock_costs_no_row_and_no_transaction(
    shop: Shop, kind: type[OrderPlaced] | type[OrderUpdated] | type[OrderCompleted] | type[OrderCancelled]
) -> None:
    soups = orders_pb2.OrderLine(id=str(new_id()), item_id=str(shop.soup), quantity=1, stock_tracked=False)
    plain = orders_pb2.Order(id=str(new_id()), version=1, lifecycle=VALIDATED, lines=[soups])
    nothing = orders_pb2.Order(id=str(new_id()), version=1, lifecycle=VALIDATED)
    silent = [new_id(), new_id()]
    for order, msg_id in zip((plain, nothing), silent, strict=True):
        await shop.publish(kind(order=order), msg_id)
    # Events of one type and restaurant come one after the other: those before this one were heard then.
    last = new_id()
    await shop.publish(kind(order=shop.order(1, VALIDATED)), last)

    async def last_heard() -> bool:
        return await shop.rows_of([last]) == 1

    await eventually(last_heard)
    assert await shop.rows_of(silent) == 0


async def test_a_draft_with_counted_goods_costs_no_row(shop: Shop) -> None:
    draft, last = new_id(), new_id()
    await shop.publish(OrderUpdated(order=shop.order(1, DRAFT)), draft)
    await shop.publish(OrderUpdated(order=shop.order(2, VALIDATED)), last)

    async def last_heard() -> bool:
        return await shop.rows_of([last]) == 1

    await eventually(last_heard)
    assert await shop.rows_of([draft]) == 0
    assert await shop.figures() == (10, 2)
