"""Expired holds: orders is asked, then the hold ends as its order did."""

from datetime import timedelta
from uuid import UUID

import pytest
from fynlo.orders.v1 import orders_pb2

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.sweeps import UNANSWERED_IN_A_ROW
from chassis.errors import NotFound, Unavailable
from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.reservation import AGAIN_AFTER_MAX, HOLD_LIFETIME, StockOrder
from services.catalog.domain.stock import StockLine
from services.catalog.store import stock as stock_store
from services.catalog.sweeper import SWEEP_EVERY_SECONDS, HoldSweeper
from services.catalog.tests.builders import a_category, a_restaurant, counted
from services.catalog.usecases import reservation
from services.catalog.wire.reservation import stock_order_in

SWEEP_EVERY = timedelta(seconds=SWEEP_EVERY_SECONDS)


class Orders:
    """Answers for the orders service: the orders it was told of, or nothing while it is down."""

    def __init__(self) -> None:
        self.known: dict[UUID, StockOrder] = {}
        self.asked: list[UUID] = []
        self.down = False
        self.faults: dict[UUID, Exception] = {}

    async def order(self, restaurant_id: UUID, order_id: UUID) -> StockOrder | None:
        self.asked.append(order_id)
        if self.down:
            raise Unavailable
        if order_id in self.faults:
            raise self.faults[order_id]
        return self.known.get(order_id)


async def a_hold(db: Database, quantity: int = 3) -> tuple[UUID, UUID, StockLine]:
    """Restaurant, order and line of a hold on ten cakes."""
    tenant = await a_restaurant(db)
    cake = await counted(db, tenant, await a_category(db, tenant), 10)
    order_id, line = new_id(), StockLine(new_id(), cake.id, quantity)
    await reservation.reserve_stock(db, tenant, order_id, [line], "c")
    return tenant, order_id, line


async def figures(db: Database, tenant: UUID) -> tuple[int, int]:
    async with db.transaction(tenant) as tx:
        [level] = await stock_store.levels(tx)
    return level.on_hand, level.reserved


def an_order(
    order_id: UUID,
    line: StockLine,
    lifecycle: orders_pb2.Lifecycle.ValueType,
    stock_tracked: bool | None = None,
) -> StockOrder:
    lines = [
        orders_pb2.OrderLine(
            id=str(line.line_id),
            item_id=str(line.item_id),
            quantity=line.quantity,
            stock_tracked=stock_tracked,
        )
    ]
    return stock_order_in(orders_pb2.Order(id=str(order_id), version=2, lifecycle=lifecycle, lines=lines))


@pytest.mark.parametrize(
    ("lifecycle", "expected"),
    [
        (None, (10, 0)),
        (orders_pb2.LIFECYCLE_DRAFT, (10, 0)),
        (orders_pb2.LIFECYCLE_CANCELLED, (10, 0)),
        (orders_pb2.LIFECYCLE_VALIDATED, (10, 3)),
        (orders_pb2.LIFECYCLE_CANCEL_PENDING, (10, 3)),
        (orders_pb2.LIFECYCLE_DONE, (7, 0)),
        (orders_pb2.LIFECYCLE_INVOICED, (7, 0)),
    ],
)
async def test_an_expired_hold_ends_as_its_order_did(
    service_database: OpenDatabase,
    fake_clock: FakeClock,
    lifecycle: orders_pb2.Lifecycle.ValueType | None,
    expected: tuple[int, int],
) -> None:
    db, orders = await service_database("catalog"), Orders()
    tenant, order_id, line = await a_hold(db)
    if lifecycle is not None:
        orders.known[order_id] = an_order(order_id, line, lifecycle)
    fake_clock.advance(HOLD_LIFETIME)
    sweeper = HoldSweeper(db, orders.order)
    await sweeper.sweep()
    assert orders.asked.count(order_id) == 1
    assert await figures(db, tenant) == expected
    await sweeper.sweep()
    assert orders.asked.count(order_id) == 1


@pytest.mark.parametrize("lifecycle", [orders_pb2.LIFECYCLE_VALIDATED, orders_pb2.LIFECYCLE_DONE])
async def test_a_hold_is_let_go_when_its_order_was_sold_from_nothing_that_is_counted(
    service_database: OpenDatabase, fake_clock: FakeClock, lifecycle: orders_pb2.Lifecycle.ValueType
) -> None:
    """Reserved in a try that did not end, then placed when the item was counted no more: none of the order's
    events concerns stock, so that nothing else would ever give the goods back.
    """
    db, orders = await service_database("catalog"), Orders()
    tenant, order_id, line = await a_hold(db)
    orders.known[order_id] = an_order(order_id, line, lifecycle, stock_tracked=False)
    fake_clock.advance(HOLD_LIFETIME)
    await HoldSweeper(db, orders.order).sweep()
    assert await figures(db, tenant) == (10, 0)


async def test_a_hold_is_left_alone_before_it_expires(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, orders = await service_database("catalog"), Orders()
    tenant, order_id, _ = await a_hold(db)
    fake_clock.advance(HOLD_LIFETIME - timedelta(seconds=1))
    await HoldSweeper(db, orders.order).sweep()
    assert order_id not in orders.asked
    assert await figures(db, tenant) == (10, 3)


async def test_a_hold_stays_while_orders_does_not_answer(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, orders = await service_database("catalog"), Orders()
    tenant, order_id, _ = await a_hold(db)
    fake_clock.advance(HOLD_LIFETIME)
    orders.down = True
    sweeper = HoldSweeper(db, orders.order)
    await sweeper.sweep()
    assert (order_id in orders.asked, await figures(db, tenant)) == (True, (10, 3))
    orders.down = False
    fake_clock.advance(HOLD_LIFETIME)
    await sweeper.sweep()
    assert await figures(db, tenant) == (10, 0)


async def test_while_orders_is_down_a_sweep_gives_up_early(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, orders = await service_database("catalog"), Orders()
    for _ in range(UNANSWERED_IN_A_ROW + 2):
        await a_hold(db)
    fake_clock.advance(HOLD_LIFETIME)
    orders.down = True
    assert await HoldSweeper(db, orders.order).sweep() == 0
    assert len(orders.asked) == UNANSWERED_IN_A_ROW


@pytest.mark.parametrize(
    "fault", [Unavailable(), NotFound(), ValueError("figures that do not add up")], ids=repr
)
async def test_holds_that_fail_never_stop_the_others(
    service_database: OpenDatabase, fake_clock: FakeClock, fault: Exception
) -> None:
    db, orders = await service_database("catalog"), Orders()
    for _ in range(UNANSWERED_IN_A_ROW * 2):
        _, order_id, _ = await a_hold(db)
        orders.faults[order_id] = fault
    fake_clock.advance(timedelta(seconds=1))
    tenant, order_id, _ = await a_hold(db)
    fake_clock.advance(HOLD_LIFETIME)
    sweeper = HoldSweeper(db, orders.order)
    for _ in range(3):
        await sweeper.sweep()
    assert (order_id in orders.asked, await figures(db, tenant)) == (True, (10, 0))


async def test_a_hold_that_fails_is_tried_ever_more_rarely_and_ends_when_it_can(
    service_database: OpenDatabase, fake_clock: FakeClock
) -> None:
    db, orders = await service_database("catalog"), Orders()
    tenant, order_id, _ = await a_hold(db)
    orders.faults[order_id] = NotFound()
    sweeper = HoldSweeper(db, orders.order)
    fake_clock.advance(HOLD_LIFETIME)
    for _ in range(3 * AGAIN_AFTER_MAX // SWEEP_EVERY):
        await sweeper.sweep()
        fake_clock.advance(SWEEP_EVERY)
    assert 3 <= orders.asked.count(order_id) <= 6
    del orders.faults[order_id]
    fake_clock.advance(AGAIN_AFTER_MAX)
    await sweeper.sweep()
    assert await figures(db, tenant) == (10, 0)
