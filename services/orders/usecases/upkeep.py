"""What the service does by itself: hanging cancellations, orders nobody pays or marks served, figures."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from uuid import UUID

from fynlo.orders.v1 import events_pb2

from chassis.db import Transaction
from chassis.errors import Problem
from chassis.rpc import acting_for
from chassis.telemetry import get_logger
from services.orders.domain import commands, guards
from services.orders.domain.kitchen import RECALL_WITHIN
from services.orders.domain.order import Lifecycle, Order, Payment, ServiceFlow
from services.orders.store import orders as store
from services.orders.usecases.cancelling import close_for_cancel, finish_cancel
from services.orders.usecases.copies import settings_in
from services.orders.usecases.day_end import DayEnd
from services.orders.usecases.reading import todays_metrics
from services.orders.usecases.work import Shop, apply
from services.orders.wire.events import METRICS

SWEEP_EVERY_SECONDS = 5.0
SWEEP_BATCH = 100
CANCEL_HANGS_AFTER = timedelta(seconds=5)
UNPAID_EXPIRES_AFTER = timedelta(minutes=15)
METRICS_EVERY_SECONDS = 2.0
NOT_PAID = "not paid in time"
NOT_MARKED_SERVED = "paid, ready, and past the time of a recall"

_log = get_logger("orders.upkeep")


async def sweep(shop: Shop) -> int:
    """Resumes cancellations that hang, cancels pay_first orders that nobody paid, completes paid ones that
    nobody marked served. How many it closed.
    """
    now = shop.clock.now()
    async with shop.db.transaction(None, readonly=True) as tx:
        due = await store.find_due(tx, now - CANCEL_HANGS_AFTER, now - UNPAID_EXPIRES_AFTER, SWEEP_BATCH)
        handed_over = await store.find_to_complete(tx, now - RECALL_WITHIN, SWEEP_BATCH)
    closed = 0
    for tenant, order_id in due:
        closed += await _tried(order_id, _close(shop, tenant, order_id))
    for tenant, order_id in handed_over:
        closed += await _tried(order_id, _complete(shop, tenant, order_id))
    return closed


async def publish_metrics(shop: Shop) -> int:
    """Publishes the figures of every restaurant that changed since the last round. How many there were."""
    tenants = shop.changed.take()
    for tenant in tenants:
        try:
            async with shop.db.transaction(tenant) as tx:
                metrics = await todays_metrics(tx, await settings_in(tx), shop.clock.now())
                event = events_pb2.MetricsUpdated(metrics=metrics)
                tx.emit(event, subject_id=str(tenant), channels=(METRICS,))
        except Problem as problem:
            shop.changed.note(tenant)
            _log.warning("figures were not published", restaurant_id=str(tenant), reason=problem.reason)
    return len(tenants)


async def sweep_forever(shop: Shop) -> None:
    """The sweeper's loop."""
    day_end = DayEnd(shop)
    while True:
        try:
            await sweep(shop)
            await day_end.sweep()
        except Problem as problem:
            _log.warning("sweeping failed", reason=problem.reason, detail=problem.detail)
        await asyncio.sleep(SWEEP_EVERY_SECONDS)


async def publish_metrics_forever(shop: Shop) -> None:
    """The loop of the figures."""
    while True:
        await asyncio.sleep(METRICS_EVERY_SECONDS)
        await publish_metrics(shop)


async def _tried(order_id: UUID, work: Awaitable[bool]) -> bool:
    try:
        return await work
    except Problem as problem:
        _log.warning(
            "an order could not be swept",
            order_id=str(order_id),
            reason=problem.reason,
            detail=problem.detail,
        )
        return False


async def _complete(shop: Shop, tenant: UUID, order_id: UUID) -> bool:
    command = shop.own_command(f"sweep:{order_id}", NOT_MARKED_SERVED)
    async with shop.db.transaction(tenant) as tx:
        held = await store.lock_order(tx, order_id)
        wanted = (await settings_in(tx)).auto_complete
        if not wanted or not guards.was_handed_over(held, command.at):
            return False
        await apply(tx, commands.complete(held, command), "")
    shop.changed.note(tenant)
    return True


async def _close(shop: Shop, tenant: UUID, order_id: UUID) -> bool:
    command = shop.own_command(f"sweep:{order_id}", NOT_PAID)

    def expired(order: Order) -> bool:
        return _expired(shop, order)

    with acting_for(tenant):
        await close_for_cancel(shop, tenant, order_id, command, only_if=expired)
        async with shop.db.transaction(tenant) as tx:
            if not await _finish(tx, shop, order_id):
                return False
    shop.changed.note(tenant)
    return True


def _expired(shop: Shop, order: Order) -> bool:
    unpaid = order.service_flow is ServiceFlow.PAY_FIRST and order.payment is Payment.UNPAID
    return unpaid and order.updated_at < shop.clock.now() - UNPAID_EXPIRES_AFTER


async def _finish(tx: Transaction, shop: Shop, order_id: UUID) -> bool:
    held = await store.lock_order(tx, order_id)
    pending = held.order.lifecycle is Lifecycle.CANCEL_PENDING
    if not pending and not (held.order.lifecycle is Lifecycle.DRAFT and _expired(shop, held.order)):
        return False
    reason = held.order.cancel_reason or NOT_PAID
    await finish_cancel(tx, held, shop.own_command(f"sweep:{order_id}", reason), "")
    return True
