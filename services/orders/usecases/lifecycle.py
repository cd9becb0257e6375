"""Firing, completing, and moving an order to a state that the client names."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import execute
from services.orders.domain import commands, guards
from services.orders.domain.change import Change, Locked
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
from services.orders.usecases.work import Dependencies, apply
from services.orders.wire.orders import order_message

Verb = Callable[[Transaction, Locked], Awaitable[Change]]


async def fire_order(
    deps: Dependencies,
    ask: Ask,
    order_id: UUID,
    line_ids: Sequence[UUID],
    course: str,
    reply_type: type[R],
    pay_later: bool = False,
) -> R:
    """Held lines to the kitchen. Raises OrderNotFound and as commands.fire."""

    async def fire(tx: Transaction, locked: Locked) -> Change:
        stations = await kitchen_store.find_stations(tx)
        return commands.fire(locked, line_ids, course, stations, deps.command(ask), pay_later)

    return await _change_order(deps, ask, order_id, reply_type, fire)


async def complete_order(deps: Dependencies, ask: Ask, order_id: UUID, reply_type: type[R]) -> R:
    """Paid and handed over. Raises OrderNotFound and as commands.complete."""

    async def complete(tx: Transaction, locked: Locked) -> Change:
        return commands.complete(locked, deps.command(ask))

    return await _change_order(deps, ask, order_id, reply_type, complete)


async def set_order_status(
    deps: Dependencies, ask: Ask, order_id: UUID, status: State, reason: str, reply_type: type[R]
) -> R:
    """Moves the order to a derived state by the one command that leads there; where it is there, nothing
    happens.

    Raises OrderNotFound, IllegalTransition with the statuses that can be reached, what the command raises.
    """
    try:
        if status is State.VALIDATED:
            return await validate_order(deps, ask, order_id, reply_type)
        if status is State.CANCELLED:
            return await cancel_order(deps, ask, order_id, reason, reply_type)
        return await _step_to(deps, ask, order_id, status, reply_type)
    except IllegalTransition as refusal:
        order = await get_order(deps, ask.tenant, order_id)
        if order.state is status:
            return reply_type(order=order_message(order))
        raise _unreachable(order, status) from refusal


async def _step_to(deps: Dependencies, ask: Ask, order_id: UUID, status: State, reply_type: type[R]) -> R:
    async def step(tx: Transaction, locked: Locked) -> Change:
        if status not in guards.reachable_statuses(locked.order):
            raise _unreachable(locked.order, status)
        command = deps.command(ask, "")
        if status is State.DONE:
            return commands.complete(locked, command)
        settings = await settings_in(tx)
        kitchen_step = TicketStep.START if status is State.PREPARING else TicketStep.BUMP
        return commands.step_all(locked, kitchen_step, settings.auto_complete, command)

    return await _change_order(deps, ask, order_id, reply_type, step)


async def _change_order(deps: Dependencies, ask: Ask, order_id: UUID, reply_type: type[R], verb: Verb) -> R:
    async def work(tx: Transaction) -> R:
        locked = await store.lock_order(tx, order_id)
        change = await apply(tx, await verb(tx, locked))
        return reply_type(order=order_message(change.order))

    return await execute(deps.db, ask, reply_type, work)


def _unreachable(order: Order, status: State) -> IllegalTransition:
    allowed = [state.value for state in guards.reachable_statuses(order)]
    return IllegalTransition(order.state.value, f"set_status:{status.value}", allowed)
