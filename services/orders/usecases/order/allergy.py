"""What a guest must not eat: a remark that a cook acknowledges."""

from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from services.orders.domain.order import allergy
from services.orders.domain.order.order import GuestAllergy
from services.orders.domain.ticket import Ticket
from services.orders.store.order import lock_order_of_ticket
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies


async def acknowledge_guest_allergy(
    deps: Dependencies,
    command: Command,
    ticket_id: UUID,
    seen: GuestAllergy | None,
    answer: Answer[Ticket, M],
) -> M:
    """``seen``: as the cook has read it. Raises as allergy.acknowledge_allergy."""

    async def work(tx: Transaction) -> Ticket:
        locked = await lock_order_of_ticket(tx, ticket_id)
        tickets = locked.tickets
        change = allergy.acknowledge_allergy(locked, ticket_id, seen, deps.stamp(command))
        if change is not None:
            await apply(tx, change)
            tickets = change.tickets
        ticket = next(one for one in tickets if one.id == ticket_id)
        audit(
            tx,
            "orders.guest_allergy_acknowledged",
            ticket_id=ticket.id,
            order_id=locked.order.id,
            revision=ticket.revision,
        )
        return ticket

    return await execute(deps.db, command, answer, work)
