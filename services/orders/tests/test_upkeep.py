"""What the service does by itself."""

from datetime import timedelta

from fynlo.orders.v1 import events_pb2

from chassis.errors import Unavailable
from chassis.testing import EventRecorder
from services.orders.domain.figures import Figures, figures
from services.orders.domain.kitchen import TicketStep
from services.orders.domain.order import Lifecycle, State
from services.orders.store import listing
from services.orders.store import orders as store
from services.orders.tests.world import World
from services.orders.usecases import upkeep
from services.orders.usecases.upkeep import CANCEL_HANGS_AFTER, UNPAID_EXPIRES_AFTER

INSTANT = timedelta(microseconds=1)


async def test_an_unpaid_pay_first_order_expires_after_fifteen_minutes(
    world: World, event_recorder: EventRecorder
) -> None:
    order, kept = await world.place_pay_first(), await world.place_pay_first(draft=True)
    later = await world.place()
    world.clock.advance(UNPAID_EXPIRES_AFTER)
    await upkeep.sweep(world.shop)
    assert (await world.order(order.id)).state is State.VALIDATED
    world.clock.advance(INSTANT)
    await upkeep.sweep(world.shop)
    assert (await world.order(order.id)).cancel_reason == upkeep.NOT_PAID
    states = [(await world.order(one.id)).state for one in (order, kept, later)]
    assert states == [State.CANCELLED, State.CANCELLED, State.VALIDATED]
    assert world.payments.closed == [order.id]
    cancelled = await event_recorder.of_type(world.shop.db, events_pb2.OrderCancelled, world.tenant)
    assert [event.wasted for event in cancelled] == [False, False]


async def test_an_order_with_part_of_its_money_does_not_expire(world: World) -> None:
    order = await world.place_pay_first()
    await world.pay(order, 1)
    world.clock.advance(UNPAID_EXPIRES_AFTER * 2)
    await upkeep.sweep(world.shop)
    assert (await world.order(order.id)).state is State.VALIDATED


async def test_a_draft_that_was_validated_late_has_its_fifteen_minutes(world: World) -> None:
    kept = await world.place_pay_first(draft=True)
    world.clock.advance(UNPAID_EXPIRES_AFTER)
    await world.validate(kept.id)
    world.clock.advance(UNPAID_EXPIRES_AFTER)
    await upkeep.sweep(world.shop)
    assert (await world.order(kept.id)).state is State.VALIDATED


async def test_a_cancellation_that_hangs_is_resumed(world: World) -> None:
    order = await world.place()
    world.payments.refusal = Unavailable("payments is away")
    for attempt in (world.cancel(order.id), upkeep.sweep(world.shop)):
        try:
            await attempt
        except Unavailable:
            continue
    assert (await world.order(order.id)).lifecycle is Lifecycle.CANCEL_PENDING
    world.payments.refusal = None
    await upkeep.sweep(world.shop)
    assert (await world.order(order.id)).lifecycle is Lifecycle.CANCEL_PENDING
    world.clock.advance(CANCEL_HANGS_AFTER + INSTANT)
    await upkeep.sweep(world.shop)
    stored = await world.order(order.id)
    assert (stored.state, stored.cancel_reason) == (State.CANCELLED, "guest left")


async def test_a_cancellation_that_hangs_is_given_up_when_money_came(world: World) -> None:
    order = await world.place()
    world.payments.refusal = Unavailable("payments is away")
    try:
        await world.cancel(order.id)
    except Unavailable:
        world.payments.refusal = None
    world.payments.with_money.add(order.id)
    world.clock.advance(CANCEL_HANGS_AFTER + INSTANT)
    await upkeep.sweep(world.shop)
    assert (await world.order(order.id)).lifecycle is Lifecycle.VALIDATED


async def test_metrics_are_published_for_restaurants_that_changed(
    world: World, event_recorder: EventRecorder
) -> None:
    quiet = world.another()
    await quiet.place()
    await upkeep.publish_metrics(world.shop)
    order = await world.place()
    await world.pay(order, 100)
    assert await upkeep.publish_metrics(world.shop) == 1
    assert await upkeep.publish_metrics(world.shop) == 0
    [event] = await event_recorder.of_type(world.shop.db, events_pb2.MetricsUpdated, world.tenant)
    metrics = event.metrics
    assert (metrics.business_date, metrics.currency_code) == ("2026-03-02", "GBP")
    assert (metrics.orders_placed, metrics.orders_open, metrics.tickets_open) == (1, 1, 1)
    assert (metrics.gross_minor, metrics.paid_minor) == (1125, 100)


async def test_the_figures_of_a_day_are_the_sum_of_its_orders(world: World) -> None:
    await world.place(draft=True)
    await world.validate((await world.place(draft=True)).id)
    await world.cook((await world.place()).id, TicketStep.START)
    done = await world.place_pay_first()
    await world.pay(done)
    await world.cook(done.id, TicketStep.BUMP)
    await world.complete(done.id)
    await world.cancel((await world.place()).id)
    await world.cancel((await world.place(draft=True)).id)
    expected = Figures()
    async with world.shop.db.transaction(world.tenant, readonly=True) as tx:
        page = await listing.find_page(tx, listing.Filter(), None, 100)
        kept = await store.find_figures(tx, page.orders[0].business_date)
    for order in page.orders:
        tickets = await world.tickets(str(order.id))
        expected = expected.minus(Figures().minus(figures(order, tickets)))
    assert kept == expected
    assert (kept.placed, kept.done, kept.cancelled, kept.tickets_open) == (4, 1, 1, 2)
