"""What every change of an order has in common: it is made under the order's lock, stored, and published."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.order import Order
from services.orders.domain.table import Table
from services.orders.domain.unrouted import unrouted
from services.orders.store.order import insert_order, lock_order, update_order
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.slot import move_places
from services.orders.usecases.table import lock_tables_of, tell_tables
from services.orders.usecases.unrouted import tell_unrouted, telling_managers
from services.orders.wire.events import check_size, published
from services.orders.wire.order import order_message

Verb = Callable[[Transaction, Locked], Awaitable[Change]]


async def apply(tx: Transaction, change: Change, tables: Mapping[UUID, Table] | None = None) -> None:
    """Stores a change of a locked order, tells its table and its slot, and publishes its events: the last is
    the order's, where its answer is kept. ``tables`` are locked already.
    """
    await update_order(tx, change)
    await tell_tables(tx, change, tables)
    await move_places(tx, change)
    await _tell_unrouted(tx, change)
    publish(tx, change)


async def apply_together(tx: Transaction, changes: Sequence[Change]) -> None:
    """Changes of several orders that are locked, one of which may be new: all are stored before a table is
    locked, as whoever places an order does it. Raises UnknownTable, TableFull.
    """
    for change in changes:
        await (insert_order if change.before is None else update_order)(tx, change)
    await lock_tables_of(tx, changes)
    for change in changes:
        await tell_tables(tx, change)
        await move_places(tx, change)
        await _tell_unrouted(tx, change)
    for change in changes:
        publish(tx, change)


def check_sizes(changes: Iterable[Change]) -> None:
    """Whether all that these orders hold has room in them. Raises OrderTooLarge."""
    for change in changes:
        check_size(order_message(change.order))


def publish(tx: Transaction, change: Change) -> None:
    """Emits every event. Whatever was accepted can be published: see wire.events."""
    for event in published(change):
        tx.emit(event, subject_id=str(change.order.id))


async def _tell_unrouted(tx: Transaction, change: Change) -> None:
    if change.unrouted:
        at = change.order.updated_at
        await tell_unrouted(tx, [unrouted(change.order, line, at) for line in change.unrouted])


async def change_order(
    deps: Dependencies, command: Command, order_id: UUID, answer: Answer[Order, M], verb: Verb
) -> M:
    """A command that is one change of one order. Raises OrderNotFound and what ``verb`` raises."""

    async def work(tx: Transaction) -> Order:
        change = await verb(tx, await lock_order(tx, order_id))
        await apply(tx, change)
        return change.order

    async with telling_managers(deps, command.tenant, order_id):
        return await execute(deps.db, command, answer, work)
