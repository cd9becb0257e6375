"""How fast the kitchen is, looked at beside the way of an order: tickets that are late are told once for each
revision, and the times of stations are reckoned once a minute.
"""

from datetime import datetime, timedelta
from uuid import UUID

from chassis.db.sweeps import Round
from chassis.telemetry import get_logger
from services.orders.domain.errors import StationNotFound
from services.orders.domain.pace import KEPT, LATE_LOOKS_BACK, SETTLES_AFTER, Pace, Span, is_late
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.store import pace as store
from services.orders.store.station import find_stations
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.restaurant import restaurant_of
from services.orders.wire.pace import ticket_late

LATE_BATCH = 200
"""Tickets of a sweep, a transaction each."""
TIMES_BATCH = 100
"""Restaurants of a sweep, a transaction each."""
TIMES_EVERY = timedelta(minutes=1)

_log = get_logger("orders.pace")


async def get_pace(deps: Dependencies, tenant: UUID, station_id: UUID) -> Pace:
    """A station's target and times. Raises StationNotFound."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        by_id = {station.id: station for station in await find_stations(tx)}
        if station_id not in by_id:
            raise StationNotFound("There is no such station.")
        hours = await store.find_times(tx, station_id, Span.HOUR)
        days = await store.find_times(tx, station_id, Span.DAY)
    return Pace(station_id, by_id[station_id].target_seconds, hours, days)


class Lateness:
    """Goes round through the tickets whose time is over."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._round = Round(store.LATE_START, LATE_BATCH)

    async def sweep(self) -> int:
        """One batch; how many were told."""
        now = self._deps.clock.now()
        async with self._deps.db.transaction(None, readonly=True) as tx:
            found = await store.find_late(tx, now, now - LATE_LOOKS_BACK, self._round.after, LATE_BATCH)
        return await self._round.settle(found, self._tell, _not_told)

    async def _tell(self, late: store.Late) -> bool:
        tenant, _, ticket_id = late
        async with self._deps.db.transaction(tenant) as tx:
            ticket = await store.lock_untold(tx, ticket_id)
            if ticket is None or not is_late(ticket, self._deps.clock.now()):
                return False
            await store.mark_late(tx, ticket_id)
            tx.emit(ticket_late(ticket), subject_id=str(ticket.order_id))
        return True


class Times:
    """Goes round through the restaurants that have orders of today or yesterday."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._round = Round(UUID(int=0), TIMES_BATCH)
        self._begun_at: datetime | None = None

    async def sweep(self) -> int:
        """One batch, or none where a round has begun a moment ago; of how many restaurants."""
        now = self._deps.clock.now()
        if self._round.at_start:
            if self._begun_at is not None and now - self._begun_at < TIMES_EVERY:
                return 0
            self._begun_at = now
        async with self._deps.db.transaction(None, readonly=True) as tx:
            since = now - timedelta(days=2)
            found = await store.find_busy(tx, since, self._round.after, TIMES_BATCH)
        return await self._round.settle(found, self._reckon, _not_reckoned)

    async def _reckon(self, tenant: UUID) -> bool:
        now = self._deps.clock.now()
        async with self._deps.db.transaction(tenant) as tx:
            restaurant = await restaurant_of(tx)
            since = (now - SETTLES_AFTER).replace(minute=0, second=0, microsecond=0)
            await store.reckon_hours(tx, since, now)
            for begins, ends in _days(restaurant, since, now):
                await store.reckon_day(tx, begins, ends)
            await store.delete_times(tx, now - KEPT)
        return True


def _days(restaurant: RestaurantCopy, since: datetime, now: datetime) -> list[tuple[datetime, datetime]]:
    """The business day of now, and the one before it where that is not over for long."""
    today = restaurant.day_begins(now)
    before = restaurant.day_begins(since)
    return [(today, now)] if before == today else [(before, today), (today, now)]


async def _not_told(late: store.Late, error: Exception) -> None:
    _, _, ticket_id = late
    _log.warning("a late ticket could not be told", ticket_id=str(ticket_id), error=repr(error))


async def _not_reckoned(tenant: UUID, error: Exception) -> None:
    _log.warning("times of stations were not reckoned", restaurant_id=str(tenant), error=repr(error))
