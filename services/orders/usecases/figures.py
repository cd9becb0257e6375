"""Publishing the figures of the day. What changes them marks the day as unpublished, in its own transaction:
no figure is lost with the process that took the change.
"""

import asyncio
from uuid import UUID

from fynlo.orders.v1 import events_pb2 as orders_events

from chassis.db.sweeps import Round
from chassis.errors import Problem
from chassis.telemetry import get_logger
from services.orders.store import days as store
from services.orders.usecases.copies import settings_in
from services.orders.usecases.reading import todays_metrics
from services.orders.usecases.work import Dependencies

METRICS_EVERY_SECONDS = 2.0
BATCH = 1_000
"""Restaurants per round, a transaction each."""

_log = get_logger("orders.figures")


class Publisher:
    """Goes round through the restaurants whose figures have changed since they were published."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._round = Round(UUID(int=0), BATCH)

    async def publish(self) -> int:
        """One batch; of how many restaurants figures were published."""
        async with self._deps.db.transaction(None, readonly=True) as tx:
            found = await store.find_unpublished(tx, self._round.after, BATCH)
        return await self._round.settle(found, self._publish, _not_published)

    async def _publish(self, tenant: UUID) -> bool:
        async with self._deps.db.transaction(tenant) as tx:
            settings = await settings_in(tx)
            if not await store.take_unpublished(tx):
                return False
            metrics = await todays_metrics(tx, settings, self._deps.clock.now())
            event = orders_events.MetricsUpdated(metrics=metrics)
            tx.emit(event, subject_id=str(tenant))
        return True


async def publish_forever(deps: Dependencies) -> None:
    """The publisher's loop."""
    publisher = Publisher(deps)
    while True:
        await asyncio.sleep(METRICS_EVERY_SECONDS)
        try:
            await publisher.publish()
        except Problem as problem:
            _log.warning("figures were not looked at", reason=problem.reason, detail=problem.detail)


async def _not_published(tenant: UUID, error: Exception) -> None:
    _log.warning("figures were not published", restaurant_id=str(tenant), error=repr(error))
