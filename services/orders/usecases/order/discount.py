"""Discounts of people: given up to a cap or with a second person's approval, and taken back."""

from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from services.orders.domain.approval import Authority
from services.orders.domain.discount import Discount
from services.orders.domain.order.discount import (
    WantedDiscount,
    discount_of,
    give,
    take_back,
)
from services.orders.domain.order.order import Order
from services.orders.store.order import lock_order
from services.orders.usecases.order.change import apply
from services.orders.usecases.order.house import house_of
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.restaurant import restaurant_of
from services.orders.wire.events import check_size
from services.orders.wire.order import order_message


async def add_discount(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    wanted: WantedDiscount,
    authority: Authority,
    answer: Answer[Order, M],
) -> M:
    """Recorded with who gave it, who approved it and why. Raises OrderNotFound, OrderTooLarge, and as domain
    give.
    """

    async def work(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        restaurant = await restaurant_of(tx)
        caps, house = restaurant.discount_caps, await house_of(tx)
        change = give(locked, wanted, authority, caps, house, deps.stamp(command, wanted.reason))
        if change is None:
            return locked.order
        check_size(order_message(change.order))
        await apply(tx, change)
        audit(tx, "orders.discount_given", **_facts(change.order, discount_of(change.order, wanted.id)))
        return change.order

    return await execute(deps.db, command, answer, work)


async def remove_discount(
    deps: Dependencies, command: Command, order_id: UUID, discount_id: UUID, answer: Answer[Order, M]
) -> M:
    """Raises OrderNotFound and as domain take_back."""

    async def work(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        restaurant = await restaurant_of(tx)
        change = take_back(locked, discount_id, restaurant.service_charge_bp, deps.stamp(command))
        await apply(tx, change)
        audit(tx, "orders.discount_removed", **_facts(change.order, discount_of(locked.order, discount_id)))
        return change.order

    return await execute(deps.db, command, answer, work)


def _facts(order: Order, discount: Discount | None) -> dict[str, object]:
    """What the audit record keeps."""
    assert discount is not None
    return {
        "number": order.number,
        "order_type": order.order_type,
        "total_minor": order.totals.total_minor,
        "currency": order.currency_code,
        "order_id": order.id,
        "discount_id": discount.id,
        "kind": discount.kind,
        "discount_minor": discount.amount_minor,
        "line_id": discount.line_ids[0] if discount.line_ids else None,
        "reason": discount.reason,
        "approver_id": None if discount.approved_by is None else discount.approved_by.user_id,
    }
