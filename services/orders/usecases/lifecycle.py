"""Firing, completing, and moving an order to a state that the client names."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import execute
from services.orders.domain import commands, guards
from services.orders.domain.change import Change, Held
from services.orders.domain.errors import IllegalTransition
from services.orders.domain.kitchen import TicketStep
from services.orders.domain.order import Order, State
from services.orders.store import kitchen as kitchen_store
from services.orders.store import orders as store
from services.orders.usecases.cancelling import cancel_order
from services.orders.usecases.copies import settings_in
from services.orders.usecases.placing import validate_order
from services.orders.usecases.ports import Ask, R
from services.orders.usecases.reading import get_order
from services.orders.usecases.work import Shop, apply
from services.orders.wire.orders import order_message

Verb = Callable[[Transaction, Held], Awaitable[Change]]


async def fire_order(
    shop: Shop,
    ask: Ask,
    order_id: UUID,
    line_ids: Sequence[UUID],
    course: str,
    reply_type: type[R],
    pay_later: bool = False,
) -> R:
    """Held lines to the kitchen. Raises OrderNotFound and as commands.fire."""

    async def fire(tx: Transaction, held: Held) -> Change:
        stations = await kitchen_store.find_stations(tx)
        return commands.fire(held, line_ids, course, stations, shop.command(ask), pay_later)

    return await _change_order(shop, ask, order_id, reply_type, fire)


async def complete_order(shop: Shop, ask: Ask, order_id: UUID, reply_type: type[R]) -> R:
    """Paid and handed over. Raises OrderNotFound and as commands.complete."""

    async def complete(tx: Transaction, held: Held) -> Change:
        return commands.complete(held, shop.command(ask))

    return await _change_order(shop, ask, order_id, reply_type, complete)


async def set_order_status(
    shop: Shop, ask: Ask, order_id: UUID, status: State, reason: str, reply_type: type[R]
) -> R:
    """Moves the order to a derived state by the one command that leads there; where it is there, nothing
    happens.

    Raises OrderNotFound, IllegalTransition with the statuses that can be reached, what the command raises.
    """
    try:
        if status is State.VALIDATED:
            return await validate_order(shop, ask, order_id, reply_type)
        if status is State.CANCELLED:
            return await cancel_order(shop, ask, order_id, reason, reply_type)
        return await _step_to(shop, ask, order_id, status, reply_type)
    except IllegalTransition as refusal:
        order = await get_order(shop, ask.tenant, order_id)
        if order.state is status:
            return reply_type(order=order_message(order))
        raise _unreachable(order, status) from refusal


async def _step_to(shop: Shop, ask: Ask, order_id: UUID, status: State, reply_type: type[R]) -> R:
    async def step(tx: Transaction, held: Held) -> Change:
        if status not in guards.reachable_statuses(held.order):
            raise _unreachable(held.order, status)
        command = shop.command(ask, "")
        if status is State.DONE:
            return commands.complete(held, command)
        settings = await settings_in(tx)
        kitchen_step = TicketStep.START if status is State.PREPARING else TicketStep.BUMP
        return commands.step_all(held, kitchen_step, settings.auto_complete, command)

    return await _change_order(shop, ask, order_id, reply_type, step)


async def _change_order(shop: Shop, ask: Ask, order_id: UUID, reply_type: type[R], verb: Verb) -> R:
    async def work(tx: Transaction) -> R:
        held = await store.lock_order(tx, order_id)
        change = await apply(tx, await verb(tx, held))
        return reply_type(order=order_message(change.order))

    return await execute(shop.db, ask, reply_type, work)


def _unreachable(order: Order, status: State) -> IllegalTransition:
    allowed = [state.value for state in guards.reachable_statuses(order)]
    return IllegalTransition(order.state.value, f"set_status:{status.value}", allowed)
