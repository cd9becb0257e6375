"""What the service does by itself."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from fynlo.orders.v1 import events_pb2 as orders_events

from chassis.db.sweeps import UNANSWERED_IN_A_ROW
from chassis.errors import Unavailable
from harness.fixtures import EventRecorder
from services.orders.domain.day import Figures, figures
from services.orders.domain.order.axes import Kitchen, Lifecycle, State
from services.orders.domain.order.listing import Filter
from services.orders.domain.order.upkeep import (
    CANCEL_HANGS_AFTER,
    NOT_MARKED_SERVED,
    NOT_PAID,
    UNPAID_EXPIRES_AFTER,
    was_handed_over,
)
from services.orders.domain.ticket import RECALL_WITHIN, TicketStep
from services.orders.store import day, listing, upkeep
from services.orders.store import order as store
from services.orders.tests.builders import draft, draft_line, settings_message
from services.orders.tests.world import World
from services.orders.usecases.order.upkeep import SWEEP_BATCH, Sweeper
from services.orders.usecases.restaurant import apply_restaurant
from services.orders.wire.restaurant import restaurant_in

INSTANT = timedelta(microseconds=1)
BUSY_ORDERS = 40


async def test_an_unpaid_pay_first_order_expires_after_fifteen_minutes(
    world: World, event_recorder: EventRecorder
) -> None:
    order, kept = await world.place_pay_first(), await world.place_pay_first(draft=True)
    later = await world.place()
    world.clock.advance(UNPAID_EXPIRES_AFTER)
    await Sweeper(world.deps).sweep()
    assert (await world.order(order.id)).state is State.VALIDATED
    world.clock.advance(INSTANT)
    await Sweeper(world.deps).sweep()
    assert (await world.order(order.id)).cancel_reason == NOT_PAID
    states = [(await world.order(one.id)).state for one in (order, kept, later)]
    assert states == [State.CANCELLED, State.CANCELLED, State.VALIDATED]
    assert world.payments.closed == [order.id]
    cancelled = await event_recorder.of_type(world.deps.db, orders_events.OrderCancelled, world.tenant)
    assert [event.wasted for event in cancelled] == [False, False]


async def test_an_order_with_part_of_its_money_does_not_expire(world: World) -> None:
    order = await world.place_pay_first()
    await world.pay(order, 1)
    world.clock.advance(UNPAID_EXPIRES_AFTER * 2)
    await Sweeper(world.deps).sweep()
    assert (await world.order(order.id)).state is State.VALIDATED


async def test_a_draft_that_was_validated_late_has_its_fifteen_minutes(world: World) -> None:
    kept = await world.place_pay_first(draft=True)
    world.clock.advance(UNPAID_EXPIRES_AFTER)
    await world.validate(kept.id)
    world.clock.advance(UNPAID_EXPIRES_AFTER)
    await Sweeper(world.deps).sweep()
    assert (await world.order(kept.id)).state is State.VALIDATED


async def test_a_cancellation_that_hangs_is_resumed(world: World) -> None:
    order = await world.place()
    world.payments.refusal = Unavailable("payments is away")
    for attempt in (world.cancel(order.id), Sweeper(world.deps).sweep()):
        try:
            await attempt
        except Unavailable:
            continue
    assert (await world.order(order.id)).lifecycle is Lifecycle.CANCEL_PENDING
    world.payments.refusal = None
    await Sweeper(world.deps).sweep()
    assert (await world.order(order.id)).lifecycle is Lifecycle.CANCEL_PENDING
    world.clock.advance(CANCEL_HANGS_AFTER + INSTANT)
    await Sweeper(world.deps).sweep()
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
    await Sweeper(world.deps).sweep()
    assert (await world.order(order.id)).lifecycle is Lifecycle.VALIDATED


async def paid_and_bumped(world: World) -> str:
    """An order whose two tickets became ready a minute apart, where orders complete by themselves."""
    world.auth.settings[world.tenant] = settings_message(world.tenant, auto_complete=True)
    locked = draft_line(world.burger, course="mains")
    order = await world.place(draft(draft_line(world.burger), locked))
    await world.pay(order)
    await world.cook(order.id, TicketStep.BUMP)
    await world.fire(order.id)
    world.clock.advance(timedelta(minutes=1))
    [second] = [one for one in await world.tickets(order.id) if one.course == "mains"]
    await world.step(second.id, TicketStep.BUMP)
    return order.id


async def test_a_paid_order_that_was_only_bumped_completes_when_it_can_no_longer_be_recalled(
    world: World, event_recorder: EventRecorder
) -> None:
    order_id = await paid_and_bumped(world)
    world.clock.advance(RECALL_WITHIN)
    await Sweeper(world.deps).sweep()
    assert (await world.order(order_id)).state is State.READY
    world.clock.advance(INSTANT)
    await Sweeper(world.deps).sweep()
    order = await world.order(order_id)
    assert (order.state, order.kitchen, order.completed_at) == (
        State.DONE,
        Kitchen.SERVED,
        world.clock.now(),
    )
    [completed] = await event_recorder.of_type(world.deps.db, orders_events.OrderCompleted, world.tenant)
    assert completed.order.id == order_id
    [done] = [row for row in await world.history(order_id) if row.to_value == "done" and row.axis == "state"]
    assert (done.reason, done.actor.name, done.actor.user_id) == (NOT_MARKED_SERVED, "orders", "")
    await Sweeper(world.deps).sweep()
    assert (await world.order(order_id)).version == order.version


async def test_a_sweep_reads_little_while_many_paid_orders_may_still_be_recalled(world: World) -> None:
    """A busy lunch: it would have read the tickets of the whole restaurant for every one of them."""
    world.auth.settings[world.tenant] = settings_message(world.tenant, auto_complete=True)
    for _ in range(BUSY_ORDERS):
        order = await world.place()
        await world.pay(order)
        await world.cook(order.id, TicketStep.START, TicketStep.BUMP)
    question = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM orders_to_complete($1, $2, $3, $4, 100)"
    async with world.deps.db.transaction(None) as tx:
        asked = (world.clock.now() - RECALL_WITHIN, *upkeep.TO_COMPLETE_START)
        await tx.fetchval(question, *asked)  # plans what is inside
        [[answer]] = await tx.fetch(question, *asked)
    assert answer[0]["Plan"]["Shared Hit Blocks"] < BUSY_ORDERS


async def test_an_order_that_owes_or_still_cooks_is_not_completed(world: World) -> None:
    owing = await world.place()
    await world.pay(owing, owing.totals.total_minor - 1)
    await world.cook(owing.id, TicketStep.BUMP)
    recalled = await paid_and_bumped(world)
    await world.cook(recalled, TicketStep.RECALL)
    world.clock.advance(RECALL_WITHIN * 2)
    await Sweeper(world.deps).sweep()
    states = [(await world.order(one)).state for one in (owing.id, recalled)]
    assert states == [State.READY, State.PREPARING]


async def test_a_restaurant_that_completes_by_hand_keeps_its_orders_open(world: World) -> None:
    order_id = await paid_and_bumped(world)
    async with world.deps.db.transaction(world.tenant) as tx:
        settings = settings_message(world.tenant, version=2, auto_complete=False)
        await apply_restaurant(tx, restaurant_in(settings))
    world.clock.advance(RECALL_WITHIN * 2)
    async with world.deps.db.transaction(None, readonly=True) as tx:
        assert await upkeep.find_to_complete(tx, world.clock.now(), upkeep.TO_COMPLETE_START, 10) == []
    await Sweeper(world.deps).sweep()
    assert (await world.order(order_id)).state is State.READY


async def test_only_what_is_paid_and_past_its_recall_counts_as_handed_over(world: World) -> None:
    order_id = await paid_and_bumped(world)
    world.clock.advance(RECALL_WITHIN + INSTANT)
    async with world.deps.db.transaction(world.tenant) as tx:
        locked = await store.lock_order(tx, UUID(order_id))
    assert was_handed_over(locked, world.clock.now())
    assert not was_handed_over(locked, world.clock.now() - INSTANT)
    unpaid = replace(locked, order=replace(locked.order, totals=replace(locked.order.totals, paid_minor=0)))
    assert not was_handed_over(unpaid, world.clock.now())


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
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        page = await listing.find_page(tx, Filter(), None, 100)
        kept = await day.find_figures(tx, page.orders[0].business_date)
    for order in page.orders:
        tickets = await world.tickets(str(order.id))
        expected = expected.minus(Figures().minus(figures(order, tickets)))
    assert kept == expected
    assert (kept.placed, kept.done, kept.cancelled, kept.tickets_open) == (4, 1, 1, 2)


async def test_orders_whose_bill_cannot_be_closed_do_not_keep_others_from_expiring(world: World) -> None:
    """More of them than a sweep takes, and older than all others."""
    stuck = [await world.place_pay_first() for _ in range(SWEEP_BATCH)]
    world.clock.advance(INSTANT)
    other = await world.place_pay_first()
    world.payments.faults = {order.id: Unavailable("no answer about this one") for order in stuck}
    world.clock.advance(UNPAID_EXPIRES_AFTER + INSTANT)
    sweeper = Sweeper(world.deps)
    for _ in range(SWEEP_BATCH // UNANSWERED_IN_A_ROW + 1):
        await sweeper.sweep()
    assert (await world.order(other.id)).state is State.CANCELLED
    assert (await world.order(stuck[0].id)).lifecycle is Lifecycle.CANCEL_PENDING
    world.payments.faults = {}
    world.clock.advance(CANCEL_HANGS_AFTER + INSTANT)
    for _ in range(2):  # the rest of a round, and the next one
        await sweeper.sweep()
    assert {(await world.order(order.id)).state for order in stuck} == {State.CANCELLED}
