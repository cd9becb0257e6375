"""What an order says to the kitchen as a whole."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from services.orders.domain.order.order import GuestAllergy, Order, Remarks
from services.orders.domain.order.remark import say
from services.orders.store.order import lock_order
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies


async def set_guest_allergy(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    allergy: GuestAllergy | None,
    answer: Answer[Order, M],
) -> M:
    """None: no guest has one. Raises OrderNotFound and as remark.say."""

    def said(remarks: Remarks) -> Remarks:
        return replace(remarks, guest_allergy=allergy)

    async def work(tx: Transaction) -> Order:
        order = await _say(tx, deps, command, order_id, "guest_allergy", said)
        # Who and when; what it is stands on the order alone.
        audit(tx, "orders.guest_allergy_set", order_id=order.id, order_version=order.version)
        return order

    return await execute(deps.db, command, answer, work)


async def set_note(
    deps: Dependencies, command: Command, order_id: UUID, note: str, answer: Answer[Order, M]
) -> M:
    """Empty: none. Raises OrderNotFound and as remark.say."""

    def said(remarks: Remarks) -> Remarks:
        return replace(remarks, note=note)

    async def work(tx: Transaction) -> Order:
        return await _say(tx, deps, command, order_id, "note", said)

    return await execute(deps.db, command, answer, work)


async def _say(
    tx: Transaction,
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    cause: str,
    said: Callable[[Remarks], Remarks],
) -> Order:
    locked = await lock_order(tx, order_id)
    change = say(locked, said(locked.order.remarks), cause, deps.stamp(command))
    if change is None:
        return locked.order
    await apply(tx, change)
    return change.order
