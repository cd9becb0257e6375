"""Tickets leave the kitchen with their business day; displays get the newest."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from harness.fixtures import EventRecorder
from services.orders.domain.order.axes import Kitchen, State
from services.orders.domain.ticket import TicketStep
from services.orders.tests.builders import settings_message
from services.orders.tests.world import World
from services.orders.usecases import ticket as tickets
from services.orders.usecases.day import DAY_END_BATCH, DAY_ENDED, DayEnd
from services.orders.usecases.snapshot import SNAPSHOT_TICKETS

TICKETS = 10_000
TICKETS_EACH = 10
ORDERS_EACH = TICKETS // 2 // TICKETS_EACH
OPEN_EACH = ORDERS_EACH * TICKETS_EACH + 1
# As many tickets more as a place has that nobody serves, all of one order's kind but with their own orders.
COPIES = """
WITH copied AS (
    INSERT INTO orders SELECT (o).* FROM (
        SELECT jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'number', n)) AS o
        FROM orders AS o, generate_series(1001, 1000 + $3::int) AS n
        WHERE o.restaurant_id = $1 AND o.id = $2) AS made
    RETURNING id)
INSERT INTO ticket SELECT (t).* FROM (
    SELECT jsonb_populate_record(t, jsonb_build_object(
        'id', gen_random_uuid(), 'order_id', copied.id,
        'created_at', t.created_at + row_number() OVER () * interval '1 millisecond')) AS t
    FROM copied, generate_series(1, $4::int), ticket AS t
    WHERE t.restaurant_id = $1 AND t.order_id = $2) AS made
"""
FIND_BODY = "SELECT body FROM {table} WHERE restaurant_id = $1 LIMIT 1"
SET_BODY = "UPDATE orders SET body = $2 WHERE id = $1"
OPEN = "SELECT count(*) FROM ticket WHERE restaurant_id = $1 AND state IN ('queued', 'preparing', 'ready')"


@pytest.fixture(autouse=True)
async def nothing_is_left(world: World) -> AsyncIterator[None]:
    """The tests share a database, and a sweep goes through all of it."""
    yield
    world.clock.advance(timedelta(days=30))
    await sweep(world)


async def at(world: World, hour: int, minute: int = 0, day: int = 2) -> None:
    """It becomes this time (UTC) of March 2026."""
    world.clock.advance(datetime(2026, 3, day, hour, minute, tzinfo=UTC) - world.clock.now())


async def sweep(world: World) -> int:
    """One round through everything."""
    sweeper, ended = DayEnd(world.deps), 0
    while True:
        ended += await sweeper.sweep()
        if sweeper.at_start:
            return ended


async def open_tickets(world: World) -> int:
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        return int(await tx.fetchval(OPEN, world.tenant))


async def copies(world: World, order_id: str, count: int, tickets_each: int = 1) -> None:
    async with world.deps.db.transaction(world.tenant) as tx:
        await tx.execute(COPIES, world.tenant, UUID(order_id), count, tickets_each)


async def test_what_was_not_served_ends_at_the_cut_off_and_says_so(
    world: World, event_recorder: EventRecorder
) -> None:
    await at(world, 18)
    ready, queued = await world.place(), await world.place()
    await world.cook(ready.id, TicketStep.BUMP)
    await at(world, 3, 59, day=3)
    assert await sweep(world) == 0
    await at(world, 4, day=3)
    assert await sweep(world) == 2
    for order in (ready, queued):
        assert [ticket.state for ticket in await world.tickets(order.id)] == [Kitchen.SERVED]
        recorded = [(one.axis, one.to_value, one.reason) for one in await world.history(order.id)]
        assert ("kitchen", "served", DAY_ENDED) in recorded
    moved = await event_recorder.of_type(world.deps.db, orders_events.TicketUpdated, world.tenant)
    assert [event.cause for event in moved] == ["bumped", "day_ended", "day_ended"]
    announced = await event_recorder.of_type(world.deps.db, orders_events.KitchenOrderReady, world.tenant)
    assert [event.order.id for event in announced] == [ready.id], "nobody is called at four in the morning"
    assert await sweep(world) == 0


async def test_what_was_fired_just_before_the_cut_off_is_still_cooked(world: World) -> None:
    await at(world, 3, 30, day=3)
    order = await world.place()
    await at(world, 4, 15, day=3)
    assert await sweep(world) == 0
    await at(world, 4, 31, day=3)
    assert await sweep(world) == 1
    assert (await world.tickets(order.id))[0].state is Kitchen.SERVED


async def test_an_unpaid_order_stays_open_and_a_paid_one_is_done(world: World) -> None:
    world.auth.settings[world.tenant] = settings_message(world.tenant, auto_complete=True)
    await at(world, 18)
    paid, unpaid = await world.place(), await world.place()
    await world.pay(paid)
    await at(world, 5, day=3)
    await sweep(world)
    assert [(await world.order(one.id)).state for one in (paid, unpaid)] == [State.DONE, State.READY]
    assert (await world.order(unpaid.id)).totals.due_minor


async def test_a_cancelled_ticket_stays_until_it_is_acknowledged_or_the_day_ends(world: World) -> None:
    async def shown() -> set[str]:
        state = (await world.snapshot("kitchen")).kitchen
        return {ticket.order_id for ticket in state.tickets}

    await at(world, 18)
    seen, unseen = await world.place(), await world.place()
    for order in (seen, unseen):
        await world.cancel(order.id)
    await at(world, 23)
    assert await shown() == {seen.id, unseen.id}
    await world.cook(seen.id, TicketStep.ACK)
    assert await shown() == {unseen.id}
    await at(world, 5, day=3)
    assert await sweep(world) == 1
    assert await shown() == set()


async def test_an_order_that_cannot_be_changed_delays_no_other(world: World) -> None:
    await at(world, 18)
    stuck = await world.place()
    await copies(world, stuck.id, DAY_END_BATCH + 20)
    await at(world, 5, day=3)
    sweeper = DayEnd(world.deps)
    async with world.deps.db.transaction(world.tenant) as tx:
        first = await tx.fetchval("SELECT min(id::text) FROM orders WHERE restaurant_id = $1", world.tenant)
        body = orders_pb2.Order.FromString(await tx.fetchval(FIND_BODY.format(table="orders"), world.tenant))
        small = body.SerializeToString()
        body.lines[0].name = "x" * 200_000  # no event carries it: the change of this one is refused each time
        await tx.execute(SET_BODY, UUID(first), body.SerializeToString())
    assert await sweeper.sweep() == DAY_END_BATCH - 1
    assert await sweeper.sweep() == 21
    assert await open_tickets(world) == 1
    assert await sweeper.sweep() == 0
    async with world.deps.db.transaction(world.tenant) as tx:
        await tx.execute(SET_BODY, UUID(first), small)


async def test_ten_thousand_tickets_end_in_batches_each_at_its_restaurants_own_time(world: World) -> None:
    """At noon (UTC) it is two in the morning in Honolulu and nine in the evening in Tokyo."""
    east, west = world, world.another()
    east.auth.settings[east.tenant] = settings_message(east.tenant, time_zone="Asia/Tokyo")
    west.auth.settings[west.tenant] = settings_message(west.tenant, time_zone="Pacific/Honolulu")
    await at(world, 12)
    for place in (east, west):
        order = await place.place()
        await copies(place, order.id, ORDERS_EACH, TICKETS_EACH)
    assert [await open_tickets(place) for place in (east, west)] == [OPEN_EACH] * 2
    state = (await east.snapshot("kitchen")).kitchen
    created = [ticket.created_at.ToMicroseconds() for ticket in state.tickets]
    assert len(created) == SNAPSHOT_TICKETS
    assert all(newer > older for newer, older in pairwise(created))
    newest, _ = await tickets.list_tickets(east.deps, east.tenant, [], None, None, 1)
    assert state.tickets[0].id == str(newest[0].id)
    await at(world, 14, 1)  # 04:01 in Honolulu
    sweeper = DayEnd(world.deps)
    assert await sweeper.sweep() == DAY_END_BATCH
    assert await open_tickets(west) >= OPEN_EACH - DAY_END_BATCH * TICKETS_EACH
    assert await sweep(world) == ORDERS_EACH + 1 - DAY_END_BATCH
    assert [await open_tickets(place) for place in (east, west)] == [OPEN_EACH, 0]
    await at(world, 19, 1)  # 04:01 in Tokyo
    assert await sweep(world) == ORDERS_EACH + 1
    assert await open_tickets(east) == 0


async def test_a_snapshot_of_large_tickets_fits_into_an_answer_with_the_newest(world: World) -> None:
    await at(world, 18)
    order = await world.place()
    await copies(world, order.id, SNAPSHOT_TICKETS)
    async with world.deps.db.transaction(world.tenant) as tx:
        body = orders_pb2.Ticket.FromString(await tx.fetchval(FIND_BODY.format(table="ticket"), world.tenant))
        body.station_name = "x" * 5000
        large = "UPDATE ticket SET body = $2 WHERE restaurant_id = $1"
        await tx.execute(large, world.tenant, body.SerializeToString())
    answer = await world.snapshot("kitchen")
    assert answer.ByteSize() < 4 * 1024 * 1024
    newest, _ = await tickets.list_tickets(world.deps, world.tenant, [], None, None, 500)
    assert [ticket.id for ticket in answer.kitchen.tickets[:500]] == [str(ticket.id) for ticket in newest]
