"""What the catalog does by itself. Reservations whose order was not heard of in time: orders is asked before
anything is let go. Items that were taken off until now come back.
"""

import asyncio
from uuid import UUID

from chassis.db import Database
from chassis.db.sweeps import Round, settle_each
from chassis.errors import Problem
from chassis.telemetry import get_logger
from services.catalog.domain.availability import FIRST_RETURN, DueReturn
from services.catalog.usecases.availability import bring_back, due_returns
from services.catalog.usecases.ports import AskOrders
from services.catalog.usecases.reservation import expired_holds, put_off, settle_hold

SWEEP_EVERY_SECONDS = 5.0
HOLDS_PER_SWEEP = 200
RETURNS_EVERY_SECONDS = 1.0
RETURNS_PER_SWEEP = 200

_log = get_logger("sweeper")


class HoldSweeper:
    """Settles expired holds. ``ask_orders`` says what became of an order."""

    def __init__(self, db: Database, ask_orders: AskOrders) -> None:
        self._db = db
        self._ask_orders = ask_orders

    async def run(self) -> None:
        """Sweeps for ever; what fails is tried again in the next sweep."""
        while True:
            try:
                await self.sweep()
            except Problem as problem:
                _log.warning("a sweep failed", reason=problem.reason, detail=problem.detail)
            await asyncio.sleep(SWEEP_EVERY_SECONDS)

    async def sweep(self) -> int:
        """Settles what has expired by now; how many. A hold that cannot be settled is put off: others get a
        turn.
        """
        expired = await expired_holds(self._db, HOLDS_PER_SWEEP)
        settled, _ = await settle_each(expired, self._ask_and_settle, self._put_off)
        return settled

    async def _ask_and_settle(self, hold: tuple[UUID, UUID]) -> bool:
        await settle_hold(self._db, *hold, await self._ask_orders(*hold))
        return True

    async def _put_off(self, hold: tuple[UUID, UUID], problem: Exception) -> None:
        restaurant_id, order_id = hold
        _log.warning(
            "a hold stays for now",
            restaurant_id=str(restaurant_id),
            order_id=str(order_id),
            reason=problem.reason if isinstance(problem, Problem) else repr(problem),
        )
        await put_off(self._db, restaurant_id, order_id)


class ReturnSweeper:
    """Puts items back whose time has come. The lock of the menu lets one replica do it; the others, and a
    person who was there before, leave nothing to do.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._round = Round(FIRST_RETURN, RETURNS_PER_SWEEP)

    async def run(self) -> None:
        """Sweeps for ever; what fails is tried again in the next round."""
        while True:
            try:
                await self.sweep()
            except Problem as problem:
                _log.warning("a sweep failed", reason=problem.reason, detail=problem.detail)
            await asyncio.sleep(RETURNS_EVERY_SECONDS)

    async def sweep(self) -> int:
        """Puts back what is due by now; how many. One that cannot come back delays no other."""
        due = await due_returns(self._db, self._round.after, RETURNS_PER_SWEEP)
        return await self._round.settle(due, self._bring_back, self._stays)

    async def _bring_back(self, due: DueReturn) -> bool:
        return await bring_back(self._db, due)

    async def _stays(self, due: DueReturn, problem: Exception) -> None:
        _log.warning(
            "an item stays off for now",
            restaurant_id=str(due.restaurant_id),
            item_id=str(due.item_id),
            reason=problem.reason if isinstance(problem, Problem) else repr(problem),
        )
