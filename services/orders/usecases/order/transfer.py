"""An order's guests sit down at another table, all of them or some with what they ordered."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from chassis.db.errors import ConcurrentUpdate
from chassis.ids import derived_id
from services.orders.domain.errors import UnknownTable
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Locked, Stamp
from services.orders.domain.order.house import House
from services.orders.domain.order.moved_lines import costs_the_same
from services.orders.domain.order.order import Line, Order
from services.orders.domain.order.transfer import begun_beside, lines_to_move, move_lines, transfer
from services.orders.domain.table import Table, tables_of
from services.orders.store.order import find_orders, lock_order, lock_orders, next_number
from services.orders.store.table import find_table, lock_tables
from services.orders.usecases.order.change import apply, apply_together, check_sizes
from services.orders.usecases.order.house import house_of
from services.orders.usecases.ports import Command, Dependencies


async def transfer_order(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    table_id: UUID,
    answer: Answer[Order, M],
    line_ids: Sequence[UUID] = (),
    seats: Sequence[int] = (),
) -> M:
    """The whole order, or only these lines and those of these seats; all tables are told in its transaction.

    Raises OrderNotFound, UnknownTable, TableFull, and as domain transfer; of lines OrderTooLarge, and as
    lines_to_move and move_lines.
    """

    async def whole(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        wanted = {*tables_of(locked.order), table_id}
        tables = await lock_tables(tx, wanted)
        if table_id not in tables:
            raise UnknownTable(table_id)
        change = transfer(locked, tables[table_id].name, deps.stamp(command))
        if change is None:
            return locked.order
        await apply(tx, change, tables)
        return change.order

    async def lines(tx: Transaction) -> Order:
        table = await find_table(tx, table_id)
        if table is None:
            raise UnknownTable(table_id)
        return await _move(tx, order_id, table, line_ids, seats, deps.stamp(command))

    return await execute(deps.db, command, answer, lines if line_ids or seats else whole)


async def _move(
    tx: Transaction,
    order_id: UUID,
    table: Table,
    line_ids: Sequence[UUID],
    seats: Sequence[int],
    stamp: Stamp,
) -> Order:
    house = await house_of(tx)
    there = await _open_at(tx, table, order_id, house)
    locked = await lock_orders(tx, [order_id] if there is None else [order_id, there])
    source = locked[order_id]
    lines = lines_to_move(source.order, line_ids, seats)
    if there is None:
        number = await next_number(tx, source.order.business_date)
        own_id = derived_id(order_id, source.order.version, "moved")
        target = Locked(begun_beside(source.order, own_id, number, table.name, stamp))
    else:
        target = locked[there]
        if not _takes(target.order, source.order, table, house):
            raise ConcurrentUpdate("The order at that table is another one now.")
    came, left = move_lines(source, target, lines, len(set(seats)), house, stamp)
    check_sizes([came, left])
    # The order that has more comes first: stock is never held by nobody.
    await apply_together(tx, [came, left])
    _record(tx, source.order, came.order, lines)
    return came.order


async def _open_at(tx: Transaction, table: Table, order_id: UUID, house: House) -> UUID | None:
    """The first order at the table that can take lines of this one; None: one is begun for them."""
    there = [one.order_id for one in table.seated if one.order_id != order_id]
    found = await find_orders(tx, [order_id, *there]) if there else []
    source = next((order for order in found if order.id == order_id), None)
    if source is None:
        return None
    takes = (one.id for one in found if one.id != order_id and _takes(one, source, table, house))
    return next(takes, None)


def _takes(order: Order, source: Order, table: Table, house: House) -> bool:
    return (
        order.lifecycle is Lifecycle.VALIDATED
        and table.id in tables_of(order)
        and costs_the_same(order, source, house.service_charge_bp)
    )


def _record(tx: Transaction, source: Order, target: Order, lines: Sequence[Line]) -> None:
    audit(
        tx,
        "orders.lines_moved",
        order_id=source.id,
        number=source.number,
        to_order_id=target.id,
        to_number=target.number,
        line_ids=[str(line.id) for line in lines],
        amount_minor=sum(line.gross_minor - line.discount_minor for line in lines),
        currency=source.currency_code,
        table=target.table_name,
    )
