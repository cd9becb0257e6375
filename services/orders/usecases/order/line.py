"""Lines of an order that is there already: added, voided, changed.

What needs stock is reserved before the transaction that stores it. Catalog makes the reservation what the
order says with every event of it, so what was reserved and not stored is given back by the order's next one.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, answered, execute
from chassis.errors import Unavailable
from chassis.ids import derived_id
from chassis.rpc import mark_replayed
from services.orders.domain.approval import UNAPPROVED, Authority
from services.orders.domain.errors import LineRefused, ReasonRequired
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.basket import WantedLine, price_lines
from services.orders.domain.order.change import Change
from services.orders.domain.order.line import (
    Edit,
    add,
    change,
    changeable,
    not_yet_in,
    refuse_closed,
    void,
    void_approver,
    voidable,
)
from services.orders.domain.order.order import Line, Order
from services.orders.domain.order.overriding import approved
from services.orders.store.order import lock_order
from services.orders.store.restaurant import find_versions
from services.orders.usecases.copies import Known
from services.orders.usecases.order.change import apply
from services.orders.usecases.order.house import house_of
from services.orders.usecases.order.order import get_order
from services.orders.usecases.order.overriding import record_overrides
from services.orders.usecases.order.placing import (
    STALE_ATTEMPTS,
    StaleCopies,
    is_news,
    not_older,
    terms_for,
)
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.unrouted import telling_managers
from services.orders.wire.events import check_size
from services.orders.wire.order import order_message


class OrderMoved(Exception):
    """The order is another one than goods were reserved for: read it again."""


async def add_lines(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    wanted: Sequence[WantedLine],
    shown_menu_version: int,
    answer: Answer[Order, M],
    authority: Authority = UNAPPROVED,
) -> M:
    """Prices the lines, reserves their tracked stock, adds them. What the order has is not added again.

    Raises OrderNotFound, UnknownMenuVersion, as price_lines, not_yet_in, approved and domain add, what
    catalog raises (INSUFFICIENT_STOCK), OrderTooLarge, Unavailable (MENU_IN_FLUX).
    """
    for _ in range(STALE_ATTEMPTS):
        before = await answered(deps.db, command, answer)
        if before is not None:
            return before
        try:
            async with telling_managers(deps, command.tenant, order_id):
                return await _add_once(deps, command, order_id, wanted, shown_menu_version, answer, authority)
        except StaleCopies:
            deps.copies.forget(command.tenant)
        except OrderMoved:
            continue
    raise Unavailable("The menu is changing; try again.", reason="MENU_IN_FLUX")


async def _add_once(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    wanted: Sequence[WantedLine],
    shown_menu_version: int,
    answer: Answer[Order, M],
    authority: Authority,
) -> M:
    seen = await get_order(deps, command.tenant, order_id)
    refuse_closed(seen, "add_lines")
    known = not_older(await deps.copies.get_proven(command.tenant, shown_menu_version), shown_menu_version)
    terms = terms_for(seen.promise, known, deps.clock.now())
    try:
        priced = price_lines(not_yet_in(seen, wanted), seen.order_type, shown_menu_version, known.menu, terms)
    except LineRefused as refusal:
        if await is_news(deps, command.tenant, known, refusal):
            raise StaleCopies from refusal
        raise
    priced = approved(priced, authority, command.actor)
    if seen.lifecycle is Lifecycle.VALIDATED:
        await _reserve(deps, order_id, priced)

    async def store(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        fresh = {line.id for _, line in not_yet_in(locked.order, wanted)}
        lines = [line for line in priced if line.id in fresh]
        if not lines:
            refuse_closed(locked.order, "add_lines")
            mark_replayed()
            return locked.order
        await _refuse_stale(tx, known)
        if _sold_as(locked.order) != _sold_as(seen) or len(lines) < len(fresh):
            refuse_closed(locked.order, "add_lines")
            raise OrderMoved
        house = await house_of(tx)
        order = await _kept(tx, add(locked, lines, terms, house, deps.stamp(command)))
        record_overrides(tx, order, lines)
        return order

    return await execute(deps.db, command, answer, store)


async def void_line(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    line_id: UUID,
    quantity: int,
    reason: str,
    authority: Authority,
    answer: Answer[Order, M],
) -> M:
    """Takes units off a line; recorded, for it is money that is not taken.

    Raises ReasonRequired, OrderNotFound, as domain void and void_approver, OrderTooLarge.
    """

    if not reason:
        raise ReasonRequired("Say why it is voided.")

    async def work(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        line = voidable(locked.order, line_id, quantity)
        approver = void_approver(line, authority)
        house = await house_of(tx)
        done = void(locked, line_id, quantity, approver, house, deps.stamp(command, reason))
        order = await _kept(tx, done)
        audit(
            tx,
            "orders.line_voided",
            order_id=order.id,
            number=order.number,
            line_id=line_id,
            quantity=quantity,
            amount_minor=line.unit_minor * quantity,
            currency=order.currency_code,
            wasted=line.fired,
            approver_id=None if approver is None else approver.user_id,
        )
        return order

    return await execute(deps.db, command, answer, work)


async def change_line(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    line_id: UUID,
    edit: Edit,
    answer: Answer[Order, M],
) -> M:
    """Changes fields of a line; stock is reserved for units that come on top.

    Raises OrderNotFound, as domain changeable and change, what catalog raises (INSUFFICIENT_STOCK),
    OrderTooLarge, Unavailable (ORDER_IN_FLUX).
    """
    for _ in range(STALE_ATTEMPTS):
        held = await _hold_more(deps, command, order_id, line_id, edit, answer)

        async def work(tx: Transaction, held: int | None = held) -> Order:
            locked = await lock_order(tx, order_id)
            line, wanted = changeable(locked.order, line_id, edit)
            if held is not None and line.quantity != held and "quantity" in wanted:
                raise OrderMoved
            house = await house_of(tx)
            changed = change(locked, line_id, edit, house, deps.stamp(command))
            return locked.order if changed is None else await _kept(tx, changed)

        try:
            return await execute(deps.db, command, answer, work)
        except OrderMoved:
            continue
    raise Unavailable("Others are changing this order; try again.", reason="ORDER_IN_FLUX")


async def _hold_more(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    line_id: UUID,
    edit: Edit,
    answer: Answer[Order, M],
) -> int | None:
    """Reserves what a larger quantity takes, and says of which quantity that was the difference; None where
    nothing is to be reserved."""
    if edit.quantity is None or await answered(deps.db, command, answer) is not None:
        return None
    seen = await get_order(deps, command.tenant, order_id)
    line, _ = changeable(seen, line_id, edit)
    if seen.lifecycle is Lifecycle.VALIDATED and edit.quantity > line.quantity:
        # Under a name of their own: asked for again, they are held once.
        key = command.key
        name = derived_id(line.id, key.scope, key.key, key.request_hash, line.quantity)
        uses = tuple(replace(use, id=derived_id(name, use.item_id)) for use in line.stock_uses)
        more = replace(line, id=name, quantity=edit.quantity - line.quantity, stock_uses=uses)
        await _reserve(deps, order_id, [more])
    return line.quantity


def _sold_as(order: Order) -> tuple[object, ...]:
    """What lines are priced and held by."""
    return order.lifecycle, order.order_type, order.promised_at


async def _reserve(deps: Dependencies, order_id: UUID, lines: Sequence[Line]) -> None:
    tracked = [line for line in lines if line.takes_stock]
    if tracked:
        await deps.peers.reserve_stock(order_id, tracked)


async def _refuse_stale(tx: Transaction, known: Known) -> None:
    if await find_versions(tx) != known.versions:
        raise StaleCopies


async def _kept(tx: Transaction, changed: Change) -> Order:
    check_size(order_message(changed.order))
    await apply(tx, changed)
    return changed.order
