"""The bill of an order is split into checks."""

from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from services.orders.domain.check import WantedSplit
from services.orders.domain.order.order import Order
from services.orders.domain.order.split import split
from services.orders.store.order import lock_order
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies


async def split_order(
    deps: Dependencies, command: Command, order_id: UUID, wanted: WantedSplit, answer: Answer[Order, M]
) -> M:
    """Anew, but for what is paid. Raises OrderNotFound and as domain split."""

    async def work(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        change = split(locked, wanted, deps.stamp(command))
        if change is None:
            return locked.order
        await apply(tx, change)
        return change.order

    return await execute(deps.db, command, answer, work)
