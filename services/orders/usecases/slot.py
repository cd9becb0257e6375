"""Slots: what a restaurant promises, and the places that orders have.

A place is taken, moved and given back in the transaction that changes its order, under the lock of its slot:
an order without a promise costs nothing here. Locks are taken in one order: an order, its day, its tables,
its slots by their time.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from services.orders.domain.errors import StaleVersion
from services.orders.domain.menu import OrderType
from services.orders.domain.order.change import Change
from services.orders.domain.order.order import Order
from services.orders.domain.order.promise import Promise
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.domain.slot import (
    Slot,
    SlotSettings,
    Taken,
    full,
    is_over,
    moves,
    promised_slot,
    starts_of,
)
from services.orders.store import slot as store
from services.orders.store.restaurant import lock_copies
from services.orders.store.station import find_stations
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.restaurant import restaurant_of
from services.orders.wire.slot import settings_kept, settings_message

A_DAY = timedelta(days=1)
DAYS_LOOKED_AT = timedelta(days=400)
"""How far from today slots are listed."""
OVERDUE_SHOWN = timedelta(hours=12)
"""How long an order that was promised and is not done is still shown among those that come."""


async def slot_settings(tx: Transaction) -> SlotSettings:
    """As they are now."""
    return settings_kept(await store.find_slot_settings(tx))


async def get_slot_settings(deps: Dependencies, tenant: UUID) -> SlotSettings:
    """As they are now."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await slot_settings(tx)


async def save_slot_settings(
    deps: Dependencies, command: Command, wanted: SlotSettings, answer: Answer[SlotSettings, M]
) -> M:
    """``wanted.version`` is what the caller saw. What was promised stays promised. Raises StaleVersion."""
    await deps.copies.get(command.tenant)

    async def save(tx: Transaction) -> SlotSettings:
        await lock_copies(tx)
        known = await slot_settings(tx)
        if known.version != wanted.version:
            raise StaleVersion("Somebody changed these settings; read them again.")
        saved = replace(wanted, version=known.version + 1)
        await store.save_slot_settings(tx, settings_message(saved).SerializeToString(), saved.fire_together)
        audit(tx, "orders.slots_set", settings_version=saved.version, limited=saved.limited)
        tx.after_commit(partial(deps.copies.forget, command.tenant))
        return saved

    return await execute(deps.db, command, answer, save)


async def list_slots(
    deps: Dependencies, tenant: UUID, day: date | None, order_types: Sequence[OrderType]
) -> list[Slot]:
    """Those of a business day, or of today; none of days that are far away."""
    restaurant, now = (await deps.copies.get(tenant)).restaurant, deps.clock.now()
    async with deps.db.transaction(tenant, readonly=True) as tx:
        stations = await find_stations(tx)
        target = max((one.target_seconds for one in stations if one.is_default), default=0)
        ready = now + timedelta(seconds=target)
        today = restaurant.business_date(now)
        wanted = day or today
        if abs(wanted - today) > DAYS_LOOKED_AT:
            return []
        return await slots_on(tx, restaurant, wanted, order_types, now, ready)


async def slots_on(
    tx: Transaction,
    restaurant: RestaurantCopy,
    day: date,
    order_types: Sequence[OrderType],
    now: datetime,
    ready: datetime,
) -> list[Slot]:
    """The slots of a business day, of each type; free are those that begin when the kitchen is ``ready`` or
    later.
    """
    settings, zone = await slot_settings(tx), ZoneInfo(restaurant.time_zone)
    around = (start for days in (-1, 0, 1) for start in starts_of(settings, day + days * A_DAY, zone))
    starts = sorted({start for start in around if restaurant.business_date(start) == day})
    if not starts:
        return []
    promised = (day - restaurant.business_date(now)).days <= settings.days_ahead
    found = await store.find_taken(tx, starts[0], starts[-1] + settings.length, order_types)
    taken: dict[tuple[datetime, OrderType], Taken] = {}
    for starts_at, order_type, some in found:
        key = (starts[bisect_right(starts, starts_at) - 1], order_type)
        known = taken.get(key, Taken())
        taken[key] = Taken(known.orders + some.orders, known.items + some.items)
    return [
        Slot(
            start,
            order_type,
            taken.get((start, order_type), Taken()),
            settings.limit(order_type),
            promised and start >= ready,
        )
        for start in starts
        for order_type in order_types
    ]


async def with_slot(
    tx: Transaction, promise: Promise, restaurant: RestaurantCopy, now: datetime, takes: timedelta
) -> Promise:
    """The promise with its slot, of which the kitchen ``takes`` so long. Raises PromiseRefused."""
    days = (restaurant.business_date(promise.at) - restaurant.business_date(now)).days
    zone = ZoneInfo(restaurant.time_zone)
    slot = promised_slot(await slot_settings(tx), promise.at, zone, now, takes, days)
    return replace(promise, slot_at=slot)


async def move_places(tx: Transaction, change: Change) -> None:
    """Takes what an order needs of its slot, and gives back what it had of another. Raises SlotFull."""
    moved = moves(change)
    for starts_at, order_type, gained in moved:
        await store.add_to_slot(tx, starts_at, order_type, gained)
    for starts_at, order_type, gained in moved:
        if gained.orders <= 0 and gained.items <= 0:
            continue
        settings = await slot_settings(tx)
        limit = settings.limit(order_type)
        if not (limit.orders or limit.items):
            continue
        taken = await store.taken_between(tx, starts_at, starts_at + settings.length, order_type)
        if is_over(limit, taken, gained):
            restaurant, now = await restaurant_of(tx), change.order.updated_at
            day = restaurant.business_date(starts_at)
            raise full(starts_at, await slots_on(tx, restaurant, day, [order_type], now, now))


async def list_coming(deps: Dependencies, tenant: UUID) -> list[Order]:
    """Promised and not handed over, the next one first."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.find_coming(tx, deps.clock.now() - OVERDUE_SHOWN)
