"""The figures of the day reach their channel, whoever dies on the way."""

import asyncio
from dataclasses import replace

from fynlo.orders.v1 import events_pb2 as orders_events

from chassis.errors import Unavailable
from harness.fixtures import EventRecorder
from services.orders.domain.ticket import TicketStep
from services.orders.tests.world import World
from services.orders.usecases import payment
from services.orders.usecases.copies import Copies
from services.orders.usecases.day import Publisher
from services.orders.usecases.ports import Dependencies
from services.orders.wire.payment import captured_in


def restarted(deps: Dependencies) -> Dependencies:
    """The service with nothing in its memory, on the same database."""
    return replace(deps, copies=Copies(deps.db, deps.peers))


async def published(world: World, recorder: EventRecorder) -> list[tuple[int, int, int]]:
    events = await recorder.of_type(world.deps.db, orders_events.MetricsUpdated, world.tenant)
    figures = [event.metrics for event in events]
    return [(each.orders_placed, each.orders_open, each.paid_minor) for each in figures]


async def test_metrics_are_published_for_restaurants_that_changed(
    world: World, event_recorder: EventRecorder
) -> None:
    quiet, publisher = world.another(), Publisher(world.deps)
    await quiet.place()
    await publisher.publish()
    order = await world.place()
    await world.pay(order, 100)
    assert await publisher.publish() == 1
    assert await publisher.publish() == 0
    [event] = await event_recorder.of_type(world.deps.db, orders_events.MetricsUpdated, world.tenant)
    metrics = event.metrics
    assert (metrics.business_date, metrics.currency_code) == ("2026-03-02", "GBP")
    assert (metrics.orders_placed, metrics.orders_open, metrics.tickets_open) == (1, 1, 1)
    assert (metrics.gross_minor, metrics.paid_minor) == (1125, 100)


async def test_figures_of_a_process_that_died_after_the_commit_are_published_by_the_next(
    world: World, event_recorder: EventRecorder
) -> None:
    """Whatever changed them: a command, a payment, a cook, the sweeper's cancellation."""
    order = await world.place()
    assert await Publisher(restarted(world.deps)).publish() == 1
    await world.pay(order, 100)
    assert await Publisher(restarted(world.deps)).publish() == 1
    await world.cook(order.id, TicketStep.START, TicketStep.BUMP, TicketStep.SERVE)
    assert await Publisher(restarted(world.deps)).publish() == 1
    unpaid = await world.place()
    await Publisher(world.deps).publish()
    await world.cancel(unpaid.id)
    assert await Publisher(restarted(world.deps)).publish() == 1
    expected = [(1, 1, 0), (1, 1, 100), (1, 1, 100), (2, 2, 100), (2, 1, 100)]
    assert await published(world, event_recorder) == expected


async def test_figures_are_published_once_by_however_many_processes(
    world: World, event_recorder: EventRecorder
) -> None:
    await world.place()
    await asyncio.gather(*(Publisher(restarted(world.deps)).publish() for _ in range(4)))
    assert await published(world, event_recorder) == [(1, 1, 0)]


async def test_what_does_not_commit_publishes_no_figures(world: World) -> None:
    order, publisher = await world.place(), Publisher(world.deps)
    await publisher.publish()
    try:
        async with world.deps.db.transaction(world.tenant) as tx:
            await payment.record_payment(tx, world.clock, captured_in(world.payment(order.id, 100)))
            raise Unavailable("the process dies here")
    except Unavailable:
        assert await publisher.publish() == 0
