"""Reservations whose order was not heard of in time: orders is asked before anything is let go."""

import asyncio
from uuid import UUID

from fynlo.orders.v1 import orders_pb2

from chassis.db import Database
from chassis.errors import Problem
from chassis.telemetry import get_logger
from services.catalog import wire
from services.catalog.peers import AskOrders
from services.catalog.store import stock as stock_store
from services.catalog.usecases import stock

SWEEP_EVERY_SECONDS = 5.0
HOLDS_PER_SWEEP = 200
FAILURES_PER_SWEEP = 5
"""When so many holds fail, orders is probably down: the rest waits for the next sweep."""
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
        """Settles what has expired by now; how many. A hold whose order cannot be asked about stays."""
        settled = failed = 0
        holds = await stock_store.expired_holds(self._db, self._db.clock.now(), HOLDS_PER_SWEEP)
        for restaurant_id, order_id in holds:
            try:
                order = await self._ask_orders(restaurant_id, order_id)
                await self._settle(restaurant_id, order_id, order)
            except Problem as problem:
                failed += 1
                _log.warning(
                    "a hold stays for now",
                    restaurant_id=str(restaurant_id),
                    order_id=str(order_id),
                    reason=problem.reason,
                )
                if failed >= FAILURES_PER_SWEEP:
                    break
            else:
                settled += 1
        return settled

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
