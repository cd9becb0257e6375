"""Orders become one, and are taken apart again: in one transaction, with all of them locked."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Problem
from services.orders.domain.errors import OrderNotFound, SameOrder
from services.orders.domain.order.change import Change, Locked, Stamp
from services.orders.domain.order.merging import merge, taken_apart, unmerge
from services.orders.domain.order.order import Order
from services.orders.store.order import find_order, lock_order, lock_orders
from services.orders.usecases.order.change import apply_together, check_sizes
from services.orders.usecases.order.house import house_of
from services.orders.usecases.ports import Command, Dependencies


async def merge_orders(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    other_ids: Sequence[UUID],
    answer: Answer[Order, M],
) -> M:
    """The others become part of the order. Raises OrderNotFound, TableFull, OrderTooLarge, and as domain
    merge."""

    async def work(tx: Transaction) -> Order:
        if order_id in other_ids:
            raise SameOrder("An order becomes no part of itself.")
        locked = await lock_orders(tx, [order_id, *other_ids])
        sources = [locked[other_id] for other_id in other_ids]
        changes = merge(locked[order_id], sources, await house_of(tx), deps.stamp(command))
        check_sizes(changes)
        await apply_together(tx, changes)
        merged = changes[0].order
        for source in sources:
            audit(tx, "orders.orders_merged", **_facts(merged, source.order))
        return merged

    return await execute(deps.db, command, answer, work)


async def unmerge_order(deps: Dependencies, command: Command, order_id: UUID, answer: Answer[Order, M]) -> M:
    """Takes out all that were merged into the order. Raises OrderNotFound, TableFull, OrderTooLarge, and as
    domain unmerge."""

    async def work(tx: Transaction) -> Order:
        seen = await find_order(tx, order_id)
        if seen is None:
            raise OrderNotFound("There is no such order.")
        locked = await lock_orders(tx, [order_id, *(one.order_id for one in seen.merged)])
        target = locked.pop(order_id)
        if {one.order_id for one in target.order.merged} != locked.keys():
            raise ConcurrentUpdate("Somebody else merges orders with this one.")
        sources = [locked[one.order_id] for one in target.order.merged]
        changes = unmerge(target, sources, await house_of(tx), deps.stamp(command))
        check_sizes(changes)
        return await _apart(tx, changes)

    return await execute(deps.db, command, answer, work)


async def taken_out_for_money(tx: Transaction, part: Locked, stamp: Stamp) -> Locked:
    """An order that is part of another one, and that money has come for all the same: it was taken in the
    moment in which they were merged. It is itself again, with that money to come; where that cannot be, it is
    as it was.
    """
    into = part.order.merged_into
    if into is None:
        return part
    whole = await lock_order(tx, into.order_id)
    try:
        changes = taken_apart(whole, [part], await house_of(tx), stamp)
    except Problem:
        return part
    await _apart(tx, changes)
    return await lock_order(tx, part.order.id)


async def _apart(tx: Transaction, changes: Sequence[Change]) -> Order:
    """The orders that were parts first: stock is never held by nobody."""
    await apply_together(tx, changes)
    *alone, rest = changes
    for change in alone:
        audit(tx, "orders.order_unmerged", **_facts(rest.order, change.order))
    return rest.order


def _facts(whole: Order, part: Order) -> dict[str, object]:
    """What the audit record keeps."""
    return {
        "order_id": whole.id,
        "number": whole.number,
        "part_order_id": part.id,
        "part_number": part.number,
        "amount_minor": part.totals.total_minor,
        "total_minor": whole.totals.total_minor,
        "currency": whole.currency_code,
    }
