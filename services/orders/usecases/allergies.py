"""What a guest must not eat: said on the order, repeated on its tickets, acknowledged by a cook."""

from uuid import UUID

from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import execute
from services.orders.domain import commands
from services.orders.domain.order import GuestAllergy
from services.orders.store import orders as store
from services.orders.usecases.ports import Ask
from services.orders.usecases.work import Dependencies, apply
from services.orders.wire.orders import order_message, ticket_message


async def set_guest_allergy(
    deps: Dependencies, ask: Ask, order_id: UUID, allergy: GuestAllergy | None
) -> orders_api.SetGuestAllergyResponse:
    """None: no guest has one. Raises OrderNotFound and as commands.set_guest_allergy."""

    async def work(tx: Transaction) -> orders_api.SetGuestAllergyResponse:
        locked = await store.lock_order(tx, order_id)
        change = commands.set_guest_allergy(locked, allergy, deps.command(ask))
        order = locked.order if change is None else (await apply(tx, change)).order
        # Who and when; what it is stands on the order alone.
        audit(tx, "orders.guest_allergy_set", order_id=order.id, order_version=order.version)
        return orders_api.SetGuestAllergyResponse(order=order_message(order))

    return await execute(deps.db, ask, orders_api.SetGuestAllergyResponse, work)


async def acknowledge_guest_allergy(
    deps: Dependencies, ask: Ask, ticket_id: UUID, seen: GuestAllergy | None
) -> orders_api.AcknowledgeGuestAllergyResponse:
    """``seen``: as the cook has read it. Raises as commands.acknowledge_allergy."""

    async def work(tx: Transaction) -> orders_api.AcknowledgeGuestAllergyResponse:
        locked = await store.lock_order_of_ticket(tx, ticket_id)
        change = commands.acknowledge_allergy(locked, ticket_id, seen, deps.command(ask))
        tickets = locked.tickets if change is None else (await apply(tx, change)).tickets
        ticket = next(one for one in tickets if one.id == ticket_id)
        audit(
            tx,
            "orders.guest_allergy_acknowledged",
            ticket_id=ticket.id,
            order_id=locked.order.id,
            revision=ticket.revision,
        )
        return orders_api.AcknowledgeGuestAllergyResponse(ticket=ticket_message(ticket))

    return await execute(deps.db, ask, orders_api.AcknowledgeGuestAllergyResponse, work)
