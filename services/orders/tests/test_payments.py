"""Money on orders: duplicated, out of order, too much, too late. None of it is lost."""

import asyncio

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events

from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import OrderNotFound
from services.orders.domain.order.axes import Lifecycle, Payment, State
from services.orders.domain.ticket import TicketStep
from services.orders.tests.builders import settings_message
from services.orders.tests.world import World


async def test_a_payment_counts_once_however_often_it_is_announced(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place()
    event = world.payment(order.id, 500)
    assert [await world.record(event) for _ in range(3)] == [True, False, False]
    stored = await world.order(order.id)
    assert (stored.totals.paid_minor, stored.payment, stored.version) == (500, Payment.PART_PAID, 2)
    [recorded] = await event_recorder.of_type(world.deps.db, orders_events.OrderPaymentRecorded, world.tenant)
    assert (recorded.amount_minor, recorded.method, recorded.order.totals.due_minor) == (500, "cash", 625)


async def test_payments_out_of_order_end_the_same(world: World) -> None:
    order = await world.place()
    first, second = world.payment(order.id, 500), world.payment(order.id, 625, sequence=2)
    await world.record(second)
    await world.record(first)
    assert (await world.order(order.id)).payment is Payment.PAID


async def test_payments_at_once_all_count(world: World) -> None:
    order = await world.place()
    events = [world.payment(order.id, 225, sequence) for sequence in range(1, 6)]
    await asyncio.gather(*(world.record(event) for event in events))
    stored = await world.order(order.id)
    assert (stored.totals.paid_minor, stored.payment, stored.version) == (1125, Payment.PAID, 6)


async def test_more_than_the_total_is_booked_in_full(world: World) -> None:
    order = await world.place()
    await world.pay(order, 2000)
    stored = await world.order(order.id)
    assert (stored.totals.paid_minor, stored.totals.due_minor) == (2000, 0)


async def test_money_on_a_cancelled_order_is_booked_and_does_not_revive_it(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place_pay_first()
    await world.cancel(order.id)
    await world.pay(order)
    stored = await world.order(order.id)
    assert (stored.totals.paid_minor, stored.state) == (1125, State.CANCELLED)
    assert await world.tickets(order.id) == []
    assert (
        len(await event_recorder.of_type(world.deps.db, orders_events.OrderPaymentRecorded, world.tenant))
        == 1
    )


async def test_money_on_an_order_that_is_not_there_is_delivered_again(world: World) -> None:
    with pytest.raises(OrderNotFound):
        await world.record(world.payment(str(new_id()), 1))


async def test_the_last_payment_of_a_served_order_completes_it_where_the_restaurant_wants_that(
    world: World, event_recorder: EventRecorder
) -> None:
    world.auth.settings[world.tenant] = settings_message(world.tenant, auto_complete=True)
    order = await world.place()
    await world.cook(order.id, TicketStep.BUMP, TicketStep.SERVE)
    await world.pay(order)
    assert (await world.order(order.id)).lifecycle is Lifecycle.DONE
    [completed] = await event_recorder.of_type(world.deps.db, orders_events.OrderCompleted, world.tenant)
    assert completed.order.id == order.id


async def test_a_paid_pay_first_order_fires_in_the_event_that_records_its_money(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place_pay_first()
    await world.pay(order)
    events = await event_recorder.events(world.deps.db, world.tenant)
    recorded = events[-1]
    assert isinstance(recorded.message, orders_events.OrderPaymentRecorded)
    assert recorded.channels == ["orders", "kitchen"]
    assert recorded.message.tickets[0].order_number == order.number
