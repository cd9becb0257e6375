"""What the service does by itself: hanging cancellations, orders nobody pays or marks served."""

import asyncio
from uuid import UUID

from chassis.db import Transaction
from chassis.db.sweeps import Round
from chassis.errors import Problem
from chassis.rpc import acting_for
from chassis.telemetry import get_logger
from services.orders.domain.order import lifecycle
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.order import Order
from services.orders.domain.order.upkeep import (
    CANCEL_HANGS_AFTER,
    NOT_MARKED_SERVED,
    NOT_PAID,
    UNPAID_EXPIRES_AFTER,
    is_expired,
    was_handed_over,
)
from services.orders.domain.ticket import RECALL_WITHIN
from services.orders.store import upkeep as store
from services.orders.store.order import lock_order
from services.orders.usecases.day import DayEnd
from services.orders.usecases.order.cancelling import close_for_cancel, finish_cancel
from services.orders.usecases.order.change import apply
from services.orders.usecases.order.promise import GoingByItself
from services.orders.usecases.pace import Lateness, Times
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.restaurant import restaurant_of
from services.orders.usecases.table import Changing

SWEEP_EVERY_SECONDS = 5.0
SWEEP_BATCH = 100

_log = get_logger("orders.upkeep")


class Sweeper:
    """Resumes cancellations that hang, cancels pay_first orders that nobody paid, completes paid ones that
    nobody marked served: a batch of each in a sweep.
    """

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._cancelling = Round(store.DUE_START, SWEEP_BATCH)
        self._unpaid = Round(store.DUE_START, SWEEP_BATCH)
        self._to_complete = Round(store.TO_COMPLETE_START, SWEEP_BATCH)

    async def sweep(self) -> int:
        """How many orders it closed."""
        now = self._deps.clock.now()
        async with self._deps.db.transaction(None, readonly=True) as tx:
            hang_since, unpaid_since = now - CANCEL_HANGS_AFTER, now - UNPAID_EXPIRES_AFTER
            cancelling = await store.find_cancelling(tx, hang_since, self._cancelling.after, SWEEP_BATCH)
            unpaid = await store.find_unpaid(tx, unpaid_since, self._unpaid.after, SWEEP_BATCH)
            handed_over = await store.find_to_complete(
                tx, now - RECALL_WITHIN, self._to_complete.after, SWEEP_BATCH
            )
        closed = await self._cancelling.settle(cancelling, self._close, _not_swept)
        closed += await self._unpaid.settle(unpaid, self._close, _not_swept)
        return closed + await self._to_complete.settle(handed_over, self._complete, _not_swept)

    async def _close(self, due: store.Due) -> bool:
        _, tenant, order_id = due
        return await _close(self._deps, tenant, order_id)

    async def _complete(self, due: store.ToComplete) -> bool:
        tenant, _, order_id = due
        return await _complete(self._deps, tenant, order_id)


async def sweep_forever(deps: Dependencies) -> None:
    """The sweeper's loop."""
    rounds = (Sweeper(deps), DayEnd(deps), Changing(deps), GoingByItself(deps), Lateness(deps), Times(deps))
    while True:
        try:
            for each in rounds:
                await each.sweep()
        except Problem as problem:
            _log.warning("sweeping failed", reason=problem.reason, detail=problem.detail)
        await asyncio.sleep(SWEEP_EVERY_SECONDS)


async def _not_swept(due: store.Due | store.ToComplete, error: Exception) -> None:
    *_, order_id = due
    told = (
        {"reason": error.reason, "detail": error.detail}
        if isinstance(error, Problem)
        else {"error": repr(error)}
    )
    _log.warning("an order could not be swept", order_id=str(order_id), **told)


async def _complete(deps: Dependencies, tenant: UUID, order_id: UUID) -> bool:
    stamp = deps.own_stamp(f"sweep:{order_id}", NOT_MARKED_SERVED)
    async with deps.db.transaction(tenant) as tx:
        locked = await lock_order(tx, order_id)
        wanted = (await restaurant_of(tx)).auto_complete
        if not wanted or not was_handed_over(locked, stamp.at):
            return False
        await apply(tx, lifecycle.complete(locked, stamp))
    return True


async def _close(deps: Dependencies, tenant: UUID, order_id: UUID) -> bool:
    stamp = deps.own_stamp(f"sweep:{order_id}", NOT_PAID)

    def expired(order: Order) -> bool:
        return is_expired(order, deps.clock.now())

    with acting_for(tenant):
        await close_for_cancel(deps, tenant, order_id, stamp, only_if=expired)
        async with deps.db.transaction(tenant) as tx:
            return await _finish(tx, deps, order_id)


async def _finish(tx: Transaction, deps: Dependencies, order_id: UUID) -> bool:
    locked = await lock_order(tx, order_id)
    order = locked.order
    expired_draft = order.lifecycle is Lifecycle.DRAFT and is_expired(order, deps.clock.now())
    if order.lifecycle is not Lifecycle.CANCEL_PENDING and not expired_draft:
        return False
    reason = order.cancel_reason or NOT_PAID
    await finish_cancel(tx, locked, deps.own_stamp(f"sweep:{order_id}", reason))
    return True
