"""Cancelling: the order is locked, payments closes its bill, the order ends.

Three steps in three transactions, so a process may die between any two of them. The first step claims a key
of its own: a reused key is refused before anything happens, and a retry goes on from wherever the first try
got to. A cancellation that nobody retries is finished by the sweeper.
"""

from collections.abc import Callable
from uuid import UUID

from chassis.audit import audit
from chassis.db import Transaction
from services.orders.domain import cancelling
from services.orders.domain.change import Command, Held
from services.orders.domain.errors import MoneyOnBill, RefundRequired
from services.orders.domain.order import Lifecycle, Order
from services.orders.store import kitchen as kitchen_store
from services.orders.store import orders as store
from services.orders.usecases.ports import Answer, Ask, R
from services.orders.usecases.work import Shop, apply, once
from services.orders.wire.orders import order_message

BEGIN = "begin"
BEGUN = b""
"""What the first step remembers: that it was taken."""


async def cancel_order(shop: Shop, ask: Ask, order_id: UUID, reason: str, reply_type: type[R]) -> Answer[R]:
    """Locks the order as cancel_pending, has payments close the bill, cancels. A retry resumes.

    Whoever finds the order being cancelled joins in, and answers with the cancelled order whoever ends it.
    Raises OrderNotFound, IllegalTransition, ReasonRequired, RefundRequired (money is on the bill; the order
    is as before), Unavailable (it stays cancel_pending; the sweeper or a retry goes on), IdempotencyInFlight,
    IdempotencyKeyReuse (no effect).
    """
    command = shop.command(ask, reason)
    begun = await _begin(shop, ask, order_id, command)
    if begun is Lifecycle.CANCEL_PENDING:
        shop.changed.note(ask.tenant)
        await _close_bill(shop, ask.tenant, order_id, command)

    async def finish(tx: Transaction) -> R:
        held = await store.lock_order(tx, order_id)
        order = held.order
        if begun is None or order.lifecycle is not Lifecycle.CANCELLED:
            order = await finish_cancel(tx, held, command, ask.command_id)
        return reply_type(order=order_message(order))

    return await once(shop, ask, reply_type, finish)


async def close_for_cancel(
    shop: Shop, tenant: UUID, order_id: UUID, command: Command, only_if: Callable[[Order], bool] = bool
) -> None:
    """The first two steps of a cancellation that no client asked for. Leaves drafts and closed orders as they
    are, and those that are not to be cancelled (``only_if``).
    """
    async with shop.db.transaction(tenant) as tx:
        held = await store.lock_order(tx, order_id)
        if held.order.lifecycle is Lifecycle.VALIDATED:
            if not only_if(held.order):
                return
            await apply(tx, cancelling.begin_cancel(held, command), command.id)
        elif held.order.lifecycle is not Lifecycle.CANCEL_PENDING:
            return
    shop.changed.note(tenant)
    await _close_bill(shop, tenant, order_id, command)


async def finish_cancel(tx: Transaction, held: Held, command: Command, command_id: str) -> Order:
    """The last step, whoever takes it; recorded, for it is money that was not taken. Raises
    IllegalTransition.
    """
    is_draft = held.order.lifecycle is Lifecycle.DRAFT
    change = (cancelling.cancel_draft if is_draft else cancelling.finish_cancel)(held, command)
    order = (await apply(tx, change, command_id)).order
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


async def _begin(shop: Shop, ask: Ask, order_id: UUID, command: Command) -> Lifecycle | None:
    """Where the cancellation stands after its first step: None where this request has begun none.

    A request that has its answer already, and one for a draft, which needs no steps, begin nothing.
    """
    step = ask.key.step(BEGIN)
    async with shop.db.transaction(ask.tenant) as tx:
        if await tx.peek(ask.key) is not None:
            return None
        begun = await tx.peek(step) is not None
        held = await store.lock_order(tx, order_id)
        lifecycle = held.order.lifecycle
        if lifecycle not in {Lifecycle.VALIDATED, Lifecycle.CANCEL_PENDING}:
            return lifecycle if begun else None
        if lifecycle is Lifecycle.VALIDATED:
            await apply(tx, cancelling.begin_cancel(held, command), command.id)
        if await tx.claim(step) is None:
            tx.remember(BEGUN)
    return Lifecycle.CANCEL_PENDING


async def _close_bill(shop: Shop, tenant: UUID, order_id: UUID, command: Command) -> None:
    """Raises RefundRequired, with the order as it was: only where payments says that there is money.

    Whatever else goes wrong leaves the order locked: the bill may be closed, and an open order with a closed
    bill could never be paid.
    """
    try:
        await shop.peers.close_bill(tenant, order_id)
    except MoneyOnBill as refusal:
        await _restore(shop, tenant, order_id, command)
        raise RefundRequired("Money is on this order: refund it first.") from refusal


async def _restore(shop: Shop, tenant: UUID, order_id: UUID, command: Command) -> None:
    async with shop.db.transaction(tenant) as tx:
        held = await store.lock_order(tx, order_id)
        if held.order.lifecycle is Lifecycle.CANCEL_PENDING:
            stations = await kitchen_store.find_stations(tx)
            await apply(tx, cancelling.refuse_cancel(held, stations, command), command.id)
