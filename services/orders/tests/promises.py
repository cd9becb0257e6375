"""Promises, slots and order types, as tests ask for them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fynlo.orders.v1 import orders_pb2

from chassis.instants import timestamp
from services.orders.domain.menu import OrderType
from services.orders.domain.order.promise import Promise
from services.orders.domain.slot import Limit, Slot, SlotSettings
from services.orders.rpc import slot as rpc
from services.orders.tests.builders import draft, draft_line
from services.orders.tests.world import World
from services.orders.usecases import slot as slots
from services.orders.usecases.order.promise import (
    GoingByItself,
    WantedPromise,
    set_order_type,
    set_promise,
)
from services.orders.wire import enums
from services.orders.wire.slot import wanted_settings

EAT_IN = enums.ORDER_TYPE[OrderType.EAT_IN]
TAKEAWAY = enums.ORDER_TYPE[OrderType.TAKEAWAY]
TARGET = timedelta(minutes=15)
"""Of the station that a restaurant begins with."""


async def allow(world: World, *limits: tuple[OrderType, Limit], **settings: Any) -> SlotSettings:
    """What the restaurant promises from now on."""
    known = await slots.get_slot_settings(world.deps, world.tenant)
    wanted = SlotSettings(**{"limited": True, "limits": dict(limits), "version": known.version, **settings})
    reply = await slots.save_slot_settings(world.deps, world.ask(), wanted, rpc.SAVED)
    return wanted_settings(reply.settings)


async def slots_of(world: World, order_type: OrderType = OrderType.TAKEAWAY) -> list[Slot]:
    """Those of today."""
    return await slots.list_slots(world.deps, world.tenant, None, [order_type])


async def place_for(world: World, at: datetime, quantity: int = 1, **overrides: Any) -> orders_pb2.Order:
    """A takeaway of burgers that is promised for then."""
    return await world.place(
        draft(
            draft_line(world.burger, quantity),
            **{"order_type": TAKEAWAY, "scheduled_for": timestamp(at), **overrides},
        )
    )


async def switch_type(
    world: World, order_id: str, order_type: OrderType, base_version: int = 0
) -> orders_pb2.Order:
    """Eat in or take away."""
    reply = await set_order_type(
        world.deps, world.ask(), UUID(order_id), order_type, base_version, rpc.TYPE_SET
    )
    return reply.order


async def promise(
    world: World, order_id: str, at: datetime | None, name: str | None = None, base_version: int = 0
) -> orders_pb2.Order:
    """Another time, or none."""
    wanted = WantedPromise(None if at is None else Promise(at), name, base_version)
    reply = await set_promise(world.deps, world.ask(), UUID(order_id), wanted, rpc.PROMISED)
    return reply.order


async def sweep(world: World) -> int:
    """What the service does by itself; how many orders went to the kitchen."""
    return await GoingByItself(world.deps).sweep()
