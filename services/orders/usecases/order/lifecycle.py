"""Completing an order, and moving it to a state that the client names."""

from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M
from services.orders.domain.errors import IllegalTransition
from services.orders.domain.order import lifecycle
from services.orders.domain.order.axes import State
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.guards import reachable_statuses
from services.orders.domain.order.order import Order
from services.orders.domain.ticket import TicketStep
from services.orders.usecases.order.cancelling import cancel_order
from services.orders.usecases.order.change import change_order
from services.orders.usecases.order.order import get_order
from services.orders.usecases.order.placing import validate_order
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.restaurant import restaurant_of


async def complete_order(deps: Dependencies, command: Command, order_id: UUID, answer: Answer[Order, M]) -> M:
    """Paid and handed over. Raises OrderNotFound and as lifecycle.complete."""

    async def complete(tx: Transaction, locked: Locked) -> Change:
        return lifecycle.complete(locked, deps.stamp(command))

    return await change_order(deps, command, order_id, answer, complete)


async def set_order_status(
    deps: Dependencies, command: Command, order_id: UUID, status: State, reason: str, answer: Answer[Order, M]
) -> M:
    """Moves the order to a derived state by the one command that leads there; where it is there, nothing
    happens.

    Raises OrderNotFound, IllegalTransition with the statuses that can be reached, what the command raises.
    """
    try:
        if status is State.VALIDATED:
            return await validate_order(deps, command, order_id, answer)
        if status is State.CANCELLED:
            return await cancel_order(deps, command, order_id, reason, answer)
        return await _step_to(deps, command, order_id, status, answer)
    except IllegalTransition as refusal:
        order = await get_order(deps, command.tenant, order_id)
        if order.state is status:
            return answer.tell(order)
        raise _unreachable(order, status) from refusal


async def _step_to(
    deps: Dependencies, command: Command, order_id: UUID, status: State, answer: Answer[Order, M]
) -> M:
    async def step(tx: Transaction, locked: Locked) -> Change:
        if status not in reachable_statuses(locked.order):
            raise _unreachable(locked.order, status)
        stamp = deps.stamp(command)
        if status is State.DONE:
            return lifecycle.complete(locked, stamp)
        restaurant = await restaurant_of(tx)
        kitchen_step = TicketStep.START if status is State.PREPARING else TicketStep.BUMP
        return lifecycle.step_all(locked, kitchen_step, restaurant.auto_complete, stamp)

    return await change_order(deps, command, order_id, answer, step)


def _unreachable(order: Order, status: State) -> IllegalTransition:
    allowed = [state.value for state in reachable_statuses(order)]
    return IllegalTransition(order.state.value, f"set_status:{status.value}", allowed)
