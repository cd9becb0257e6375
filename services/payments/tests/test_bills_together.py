"""Bills of many restaurants in one transaction, and bills that are asked for while their orders change."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from nats.aio.client import Client
from prometheus_client import REGISTRY

from chassis.db import Database
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Problem, Unavailable
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases
from services.payments.domain.bill import Bill, OrderNews
from services.payments.domain.errors import AmountAboveBalance, BillClosed, BillInconsistent
from services.payments.store.bill import lock_bill
from services.payments.tests.test_consumers import (
    POLL_SECONDS,
    POLLS,
    bus,
    consuming,
    publish,
    version_of,
)
from services.payments.tests.world import World
from services.payments.usecases.bill import apply_orders
from services.payments.wire.bill import bill_in

__all__ = ["bus"]

MANY = 64
LOCK_WAIT_MS = 50
LOCK_TIMEOUT = "SELECT current_setting('lock_timeout')"
CHASSIS_TABLES = ("inbox", "inbox_parked", "outbox")


def order_of(world: World, restaurant_id: UUID, goods_minor: int = 1000) -> orders_pb2.Order:
    return world.order(goods_minor, restaurant_id=str(restaurant_id))


def news_of(orders: Sequence[orders_pb2.Order]) -> list[OrderNews]:
    return [OrderNews(UUID(order.restaurant_id), bill_in(order)) for order in orders]


async def bill_of(db: Database, order: orders_pb2.Order) -> Bill | None:
    async with db.transaction(UUID(order.restaurant_id)) as tx:
        return await lock_bill(tx, UUID(order.id))


async def counted(restaurant_ids: Sequence[UUID], db: Database) -> list[int]:
    found = []
    for restaurant_id in restaurant_ids:
        async with db.transaction(restaurant_id) as tx:
            found.append(await tx.fetchval("SELECT count(*) FROM bill"))
    return found


async def eventually(world: World, restaurant_ids: Sequence[UUID]) -> None:
    for _ in range(POLLS):
        if await counted(restaurant_ids, world.db) == [2] * len(restaurant_ids):
            return
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError("the bills were never written")


def batches() -> tuple[float, float]:
    """Transactions that wrote bills together, and the bills in them, since this process began."""
    labels = {"consumer": "payments"}
    names = ("fynlo_inbox_batch_events_count", "fynlo_inbox_batch_events_sum")
    count, events = (REGISTRY.get_sample_value(name, labels) or 0.0 for name in names)
    return count, events


async def test_bills_of_many_restaurants_are_each_its_own_restaurants(world: World) -> None:
    restaurants = [new_id() for _ in range(5)]
    orders = [order_of(world, restaurant) for restaurant in restaurants for _ in range(2)]
    async with world.db.transaction(None) as tx:
        await apply_orders(tx, news_of(orders), world.clock.now())
        # The transaction is of no restaurant afterwards either.
        assert await tx.fetchval("SELECT count(*) FROM bill") == 0
    assert await counted(restaurants, world.db) == [2] * 5
    assert await counted([new_id()], world.db) == [0]
    for order in orders:
        assert await bill_of(world.db, order) == bill_in(order)


async def test_a_transaction_of_a_restaurant_is_still_its_own_after_a_bill_was_written(world: World) -> None:
    async with world.db.transaction(world.restaurant_id) as tx:
        await apply_orders(tx, news_of([order_of(world, new_id()), world.order()]), world.clock.now())
        assert await tx.fetchval("SELECT count(*) FROM bill") == 1


async def test_of_several_versions_in_one_batch_the_newest_stands(world: World) -> None:
    first = world.order(1000)
    third = version_of(first, 3, covers=7)
    second = version_of(first, 2, covers=5)
    async with world.db.transaction(None) as tx:
        await apply_orders(tx, news_of([second, third, first, third]), world.clock.now())
    assert await bill_of(world.db, first) == bill_in(third)


async def test_nothing_of_a_batch_is_written_where_one_order_does_not_add_up(world: World) -> None:
    good, wrong = world.order(1000), world.order(1000)
    wrong.vat[0].vat_minor = 5000
    with pytest.raises(BillInconsistent):
        async with world.db.transaction(None) as tx:
            await apply_orders(tx, news_of([good, wrong]), world.clock.now())
    assert await bill_of(world.db, good) is None


async def test_a_bill_that_is_being_paid_keeps_a_batch_waiting_for_a_moment_only(
    world: World, module_databases: ModuleDatabases
) -> None:
    paid, other = world.order(), order_of(world, new_id())
    await world.hear(paid)
    assert module_databases.infrastructure.admin_url is not None
    payer = await asyncpg.connect(
        module_databases.infrastructure.admin_url, database=await module_databases.name("payments")
    )
    try:
        async with payer.transaction():
            await payer.execute("SELECT 1 FROM payments.bill WHERE order_id = $1 FOR UPDATE", UUID(paid.id))
            news = news_of([version_of(paid, 2, covers=9), other])
            with pytest.raises(ConcurrentUpdate):
                async with world.db.transaction(None) as tx:
                    await apply_orders(tx, news, world.clock.now(), lock_wait_ms=LOCK_WAIT_MS)
    finally:
        await payer.close()
    async with world.db.transaction(None) as tx:
        await apply_orders(tx, news, world.clock.now(), lock_wait_ms=LOCK_WAIT_MS)
        within = await tx.fetchval(LOCK_TIMEOUT)
    async with world.db.transaction(None) as tx:
        assert (within, await tx.fetchval(LOCK_TIMEOUT)) == (f"{LOCK_WAIT_MS}ms", "2s")
    assert await bill_of(world.db, other) == bill_in(other)


async def test_an_existing_bill_keeps_its_money_when_a_batch_brings_it_up(world: World) -> None:
    await world.open_till()
    order = world.order(1000)
    await world.pay(order, 400)
    async with world.db.transaction(None) as tx:
        await apply_orders(tx, news_of([version_of(order, 2, covers=5)]), world.clock.now())
    bill = await bill_of(world.db, order)
    assert bill is not None
    assert (bill.covers, bill.paid_minor, bill.sequence, bill.due_minor) == (5, 400, 1, 600)
    assert (await world.pay(order)).due_minor == 0


async def test_an_order_that_nobody_pays_costs_far_less_than_a_transaction(world: World, bus: Client) -> None:
    restaurants = [new_id() for _ in range(MANY // 2)]
    orders = [order_of(world, restaurant) for restaurant in restaurants for _ in range(2)]
    for order in orders:
        await publish(bus, UUID(order.restaurant_id), orders_events.OrderPlaced(order=order))
    transactions, bills = batches()
    async with consuming(world, bus):
        await eventually(world, restaurants)
    after = batches()
    assert after[1] - bills == MANY
    assert after[0] - transactions <= MANY / 4
    for restaurant_id in restaurants:
        async with world.db.transaction(restaurant_id) as tx:
            assert [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in CHASSIS_TABLES] == [0] * 3


async def test_cash_is_taken_for_an_order_that_was_heard_of_while_orders_are_away(world: World) -> None:
    async def away() -> None:
        raise Unavailable("orders are away")

    await world.open_till()
    order = world.order(1000)
    async with world.db.transaction(None) as tx:
        await apply_orders(tx, news_of([order]), world.clock.now())
    world.orders.meanwhile = away
    assert (await world.pay(order)).due_minor == 0
    with pytest.raises(Unavailable):
        await world.pay(world.order(1000))


async def test_two_payments_that_are_the_first_of_a_bill_at_once_take_it_once(world: World) -> None:
    await world.open_till()
    for _ in range(10):
        order = world.order(1000)

        async def heard(of: orders_pb2.Order = order) -> None:
            async with world.db.transaction(None) as tx:
                await apply_orders(tx, news_of([of]), world.clock.now())

        ends = await asyncio.gather(
            world.pay(order, 1000), world.pay(order, 1000), heard(), return_exceptions=True
        )
        assert {type(end) for end in ends[:2]} == {payments_api.TakePaymentResponse, AmountAboveBalance}
        assert ends[2] is None
        bill = await bill_of(world.db, order)
        assert bill is not None
        assert (bill.paid_minor, bill.sequence) == (1000, 1)


async def test_an_order_that_is_changed_while_it_is_asked_for_is_paid_as_it_is_now(world: World) -> None:
    await world.open_till()
    order = world.order(1000)
    changed = world.order(3000, id=order.id, version=2, number=order.number)
    world.orders.orders[order.id] = order

    async def change() -> None:
        world.orders.meanwhile = None
        await world.hear(changed)

    world.orders.meanwhile = change
    paid = await world.pay(order, 1000)
    assert (world.orders.asked, paid.paid_minor, paid.due_minor) == (1, 1000, 2000)


@pytest.mark.parametrize("heard_of", [False, True], ids=["closed", "closed and heard of"])
async def test_an_order_that_is_cancelled_while_it_is_asked_for_takes_no_money(
    world: World, heard_of: bool
) -> None:
    await world.open_till()
    order = world.order(1000)

    async def cancel() -> None:
        await world.close_bill(UUID(order.id))
        if heard_of:
            await world.hear(version_of(order, 3, lifecycle=orders_pb2.LIFECYCLE_CANCELLED))

    world.orders.meanwhile = cancel
    with pytest.raises(BillClosed):
        await world.pay(order)
    world.orders.meanwhile = None
    with pytest.raises(Problem, match="BILL_CLOSED"):
        await world.pay(order)
    assert (await world.balances())["cash_drawer"] == 5000
