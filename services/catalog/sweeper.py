"""Reservations whose order was not heard of in time: orders is asked before anything is let go."""

import asyncio
from datetime import timedelta
from uuid import UUID

from fynlo.orders.v1 import orders_pb2

from chassis.db import Database
from chassis.db.sweeps import settle_each
from chassis.errors import Problem
from chassis.telemetry import get_logger
from services.catalog import wire
from services.catalog.peers import AskOrders
from services.catalog.store import stock as stock_store
from services.catalog.usecases import stock

SWEEP_EVERY_SECONDS = 5.0
HOLDS_PER_SWEEP = 200
AGAIN_AFTER_MIN = timedelta(seconds=5)
AGAIN_AFTER_MAX = timedelta(minutes=5)
"""A hold that cannot be settled is looked at again after as long as it has been there, within these."""
PLACED = frozenset({orders_pb2.LIFECYCLE_VALIDATED, orders_pb2.LIFECYCLE_CANCEL_PENDING})
DONE = frozenset({orders_pb2.LIFECYCLE_DONE, orders_pb2.LIFECYCLE_INVOICED})

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
        now = self._db.clock.now()
        expired = await stock_store.expired_holds(self._db, now, HOLDS_PER_SWEEP)
        settled, _ = await settle_each(expired, self._ask_and_settle, self._put_off)
        return settled

    async def _ask_and_settle(self, hold: tuple[UUID, UUID]) -> bool:
        await self._settle(*hold, await self._ask_orders(*hold))
        return True

    async def _put_off(self, hold: tuple[UUID, UUID], problem: Exception) -> None:
        restaurant_id, order_id = hold
        _log.warning(
            "a hold stays for now",
            restaurant_id=str(restaurant_id),
            order_id=str(order_id),
            reason=problem.reason if isinstance(problem, Problem) else repr(problem),
        )
        async with self._db.transaction(restaurant_id) as tx:
            await stock_store.put_off_hold(
                tx, order_id, self._db.clock.now(), at_least=AGAIN_AFTER_MIN, at_most=AGAIN_AFTER_MAX
            )

    async def _settle(self, restaurant_id: UUID, order_id: UUID, order: orders_pb2.Order | None) -> None:
        if order is None or order.lifecycle not in PLACED | DONE:
            await stock.release_stock(self._db, restaurant_id, order_id)
            return
        placed = wire.placed_order_of(order)
        async with self._db.transaction(restaurant_id) as tx:
            if order.lifecycle in DONE:
                await stock.complete_order(tx, placed, self._db.clock.now())
            else:
                await stock.confirm_order(tx, placed, self._db.clock.now())
