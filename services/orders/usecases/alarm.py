"""The kitchen has not seen a ticket: said to all tills once per revision, and over for all of them at once.

An alarm ends when a display confirms the ticket, when the kitchen moves it (see ``change_of``), or when
somebody says that they look after it. With its first alarm a ticket goes to the fallback of its station, if
there is one; it stays in alarm until a display there has it.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from services.orders.domain.alarm import AlarmEnd, Unseen
from services.orders.domain.order.rerouting import reroute
from services.orders.domain.station import fallback_of
from services.orders.domain.ticket import Ticket
from services.orders.store import alarm as store
from services.orders.store.order import lock_order
from services.orders.store.station import find_stations
from services.orders.store.ticket import find_ticket
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies
from services.orders.wire.alarm import alarm_cleared, ticket_undelivered


async def report_undelivered(deps: Dependencies, tenant: UUID, unseen: Sequence[Unseen]) -> None:
    """Raises the alarms of those that are not reported yet, and sends them elsewhere, all in one transaction;
    without any it writes nothing. A ticket that does not exist, or was seen meanwhile, is none.
    """
    reported = [(one.ticket_id, one.revision) for one in unseen]
    by_ticket = {one.ticket_id: one for one in unseen}
    async with deps.db.transaction(tenant) as tx:
        if not await store.lock_unreported(tx, reported):
            return
        at = deps.clock.now()
        raised = await store.raise_alarms(tx, reported, [one.cause for one in unseen], at)
        for ticket in raised:
            event = ticket_undelivered(ticket, by_ticket[ticket.id], at)
            tx.emit(event, subject_id=str(ticket.order_id))
        await _send_elsewhere(tx, deps, raised)


async def _send_elsewhere(tx: Transaction, deps: Dependencies, raised: Sequence[Ticket]) -> None:
    """Their orders are locked."""
    stations = await find_stations(tx)
    lost = {
        ticket.id: ticket
        for ticket in raised
        if ticket.rerouted is None and fallback_of(ticket.station_id, stations) is not None
    }
    for order_id in sorted({ticket.order_id for ticket in lost.values()}):
        locked = await lock_order(tx, order_id)
        change = reroute(locked, lost.keys(), stations, deps.own_stamp(f"reroute:{order_id}"))
        if change is not None:
            await apply(tx, change)


async def report_delivered(deps: Dependencies, tenant: UUID, confirmed: Sequence[tuple[UUID, int]]) -> None:
    """Displays have confirmed these revisions: ends the alarms of those that are still the newest."""
    async with deps.db.transaction(tenant) as tx:
        if not await store.lock_in_alarm(tx, confirmed):
            return
        for ticket in await store.end_confirmed(tx, confirmed):
            tx.emit(alarm_cleared(ticket, AlarmEnd.CONFIRMED), subject_id=str(ticket.order_id))


async def acknowledge_alarm(
    deps: Dependencies, command: Command, ticket_id: UUID, answer: Answer[Ticket, M]
) -> M:
    """Somebody looks after it. One that is over already stays over. Raises TicketNotFound."""

    async def work(tx: Transaction) -> Ticket:
        ticket = await store.end_alarm(tx, ticket_id)
        if ticket is None:
            return await find_ticket(tx, ticket_id)
        event = alarm_cleared(ticket, AlarmEnd.ACKNOWLEDGED, command.actor)
        tx.emit(event, subject_id=str(ticket.order_id))
        return ticket

    return await execute(deps.db, command, answer, work)
