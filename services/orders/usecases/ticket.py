"""Tickets: what cooks and their displays do with them, and those there are."""

from collections.abc import Callable, Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from services.orders.domain.order import lifecycle
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.listing import NEWEST_POSITION, Position
from services.orders.domain.ticket import LineStep, Ticket, TicketStep
from services.orders.store import ticket as store
from services.orders.store.order import lock_order_of_ticket
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.restaurant import restaurant_of

Verb = Callable[[Locked, bool], Change | None]


async def change_ticket(
    deps: Dependencies, command: Command, ticket_id: UUID, step: TicketStep, answer: Answer[Ticket, M]
) -> M:
    """A cook moves a ticket. Raises as lifecycle.step_ticket."""

    def verb(locked: Locked, auto_complete: bool) -> Change | None:
        return lifecycle.step_ticket(locked, ticket_id, step, auto_complete, deps.stamp(command))

    return await _step(deps, command, ticket_id, answer, verb)


async def change_ticket_line(
    deps: Dependencies,
    command: Command,
    ticket_id: UUID,
    line_id: UUID,
    step: LineStep,
    answer: Answer[Ticket, M],
) -> M:
    """A cook moves one line. Raises as lifecycle.step_line."""

    def verb(locked: Locked, auto_complete: bool) -> Change | None:
        return lifecycle.step_line(locked, ticket_id, line_id, step, auto_complete, deps.stamp(command))

    return await _step(deps, command, ticket_id, answer, verb)


async def list_tickets(
    deps: Dependencies,
    tenant: UUID,
    states: Sequence[Kitchen],
    station_id: UUID | None,
    after: Position | None,
    limit: int,
) -> tuple[list[Ticket], Position | None]:
    """Newest first, and where the list goes on."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        found = await store.list_tickets(tx, states, station_id, after or NEWEST_POSITION, limit + 1)
    shown = found[:limit]
    return shown, (shown[-1].created_at, shown[-1].id) if len(found) > limit else None


async def _step(
    deps: Dependencies, command: Command, ticket_id: UUID, answer: Answer[Ticket, M], verb: Verb
) -> M:
    async def work(tx: Transaction) -> Ticket:
        locked = await lock_order_of_ticket(tx, ticket_id)
        tickets = locked.tickets
        change = verb(locked, (await restaurant_of(tx)).auto_complete)
        if change is not None:
            await apply(tx, change)
            tickets = change.tickets
        return next(ticket for ticket in tickets if ticket.id == ticket_id)

    return await execute(deps.db, command, answer, work)
