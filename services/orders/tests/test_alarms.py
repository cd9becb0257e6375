"""The kitchen has not seen a ticket: raised once per revision, over for all tills, in the snapshot too."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.alarm import Unseen
from services.orders.domain.errors import TicketNotFound
from services.orders.domain.station import Station
from services.orders.domain.ticket import Ticket, TicketStep
from services.orders.rpc.alarm import ACKNOWLEDGED
from services.orders.rpc.station import SAVED
from services.orders.tests.builders import MIA, draft, draft_line, station
from services.orders.tests.world import World
from services.orders.usecases import alarm as alarms
from services.orders.usecases.station import list_stations, save_station

MANY = 60


def unseen(*tickets: Ticket) -> list[Unseen]:
    return [Unseen(ticket.id, ticket.revision, "no_display", "e1", 7) for ticket in tickets]


async def placed(world: World, count: int = 1) -> list[Ticket]:
    """Tickets that nobody has seen."""
    found: list[Ticket] = []
    for _ in range(count):
        found += await world.tickets((await world.place()).id)
    return found


async def shown(world: World) -> list[orders_pb2.TicketAlarm]:
    """What a till that is loaded now shows."""
    return list((await world.snapshot("orders")).orders.alarms)


async def raised(world: World, recorder: EventRecorder) -> list[orders_events.TicketUndelivered]:
    return list(await recorder.of_type(world.deps.db, orders_events.TicketUndelivered, world.tenant))


async def cleared(world: World, recorder: EventRecorder) -> Sequence[orders_events.TicketAlarmCleared]:
    return list(await recorder.of_type(world.deps.db, orders_events.TicketAlarmCleared, world.tenant))


async def report(world: World, *tickets: Ticket) -> None:
    await alarms.report_undelivered(world.deps, world.tenant, unseen(*tickets))


async def test_an_alarm_is_raised_once_per_revision_and_is_in_the_snapshot(
    world: World, event_recorder: EventRecorder
) -> None:
    first, second = await placed(world, 2)
    await report(world, first)
    await report(world, first, second)
    await report(world, first, second)
    told = await raised(world, event_recorder)
    assert [event.ticket.id for event in told] == [str(first.id), str(second.id)]
    assert (told[0].kitchen_epoch, told[0].kitchen_seq, told[0].cause) == ("e1", 7, "no_display")
    alarmed = await shown(world)
    assert {alarm.ticket.id for alarm in alarmed} == {str(first.id), str(second.id)}
    assert alarmed[0].raised_at.ToDatetime() == world.clock.now().replace(tzinfo=None)


async def writers(world: World) -> list[str]:
    """The transactions that wrote the restaurant's tickets last."""
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        return [row["by"] for row in await tx.fetch("SELECT DISTINCT xmin::text AS by FROM ticket")]


async def test_many_reports_are_one_transaction_and_again_none_that_writes(
    world: World, event_recorder: EventRecorder
) -> None:
    tickets = await placed(world, MANY)
    assert len(await writers(world)) == MANY
    await report(world, *tickets)
    [writer] = await writers(world)
    await report(world, *tickets)
    assert await writers(world) == [writer]
    assert len(await raised(world, event_recorder)) == MANY


@pytest.mark.parametrize("step", [TicketStep.START, TicketStep.BUMP, TicketStep.ACK])
async def test_an_alarm_ends_when_the_kitchen_moves_the_ticket(
    world: World, event_recorder: EventRecorder, step: TicketStep
) -> None:
    ticket, other = await placed(world, 2)
    await report(world, ticket, other)
    await world.step(ticket.id, step)
    [event] = await cleared(world, event_recorder)
    assert (event.ticket.id, event.cause) == (str(ticket.id), "moved")
    assert [alarm.ticket.id for alarm in await shown(world)] == [str(other.id)]


async def test_an_alarm_ends_when_the_order_is_cancelled(world: World, event_recorder: EventRecorder) -> None:
    [ticket] = await placed(world)
    await report(world, ticket)
    await world.cancel(str(ticket.order_id))
    assert [event.cause for event in await cleared(world, event_recorder)] == ["moved"]
    assert await shown(world) == []


async def test_a_display_that_confirms_ends_the_alarm(world: World, event_recorder: EventRecorder) -> None:
    ticket, other = await placed(world, 2)
    await report(world, ticket, other)
    confirmed = [(ticket.id, ticket.revision), (new_id(), 1)]
    for _ in range(2):
        await alarms.report_delivered(world.deps, world.tenant, confirmed)
    [event] = await cleared(world, event_recorder)
    assert (event.ticket.id, event.cause) == (str(ticket.id), "confirmed")
    assert [alarm.ticket.id for alarm in await shown(world)] == [str(other.id)]
    await report(world, ticket)
    assert len(await raised(world, event_recorder)) == 2


async def test_a_ticket_that_has_grown_since_stays_in_alarm_until_the_new_revision_is_confirmed(
    world: World, event_recorder: EventRecorder
) -> None:
    order = await world.place(draft(draft_line(world.burger), draft_line(world.burger, hold=True)))
    [ticket] = await world.tickets(order.id)
    await report(world, ticket)
    await world.fire(order.id)
    [grown] = await world.tickets(order.id)
    assert grown.revision == 2
    await alarms.report_delivered(world.deps, world.tenant, [(ticket.id, 1)])
    assert [alarm.ticket.revision for alarm in await shown(world)] == [2]
    await alarms.report_delivered(world.deps, world.tenant, [(ticket.id, 2)])
    assert await shown(world) == []


async def test_one_acknowledgement_counts_for_all_tills_and_says_who(
    world: World, event_recorder: EventRecorder
) -> None:
    [ticket] = await placed(world)
    await report(world, ticket)
    answers, replayed = [], []
    for key in ("one", "one", "two"):
        with world.calling() as call:
            answers.append(
                await alarms.acknowledge_alarm(world.deps, world.ask(key), ticket.id, ACKNOWLEDGED)
            )
        replayed.append(call.replayed)
    assert {answer.ticket.id for answer in answers} == {str(ticket.id)}
    assert replayed == [False, True, False]
    [event] = await cleared(world, event_recorder)
    assert (event.cause, event.acknowledged_by.name) == ("acknowledged", MIA.name)
    assert await shown(world) == []


async def test_an_alarm_of_another_restaurant_cannot_be_acknowledged(world: World) -> None:
    [ticket] = await placed(world)
    await report(world, ticket)
    other = world.another()
    await other.place()
    with pytest.raises(TicketNotFound):
        await alarms.acknowledge_alarm(other.deps, other.ask(), ticket.id, ACKNOWLEDGED)
    await alarms.report_delivered(other.deps, other.tenant, [(ticket.id, ticket.revision)])
    assert len(await shown(world)) == 1


async def test_what_was_seen_before_the_report_came_raises_no_alarm(
    world: World, event_recorder: EventRecorder
) -> None:
    [ticket] = await placed(world)
    await world.step(ticket.id, TicketStep.ACK)
    [seen] = await world.tickets(str(ticket.order_id))
    await report(world, ticket, seen)
    assert await raised(world, event_recorder) == []


async def with_fallback(world: World, fallback: Station, *, also: bool = False) -> None:
    """The kitchen's fallback is another station; ``also``: whose own is the kitchen."""
    [kitchen] = await list_stations(world.deps, world.tenant)
    made = replace(fallback, fallback_id=kitchen.id if also else None)
    await save_station(world.deps, world.ask(), made, True, SAVED)
    await save_station(world.deps, world.ask(), replace(kitchen, fallback_id=fallback.id), False, SAVED)


PASS = station(name="Pass", position=1, is_default=False)


async def test_a_ticket_that_nobody_has_seen_goes_to_the_fallback_once_and_stays_in_alarm(
    world: World, event_recorder: EventRecorder
) -> None:
    await with_fallback(world, PASS, also=True)
    [ticket] = await placed(world)
    await report(world, ticket)
    [elsewhere] = await world.tickets(str(ticket.order_id))
    assert (elsewhere.station_name, elsewhere.revision) == ("Pass", ticket.revision + 1)
    assert elsewhere.rerouted is not None
    assert (elsewhere.rerouted.from_station_id, elsewhere.rerouted.at) == (
        ticket.station_id,
        world.clock.now(),
    )
    moved = await event_recorder.of_type(world.deps.db, orders_events.TicketUpdated, world.tenant)
    assert [(event.cause, event.ticket.station_name) for event in moved] == [("rerouted", "Pass")]
    assert len(await shown(world)) == 1
    # What the first station's display says of the first revision does not end it, nor does it go back there.
    await alarms.report_delivered(world.deps, world.tenant, [(ticket.id, ticket.revision)])
    await report(world, elsewhere)
    [still] = await world.tickets(str(ticket.order_id))
    assert (still.station_name, still.revision) == ("Pass", elsewhere.revision)
    assert len(await shown(world)) == 1
    await alarms.report_delivered(world.deps, world.tenant, [(still.id, still.revision)])
    assert await shown(world) == []


async def test_a_ticket_whose_station_has_no_open_fallback_stays_where_it_is(
    world: World, event_recorder: EventRecorder
) -> None:
    await with_fallback(world, replace(PASS, id=new_id(), is_closed=True))
    [ticket] = await placed(world)
    await report(world, ticket)
    [same] = await world.tickets(str(ticket.order_id))
    assert (same.station_name, same.revision) == ("Kitchen", ticket.revision)
    assert len(await raised(world, event_recorder)) == 1


async def test_tickets_of_many_orders_are_sent_elsewhere_in_one_transaction(world: World) -> None:
    await with_fallback(world, replace(PASS, id=new_id()))
    tickets = await placed(world, 5)
    await report(world, *tickets)
    assert len(await writers(world)) == 1
    found = [await world.tickets(str(ticket.order_id)) for ticket in tickets]
    assert {one.station_name for [one] in found} == {"Pass"}
