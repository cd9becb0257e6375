"""An order's guests sit down at another table."""

from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from services.orders.domain.errors import UnknownTable
from services.orders.domain.order.order import Order
from services.orders.domain.order.transfer import transfer
from services.orders.store.order import lock_order
from services.orders.store.table import lock_tables
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies


async def transfer_order(
    deps: Dependencies, command: Command, order_id: UUID, table_id: UUID, answer: Answer[Order, M]
) -> M:
    """The whole order; both tables are told in its transaction.

    Raises OrderNotFound, UnknownTable, TableFull, and as domain transfer.
    """

    async def work(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        left = locked.order.table
        tables = await lock_tables(tx, {table_id} if left is None else {left.id, table_id})
        if table_id not in tables:
            raise UnknownTable(table_id)
        change = transfer(locked, tables[table_id].name, deps.stamp(command))
        if change is None:
            return locked.order
        await apply(tx, change, tables)
        return change.order

    return await execute(deps.db, command, answer, work)
