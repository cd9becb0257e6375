"""Tickets that nobody has seen: told once, not again by a new process, and over when a display has them."""

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from services.realtime.tests.running import Running, until

TICKETS = 150


async def fire(running: Running, count: int) -> list[orders_pb2.Ticket]:
    """Tickets that wait for a display."""
    tickets = []
    for number in range(1, count + 1):
        order = orders_pb2.Order(id=str(new_id()), number=number, currency_code="GBP", version=1)
        ticket = orders_pb2.Ticket(id=str(new_id()), order_id=order.id, order_number=number, revision=1)
        ticket.state, ticket.station_id = orders_pb2.KITCHEN_STATE_QUEUED, "grill"
        await running.emit(orders_events.OrderPlaced(order=order, tickets=[ticket]), "orders", "kitchen")
        tickets.append(ticket)
    return tickets


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
