"""Tickets that nobody has seen: told once, not again by a new process, and over when a display has them."""

import asyncio
from collections import Counter
from collections.abc import Callable

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from services.realtime.alarms import STAND_IN_SECONDS
from services.realtime.tests.running import Running, until

TICKETS = 150
MANY = 2_000


async def fire(running: Running, count: int, each: int = 1) -> list[orders_pb2.Ticket]:
    """Tickets that wait for a display; ``each`` of one order."""
    fired: list[orders_pb2.Ticket] = []
    for number in range(1, count // each + 1):
        order = orders_pb2.Order(id=str(new_id()), number=number, currency_code="GBP", version=1)
        placed = orders_events.OrderPlaced(order=order)
        for _ in range(each):
            ticket = placed.tickets.add(id=str(new_id()), order_id=order.id, order_number=number, revision=1)
            ticket.state, ticket.station_id = orders_pb2.KITCHEN_STATE_QUEUED, "grill"
        await running.emit(placed, "orders", "kitchen")
        fired += placed.tickets
    return fired


async def test_unseen_tickets_are_told_in_batches_and_not_again_by_a_new_process(running: Running) -> None:
    kitchen = running.kitchen
    await running.hello("kitchen", kind="kds")
    silent, _ = await running.hello(running.at("kitchen", 0), kind="kds")
    tickets = await fire(running, TICKETS)
    await until(lambda: sum(len(one.tickets) for one in kitchen.reports) >= TICKETS)
    told = [one for request in kitchen.reports for one in request.tickets]
    assert sorted(one.ticket_id for one in told) == sorted(ticket.id for ticket in tickets)
    assert len(kitchen.reports) < TICKETS / 5
    for ticket, one in zip(tickets, sorted(told, key=lambda one: one.kitchen_seq), strict=True):
        raised = orders_events.TicketUndelivered(
            ticket=ticket, cause=one.cause, kitchen_epoch=one.kitchen_epoch, kitchen_seq=one.kitchen_seq
        )
        await running.emit(raised, "orders")
    await silent.close()

    kitchen.reports.clear()
    await running.service.stop()
    await running.start_service()
    await running.hello(running.at("kitchen", 0), kind="kds")
    await fire(running, 1)  # the clock of this one says when the others would have been told again
    await until(lambda: bool(kitchen.reports))
    assert [len(one.tickets) for one in kitchen.reports] == [1]
    assert kitchen.reports[0].tickets[0].ticket_id not in {ticket.id for ticket in tickets}

    display, _ = await running.hello(running.at("kitchen", 0), kind="kds")
    await display.send(t="ack", ack={running.channel("kitchen"): TICKETS})
    await until(lambda: sum(len(one.tickets) for one in kitchen.delivered) >= TICKETS)
    seen = [one.ticket_id for request in kitchen.delivered for one in request.tickets]
    assert sorted(seen) == sorted(ticket.id for ticket in tickets)


async def test_with_two_processes_thousands_of_unseen_tickets_are_each_told_once_also_over_a_restart(
    running: Running,
) -> None:
    """A display follows at either process, and neither confirms; orders answers with its events."""
    kitchen = running.kitchen
    told: Counter[str] = Counter()
    answered = 0

    def calls() -> int:
        return sum(request.restaurant_id == running.rid for request in kitchen.reports)

    async def answer() -> None:
        nonlocal answered
        new, answered = kitchen.reports[answered:], len(kitchen.reports)
        raised = []
        for one in (
            one for request in new if request.restaurant_id == running.rid for one in request.tickets
        ):
            told[one.ticket_id] += 1
            ticket = orders_pb2.Ticket(id=one.ticket_id, revision=one.revision, station_id="grill")
            ticket.state = orders_pb2.KITCHEN_STATE_QUEUED
            event = orders_events.TicketUndelivered(ticket=ticket, cause=one.cause)
            event.kitchen_epoch, event.kitchen_seq = one.kitchen_epoch, one.kitchen_seq
            raised.append(event)
        await asyncio.gather(*(running.emit(event, "orders") for event in raised))

    async def answered_until(law: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not law():
                await answer()
                await asyncio.sleep(0.05)

    first = running.service
    await running.hello("kitchen", kind="kds")
    await running.start_service()  # the second beside it, and the one that Running names from now on
    try:
        await running.hello("kitchen", kind="kds")
        tickets = {ticket.id for ticket in await fire(running, MANY, each=20)}
        await answered_until(lambda: len(told) >= MANY)
        before = calls()
        assert set(told) == tickets
        assert max(told.values()) == 1
        assert before < MANY / 10
        await running.service.stop()
        await running.start_service()
        await running.hello("kitchen", kind="kds")
        # This one says when the others would have been told again.
        late = {ticket.id for ticket in await fire(running, 1)}
        await answered_until(lambda: late <= set(told))
        await asyncio.sleep(STAND_IN_SECONDS)
        await answer()
        assert max(told.values()) == 1
        assert calls() == before + 1
    finally:
        await first.stop()
