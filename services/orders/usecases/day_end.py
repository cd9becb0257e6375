"""Tickets that outlive their business day leave the kitchen: nobody will bump or serve them any more."""

from datetime import date, timedelta
from uuid import UUID

from chassis.clock import business_date
from chassis.db.sweeps import Round
from chassis.telemetry import get_logger
from services.orders.domain import commands
from services.orders.store import kitchen as store
from services.orders.store.orders import lock_order
from services.orders.usecases.copies import settings_in
from services.orders.usecases.work import Dependencies, apply
from services.orders.wire.menu import cutoff_of, day_of

BATCH = 100
"""Orders per round, a transaction each."""
JUST_FIRED = timedelta(hours=1)
"""What was fired a moment before the day ended is still being cooked."""
DAY_ENDED = "the business day ended"

_log = get_logger("orders.day_end")
_START: store.PastDay = (UUID(int=0), date.min, UUID(int=0))


class DayEnd:
    """Goes round through the orders, a batch at a time."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._round = Round(_START, BATCH)

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
            found = await store.find_past_day(tx, days, now - JUST_FIRED, self._round.after, BATCH)
        return await self._round.settle(found, self._end, _not_ended)

    async def _end(self, past: store.PastDay) -> bool:
        (tenant, _, order_id), deps = past, self._deps
        command = deps.own_command(f"day_end:{order_id}", DAY_ENDED)
        async with deps.db.transaction(tenant) as tx:
            locked = await lock_order(tx, order_id)
            settings = await settings_in(tx)
            today = day_of(settings, command.at).isoformat()
            fired_before = command.at - JUST_FIRED
            change = commands.end_day(locked, today, fired_before, settings.auto_complete, command)
            if change is None:
                return False
            await apply(tx, change)
        return True


async def _not_ended(past: store.PastDay, error: Exception) -> None:
    _, _, order_id = past
    _log.error("tickets did not end with their day", order_id=str(order_id), error=repr(error))
