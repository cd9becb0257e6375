"""How fast the kitchen is: what is late is told once a revision, and times are those of its tickets."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events

from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import StationNotFound
from services.orders.domain.pace import KEPT, LATE_LOOKS_BACK, SHOWN, Pace, Span
from services.orders.domain.ticket import Ticket, TicketStep
from services.orders.tests.world import World
from services.orders.usecases.pace import TIMES_EVERY, Lateness, Times, get_pace

INSTANT = timedelta(microseconds=1)
TARGET = timedelta(minutes=15)


async def placed(world: World) -> Ticket:
    [ticket] = await world.tickets((await world.place()).id)
    return ticket  # type: ignore[no-any-return]


async def told(world: World, recorder: EventRecorder) -> list[tuple[str, int]]:
    late = await recorder.of_type(world.deps.db, orders_events.TicketLate, world.tenant)
    return [(event.ticket.id, event.ticket.revision) for event in late]


async def test_a_ticket_is_late_when_its_time_is_over_and_told_once(
    world: World, event_recorder: EventRecorder
) -> None:
    ticket, lateness = await placed(world), Lateness(world.deps)
    world.clock.advance(TARGET - INSTANT)
    await lateness.sweep()
    assert await told(world, event_recorder) == []
    world.clock.advance(INSTANT)
    for _ in range(3):
        await lateness.sweep()
    assert await told(world, event_recorder) == [(str(ticket.id), 1)]


async def test_a_late_ticket_that_has_moved_on_is_late_anew(
    world: World, event_recorder: EventRecorder
) -> None:
    ticket, lateness = await placed(world), Lateness(world.deps)
    world.clock.advance(TARGET)
    await lateness.sweep()
    await world.step(ticket.id, TicketStep.START)
    for _ in range(2):
        await lateness.sweep()
    assert await told(world, event_recorder) == [(str(ticket.id), 1), (str(ticket.id), 2)]


async def test_two_processes_tell_of_a_late_ticket_once(world: World, event_recorder: EventRecorder) -> None:
    await placed(world)
    world.clock.advance(TARGET)
    await asyncio.gather(*(Lateness(world.deps).sweep() for _ in range(2)))
    assert len(await told(world, event_recorder)) == 1


@pytest.mark.parametrize("step", [TicketStep.BUMP, None], ids=["ready", "cancelled"])
async def test_what_is_ready_or_off_is_not_late(
    world: World, event_recorder: EventRecorder, step: TicketStep | None
) -> None:
    ticket = await placed(world)
    if step is None:
        await world.cancel(str(ticket.order_id))
    else:
        await world.step(ticket.id, step)
    world.clock.advance(TARGET * 2)
    await Lateness(world.deps).sweep()
    assert await told(world, event_recorder) == []


@pytest.mark.parametrize(("more", "count"), [(timedelta(), 1), (INSTANT, 0)])
async def test_what_nobody_looked_at_for_a_day_is_left_to_the_end_of_the_day(
    world: World, event_recorder: EventRecorder, more: timedelta, count: int
) -> None:
    await placed(world)
    world.clock.advance(LATE_LOOKS_BACK + more)
    await Lateness(world.deps).sweep()
    assert len(await told(world, event_recorder)) == count


async def test_the_late_tickets_of_every_restaurant_are_told(
    world: World, event_recorder: EventRecorder
) -> None:
    other = world.another()
    for each in (world, other, world):
        await placed(each)
    world.clock.advance(TARGET)
    await Lateness(world.deps).sweep()
    assert [len(await told(one, event_recorder)) for one in (world, other)] == [2, 1]


async def cooked(world: World, minutes: int) -> UUID:
    """A ticket that took so long; answers its station."""
    ticket = await placed(world)
    world.clock.advance(timedelta(minutes=minutes))
    await world.step(ticket.id, TicketStep.BUMP)
    return ticket.station_id


async def pace(world: World, station_id: UUID) -> Pace:
    return await get_pace(world.deps, world.tenant, station_id)


def shown(found: Pace, span: Span) -> list[tuple[datetime, int, int, int]]:
    times = found.hours if span is Span.HOUR else found.days
    return [(one.starts_at, one.tickets, one.p50_seconds, one.p90_seconds) for one in times]


async def test_half_and_nine_of_ten_tickets_of_an_hour_took_no_longer(world: World) -> None:
    """Ten tickets of one to ten minutes, and one that is not ready."""
    noon = world.clock.now()
    tickets = [await placed(world) for _ in range(10)]
    for ticket in tickets:
        world.clock.advance(timedelta(minutes=1))
        await world.step(ticket.id, TicketStep.BUMP)
    await placed(world)
    station_id = tickets[0].station_id
    assert (await pace(world, station_id)).hours == ()
    await Times(world.deps).sweep()
    found = await pace(world, station_id)
    assert shown(found, Span.HOUR) == [(noon, 10, 300, 540)]
    assert shown(found, Span.DAY) == [(noon.replace(hour=4), 10, 300, 540)]
    assert found.target_seconds == TARGET.total_seconds()


async def test_what_is_served_still_counts_and_later_tickets_are_added(world: World) -> None:
    times = Times(world.deps)
    ticket = await placed(world)
    world.clock.advance(timedelta(minutes=4))
    await world.step(ticket.id, TicketStep.BUMP)
    await world.step(ticket.id, TicketStep.SERVE)
    await times.sweep()
    # A round a minute is enough.
    assert await times.sweep() == 0
    station_id = await cooked(world, 8)
    assert timedelta(minutes=8) > TIMES_EVERY
    assert shown(await pace(world, station_id), Span.HOUR)[0][1] == 1
    await times.sweep()
    [(_, tickets, p50, p90)] = shown(await pace(world, station_id), Span.HOUR)
    assert (tickets, p50, p90) == (2, 240, 480)


async def test_a_business_day_ends_at_its_cutoff_and_hours_are_told_newest_first(world: World) -> None:
    times, noon = Times(world.deps), world.clock.now()
    station_id = await cooked(world, 5)
    world.clock.advance(timedelta(hours=15))  # 03:05, still the same business day
    await cooked(world, 10)
    await times.sweep()
    world.clock.advance(timedelta(hours=1))  # 04:15, the next one
    await cooked(world, 20)
    await times.sweep()
    found = await pace(world, station_id)
    days = [(starts_at, tickets) for starts_at, tickets, _, _ in shown(found, Span.DAY)]
    today = noon.replace(hour=4) + timedelta(days=1)
    assert days == [(today, 1), (today - timedelta(days=1), 2)]
    hours = [starts_at for starts_at, *_ in shown(found, Span.HOUR)]
    assert hours == sorted(hours, reverse=True)


async def test_times_are_shown_as_far_back_as_they_are_kept(world: World) -> None:
    station_id = await cooked(world, 5)
    rows = [(span, n) for span in Span for n in range(SHOWN[span] + 3)]
    now = world.clock.now()
    async with world.deps.db.transaction(world.tenant) as tx:
        for span, n in rows:
            at = now - n * (timedelta(hours=1) if span is Span.HOUR else timedelta(days=1))
            await tx.execute(
                "INSERT INTO station_time VALUES ($1, $2, $3, $4, 1, 1, 1)",
                world.tenant,
                station_id,
                span.value,
                at,
            )
    found = await pace(world, station_id)
    assert (len(found.hours), len(found.days)) == (SHOWN[Span.HOUR], SHOWN[Span.DAY])
    await Times(world.deps).sweep()
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        oldest = await tx.fetchval("SELECT min(starts_at) FROM station_time")
    assert oldest >= now - KEPT


async def test_times_are_those_of_a_station_that_there_is(world: World) -> None:
    station_id, other = await cooked(world, 5), world.another()
    await placed(other)
    for asking, of in ((world, new_id()), (other, station_id)):
        with pytest.raises(StationNotFound):
            await pace(asking, of)
