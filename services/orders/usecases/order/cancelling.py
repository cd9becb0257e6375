"""Cancelling: the order is locked, payments closes its bill, the order ends.

Three steps in three transactions, so a process may die between any two of them. The first step claims a key
of its own: a reused key is refused before anything happens, and a retry goes on from wherever the first try
got to. A cancellation that nobody retries is finished by the sweeper.
"""

from collections.abc import Callable
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, begin, execute
from services.orders.domain.errors import MoneyOnBill, RefundRequired
from services.orders.domain.order import cancelling
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Locked, Stamp
from services.orders.domain.order.order import Order
from services.orders.store.order import lock_order
from services.orders.store.station import find_stations
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies


async def cancel_order(
    deps: Dependencies, command: Command, order_id: UUID, reason: str, answer: Answer[Order, M]
) -> M:
    """Locks the order as cancel_pending, has payments close the bill, cancels. A retry resumes.

    Whoever finds the order being cancelled joins in, and answers with the cancelled order whoever ends it.
    Raises OrderNotFound, IllegalTransition, ReasonRequired, RefundRequired (money is on the bill; the order
    is as before), Unavailable (it stays cancel_pending; the sweeper or a retry goes on), IdempotencyInFlight,
    IdempotencyKeyReuse (no effect).
    """
    stamp = deps.stamp(command, reason)

    async def first(tx: Transaction, taken_before: bool) -> Lifecycle | None:
        """A draft needs no steps; what is closed may have been ended by this very command."""
        locked = await lock_order(tx, order_id)
        if locked.order.lifecycle is Lifecycle.VALIDATED:
            await apply(tx, cancelling.begin_cancel(locked, stamp))
        elif locked.order.lifecycle is not Lifecycle.CANCEL_PENDING:
            return locked.order.lifecycle if taken_before else None
        return Lifecycle.CANCEL_PENDING

    before, begun = await begin(deps.db, command, answer, first)
    if before is not None:
        return before
    if begun is Lifecycle.CANCEL_PENDING:
        await _close_bill(deps, command.tenant, order_id, stamp)

    async def finish(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        order = locked.order
        if begun is None or order.lifecycle is not Lifecycle.CANCELLED:
            order = await finish_cancel(tx, locked, stamp)
        return order

    return await execute(deps.db, command, answer, finish)


async def close_for_cancel(
    deps: Dependencies,
    tenant: UUID,
    order_id: UUID,
    stamp: Stamp,
    only_if: Callable[[Order], bool] = bool,
) -> None:
    """The first two steps of a cancellation that no client asked for. Leaves drafts and closed orders as they
    are, and those that are not to be cancelled (``only_if``).
    """
    async with deps.db.transaction(tenant) as tx:
        tx.command_id = stamp.id
        locked = await lock_order(tx, order_id)
        if locked.order.lifecycle is Lifecycle.VALIDATED:
            if not only_if(locked.order):
                return
            await apply(tx, cancelling.begin_cancel(locked, stamp))
        elif locked.order.lifecycle is not Lifecycle.CANCEL_PENDING:
            return
    await _close_bill(deps, tenant, order_id, stamp)


async def finish_cancel(tx: Transaction, locked: Locked, stamp: Stamp) -> Order:
    """The last step, whoever takes it; recorded, for it is money that was not taken. Raises
    IllegalTransition.
    """
    is_draft = locked.order.lifecycle is Lifecycle.DRAFT
    change = (cancelling.cancel_draft if is_draft else cancelling.finish_cancel)(locked, stamp)
    await apply(tx, change)
    order = change.order
    audit(
        tx,
        "orders.order_cancelled",
        number=order.number,
        order_type=order.order_type,
        total_minor=order.totals.total_minor,
        currency=order.currency_code,
        order_id=order.id,
    )
    return order


async def _close_bill(deps: Dependencies, tenant: UUID, order_id: UUID, stamp: Stamp) -> None:
    """Raises RefundRequired, with the order as it was: only where payments says that there is money.

    Whatever else goes wrong leaves the order locked: the bill may be closed, and an open order with a closed
    bill could never be paid.
    """
    try:
        await deps.peers.close_bill(tenant, order_id)
    except MoneyOnBill as refusal:
        await _restore(deps, tenant, order_id, stamp)
        raise RefundRequired("Money is on this order: refund it first.") from refusal


async def _restore(deps: Dependencies, tenant: UUID, order_id: UUID, stamp: Stamp) -> None:
    async with deps.db.transaction(tenant) as tx:
        tx.command_id = stamp.id
        locked = await lock_order(tx, order_id)
        if locked.order.lifecycle is Lifecycle.CANCEL_PENDING:
            stations = await find_stations(tx)
            await apply(tx, cancelling.refuse_cancel(locked, stations, stamp))
