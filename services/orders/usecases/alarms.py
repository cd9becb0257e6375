"""The kitchen has not seen a ticket: said to all tills once per revision, and over for all of them at once.

An alarm ends when a display confirms the ticket, when the kitchen moves it (see ``change_of``), or when
somebody says that they look after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.db import Transaction
from chassis.db.commands import execute
from chassis.instants import timestamp
from services.orders.domain.kitchen import Ticket
from services.orders.store import alarms as store
from services.orders.store.kitchen import find_ticket
from services.orders.usecases.ports import Ask
from services.orders.usecases.work import Dependencies
from services.orders.wire.events import AlarmEnd, alarm_cleared
from services.orders.wire.orders import ticket_message


@dataclass(frozen=True, slots=True)
class Unseen:
    """A revision of a ticket that no display has confirmed, and where the kitchen channel told it."""

    ticket_id: UUID
    revision: int
    cause: str
    kitchen_epoch: str = ""
    kitchen_seq: int = 0


async def report_undelivered(deps: Dependencies, tenant: UUID, unseen: Sequence[Unseen]) -> None:
    """Raises the alarms of those that are not reported yet, all in one transaction; without any it writes
    nothing. A ticket that does not exist, or was seen meanwhile, is none.
    """
    reported = [(one.ticket_id, one.revision) for one in unseen]
    by_ticket = {one.ticket_id: one for one in unseen}
    async with deps.db.transaction(tenant) as tx:
        if not await store.lock_unreported(tx, reported):
            return
        at = deps.clock.now()
        for ticket in await store.raise_alarms(tx, reported, [one.cause for one in unseen], at):
            _emit(tx, ticket, raised_event(ticket, by_ticket[ticket.id], at))


async def report_delivered(deps: Dependencies, tenant: UUID, confirmed: Sequence[tuple[UUID, int]]) -> None:
    """Displays have confirmed these revisions: ends the alarms of those that are still the newest."""
    async with deps.db.transaction(tenant) as tx:
        if not await store.lock_in_alarm(tx, confirmed):
            return
        for ticket in await store.end_confirmed(tx, confirmed):
            _emit(tx, ticket, alarm_cleared(ticket, AlarmEnd.CONFIRMED))


async def acknowledge_alarm(
    deps: Dependencies, ask: Ask, ticket_id: UUID
) -> orders_api.AcknowledgeTicketAlarmResponse:
    """Somebody looks after it. One that is over already stays over. Raises TicketNotFound."""

    async def work(tx: Transaction) -> orders_api.AcknowledgeTicketAlarmResponse:
        ticket = await store.end_alarm(tx, ticket_id)
        if ticket is None:
            ticket = await find_ticket(tx, ticket_id)
        else:
            _emit(tx, ticket, alarm_cleared(ticket, AlarmEnd.ACKNOWLEDGED, ask.actor))
        return orders_api.AcknowledgeTicketAlarmResponse(ticket=ticket_message(ticket))

    return await execute(deps.db, ask, orders_api.AcknowledgeTicketAlarmResponse, work)


def raised_event(ticket: Ticket, unseen: Unseen, at: datetime) -> orders_events.TicketUndelivered:
    """The alarm of a ticket, for all tills."""
    return orders_events.TicketUndelivered(
        ticket=ticket_message(ticket),
        cause=unseen.cause,
        raised_at=timestamp(at),
        kitchen_epoch=unseen.kitchen_epoch,
        kitchen_seq=unseen.kitchen_seq,
    )


def _emit(
    tx: Transaction,
    ticket: Ticket,
    event: orders_events.TicketUndelivered | orders_events.TicketAlarmCleared,
) -> None:
    tx.emit(event, subject_id=str(ticket.order_id))
