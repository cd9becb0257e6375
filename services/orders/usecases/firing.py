"""Held lines to the kitchen."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M
from services.orders.domain.firing import fire
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.order import Order
from services.orders.store.station import find_stations
from services.orders.usecases.order.change import change_order
from services.orders.usecases.ports import Command, Dependencies


async def fire_order(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    line_ids: Sequence[UUID],
    course: str,
    answer: Answer[Order, M],
    pay_later: bool = False,
    fire_at: datetime | None = None,
) -> M:
    """The lines that are named, or those of a course, or all; now or at a time.

    Raises OrderNotFound and as domain fire.
    """

    async def verb(tx: Transaction, locked: Locked) -> Change:
        stations = await find_stations(tx)
        return fire(locked, line_ids, course, stations, deps.stamp(command), pay_later, fire_at)

    return await change_order(deps, command, order_id, answer, verb)
