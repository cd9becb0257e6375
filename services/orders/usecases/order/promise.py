"""Where an order is consumed, for when it was promised, and what of it goes to the kitchen by itself."""

from dataclasses import dataclass
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from chassis.db.sweeps import Round
from chassis.telemetry import get_logger
from services.orders.domain.firing import fire_due
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Locked
from services.orders.domain.order.consumption import switch
from services.orders.domain.order.order import Order
from services.orders.domain.order.promise import Promise
from services.orders.domain.order.scheduling import promisable, promise
from services.orders.domain.promise_errors import PromiseRefused
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.domain.slot import refuse_far
from services.orders.domain.timing import lead
from services.orders.store import slot as store
from services.orders.store.order import lock_order
from services.orders.store.station import find_stations
from services.orders.store.upkeep import DUE_START, Due
from services.orders.usecases.order.change import apply
from services.orders.usecases.order.house import house_of
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.restaurant import restaurant_of
from services.orders.usecases.slot import with_slot
from services.orders.wire.events import check_size
from services.orders.wire.order import order_message

DUE_BATCH = 100
"""Orders per round of which something goes to the kitchen by itself, a transaction each."""

_log = get_logger("orders.promises")


async def set_order_type(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    order_type: OrderType,
    base_version: int,
    answer: Answer[Order, M],
) -> M:
    """Recorded, for it changes what VAT is owed. Raises OrderNotFound, OrderTooLarge, SlotFull, and as domain
    switch.
    """

    async def work(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        charge_bp = (await restaurant_of(tx)).service_charge_bp
        change = switch(locked, order_type, base_version, charge_bp, deps.stamp(command))
        if change is None:
            return locked.order
        check_size(order_message(change.order))
        await apply(tx, change)
        before, order = locked.order, change.order
        audit(
            tx,
            "orders.order_type_set",
            order_id=order.id,
            number=order.number,
            from_type=before.order_type,
            order_type=order.order_type,
            total_minor=order.totals.total_minor,
            vat_minor=order.totals.vat_minor,
            vat_before_minor=before.totals.vat_minor,
            currency=order.currency_code,
        )
        return order

    return await execute(deps.db, command, answer, work)


@dataclass(frozen=True, slots=True)
class WantedPromise:
    """``promise`` None: as soon as possible; ``customer_name`` None: as it is."""

    promise: Promise | None
    customer_name: str | None
    base_version: int


async def set_promise(
    deps: Dependencies, command: Command, order_id: UUID, wanted: WantedPromise, answer: Answer[Order, M]
) -> M:
    """Another time, or none. Raises OrderNotFound, PromiseRefused, SlotFull, OrderTooLarge, and as domain
    promisable.
    """

    async def work(tx: Transaction) -> Order:
        locked, stamp = await lock_order(tx, order_id), deps.stamp(command)
        order = promisable(locked, wanted.promise, wanted.base_version)
        house, asked = await house_of(tx), wanted.promise
        known = order.promise
        if asked is not None and known is not None and asked.at == known.at:
            asked = known
        elif order.lifecycle is Lifecycle.DRAFT:
            if asked is not None:
                refuse_far(asked.at, stamp.at)
        else:
            restaurant = await restaurant_of(tx)
            if asked is not None:
                refuse_far(asked.at, stamp.at)
                takes = lead(order.lines, order.order_type, house.stations, stamp.at)
                asked = await with_slot(tx, asked, restaurant, stamp.at, takes)
            _refuse_other_day(order, restaurant, asked, deps)
        name = order.customer_name if wanted.customer_name is None else wanted.customer_name
        change = promise(locked, asked, name, house, stamp)
        if change is None:
            return order
        check_size(order_message(change.order))
        await apply(tx, change)
        return change.order

    return await execute(deps.db, command, answer, work)


def _refuse_other_day(
    order: Order, restaurant: RestaurantCopy, asked: Promise | None, deps: Dependencies
) -> None:
    """Its number and its figures are those of its day."""
    at = deps.clock.now() if asked is None else asked.at
    if restaurant.business_date(at) != order.business_date:
        raise PromiseRefused(
            "PROMISE_OTHER_DAY",
            "An order keeps its day: cancel it and place it anew for the other one.",
            business_date=order.business_date.isoformat(),
        )


class GoingByItself:
    """Goes round through the orders of which something is to go to the kitchen by now."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._round = Round(DUE_START, DUE_BATCH)

    async def sweep(self) -> int:
        """One batch; of how many orders something went."""
        at = self._deps.clock.now()
        async with self._deps.db.transaction(None, readonly=True) as tx:
            found = await store.find_kitchen_due(tx, at, self._round.after, DUE_BATCH)
        return await self._round.settle(found, self._fire, _not_fired)

    async def _fire(self, due: Due) -> bool:
        (_, tenant, order_id), deps = due, self._deps
        async with deps.db.transaction(tenant) as tx:
            locked: Locked = await lock_order(tx, order_id)
            change = fire_due(locked, await find_stations(tx), deps.own_stamp(f"due:{order_id}"))
            if change is None:
                return False
            await apply(tx, change)
        return True


async def _not_fired(due: Due, error: Exception) -> None:
    _, _, order_id = due
    _log.error("an order did not go to the kitchen by itself", order_id=str(order_id), error=repr(error))
