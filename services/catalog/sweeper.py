"""Reservations whose order was not heard of in time: orders is asked before anything is let go."""

import asyncio
from datetime import timedelta
from uuid import UUID

from fynlo.orders.v1 import orders_pb2

from chassis.db import Database
from chassis.errors import Problem, Unavailable
from chassis.telemetry import get_logger
from services.catalog import wire
from services.catalog.peers import AskOrders
from services.catalog.store import stock as stock_store
from services.catalog.usecases import stock

SWEEP_EVERY_SECONDS = 5.0
HOLDS_PER_SWEEP = 200
UNANSWERED_IN_A_ROW = 5
"""When orders does not answer so many times in a row, it is down: the rest waits for the next sweep."""
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
        settled = unanswered = 0
        now = self._db.clock.now()
        for restaurant_id, order_id in await stock_store.expired_holds(self._db, now, HOLDS_PER_SWEEP):
            try:
                order = await self._ask_orders(restaurant_id, order_id)
                unanswered = 0
                await self._settle(restaurant_id, order_id, order)
                settled += 1
            except Unavailable as problem:
                unanswered += 1
                await self._put_off(restaurant_id, order_id, problem)
            except Exception as problem:  # one bad hold is no reason to keep the goods of all others
                await self._put_off(restaurant_id, order_id, problem)
            if unanswered >= UNANSWERED_IN_A_ROW:
                break
        return settled

    async def _put_off(self, restaurant_id: UUID, order_id: UUID, problem: Exception) -> None:
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
