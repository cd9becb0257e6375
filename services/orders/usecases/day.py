"""The business day: its figures, published as they change, and its end, at which tickets leave the kitchen.

What changes figures marks their day as unpublished, in its own transaction: none is lost with the process
that took the change. Tickets that outlive their day nobody will bump or serve any more.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from chassis.clock import business_date
from chassis.db import Transaction
from chassis.db.sweeps import Round
from chassis.errors import Problem
from chassis.telemetry import get_logger
from services.orders.domain.day import DayFigures
from services.orders.domain.order import lifecycle
from services.orders.domain.restaurant import RestaurantCopy, cutoff_of
from services.orders.store import day as store
from services.orders.store.order import lock_order
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.restaurant import restaurant_of
from services.orders.wire.day import metrics_updated

PUBLISH_EVERY_SECONDS = 2.0
PUBLISH_BATCH = 1_000
"""Restaurants per round, a transaction each."""
DAY_END_BATCH = 100
"""Orders per round, a transaction each."""
JUST_FIRED = timedelta(hours=1)
"""What was fired a moment before the day ended is still being cooked."""
DAY_ENDED = "the business day ended"

_log = get_logger("orders.day")


async def todays_figures(tx: Transaction, restaurant: RestaurantCopy, at: datetime) -> DayFigures:
    """The figures of the business day that it is at ``at``."""
    day = restaurant.business_date(at)
    return DayFigures(day, restaurant.currency_code, await store.find_figures(tx, day), at)


class Publisher:
    """Goes round through the restaurants whose figures have changed since they were published."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._round = Round(UUID(int=0), PUBLISH_BATCH)

    async def publish(self) -> int:
        """One batch; of how many restaurants figures were published."""
        async with self._deps.db.transaction(None, readonly=True) as tx:
            found = await store.find_unpublished(tx, self._round.after, PUBLISH_BATCH)
        return await self._round.settle(found, self._publish, _not_published)

    async def _publish(self, tenant: UUID) -> bool:
        async with self._deps.db.transaction(tenant) as tx:
            restaurant = await restaurant_of(tx)
            if not await store.take_unpublished(tx):
                return False
            figures = await todays_figures(tx, restaurant, self._deps.clock.now())
            tx.emit(metrics_updated(figures), subject_id=str(tenant))
        return True


class DayEnd:
    """Goes round through the orders, a batch at a time."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._round = Round(store.PAST_DAY_START, DAY_END_BATCH)

    @property
    def at_start(self) -> bool:
        """Whether the next batch begins a new round."""
        return self._round.at_start

    async def sweep(self) -> int:
        """One batch; of how many orders tickets were ended."""
        deps, now = self._deps, self._deps.clock.now()
        async with deps.db.transaction(None, readonly=True) as tx:
            rules = await store.find_day_rules(tx)
            days = {(zone, cutoff): business_date(now, zone, cutoff_of(cutoff)) for zone, cutoff in rules}
            found = await store.find_past_day(tx, days, now - JUST_FIRED, self._round.after, DAY_END_BATCH)
        return await self._round.settle(found, self._end, _not_ended)

    async def _end(self, past: store.PastDay) -> bool:
        (tenant, _, order_id), deps = past, self._deps
        stamp = deps.own_stamp(f"day_end:{order_id}", DAY_ENDED)
        async with deps.db.transaction(tenant) as tx:
            locked = await lock_order(tx, order_id)
            restaurant = await restaurant_of(tx)
            today = restaurant.business_date(stamp.at).isoformat()
            fired_before = stamp.at - JUST_FIRED
            change = lifecycle.end_day(locked, today, fired_before, restaurant.auto_complete, stamp)
            if change is None:
                return False
            await apply(tx, change)
        return True


async def publish_forever(deps: Dependencies) -> None:
    """The publisher's loop."""
    publisher = Publisher(deps)
    while True:
        await asyncio.sleep(PUBLISH_EVERY_SECONDS)
        try:
            await publisher.publish()
        except Problem as problem:
            _log.warning("figures were not looked at", reason=problem.reason, detail=problem.detail)


async def _not_published(tenant: UUID, error: Exception) -> None:
    _log.warning("figures were not published", restaurant_id=str(tenant), error=repr(error))


async def _not_ended(past: store.PastDay, error: Exception) -> None:
    _, _, order_id = past
    _log.error("tickets did not end with their day", order_id=str(order_id), error=repr(error))
