"""Slots, their settings, and orders that were promised, as messages."""

from fynlo.orders.v1 import slots_pb2

from chassis.instants import timestamp
from services.orders.domain.order.order import Order
from services.orders.domain.promise_errors import LimitTwice
from services.orders.domain.slot import Limit, Slot, SlotSettings, units_of
from services.orders.domain.timing import kitchen_at
from services.orders.wire import enums


def wanted_settings(message: slots_pb2.SlotSettings) -> SlotSettings:
    """Raises LimitTwice."""
    limits = {enums.ORDER_TYPE_OF[one.order_type]: Limit(one.orders, one.items) for one in message.limits}
    if len(limits) < len(message.limits):
        raise LimitTwice("An order type has one limit.")
    return SlotSettings(
        limited=message.limited,
        slot_minutes=message.slot_minutes,
        from_minutes=message.from_minutes,
        until_minutes=message.until_minutes,
        days_ahead=message.days_ahead,
        limits=limits,
        fire_together=message.fire_together,
        version=message.version,
    )


def settings_message(settings: SlotSettings) -> slots_pb2.SlotSettings:
    """As the contract says them, and as they are kept."""
    return slots_pb2.SlotSettings(
        limited=settings.limited,
        slot_minutes=settings.slot_minutes,
        from_minutes=settings.from_minutes,
        until_minutes=settings.until_minutes,
        days_ahead=settings.days_ahead,
        limits=[
            slots_pb2.SlotLimit(order_type=enums.ORDER_TYPE[one], orders=limit.orders, items=limit.items)
            for one, limit in settings.limits.items()
        ],
        fire_together=settings.fire_together,
        version=settings.version,
    )


def settings_kept(kept: bytes) -> SlotSettings:
    """Those that were kept; those that a restaurant begins with where none were."""
    return wanted_settings(slots_pb2.SlotSettings.FromString(kept)) if kept else SlotSettings()


def slot_message(slot: Slot) -> slots_pb2.Slot:
    """As the contract says it."""
    return slots_pb2.Slot(
        starts_at=timestamp(slot.starts_at),
        order_type=enums.ORDER_TYPE[slot.order_type],
        orders=slot.taken.orders,
        items=slot.taken.items,
        orders_left=slot.orders_left,
        items_left=slot.items_left,
        free=slot.free,
    )


def coming_message(order: Order) -> slots_pb2.ComingOrder:
    """An order that has a promise."""
    assert order.promise is not None
    return slots_pb2.ComingOrder(
        order_id=str(order.id),
        order_number=order.number,
        order_type=enums.ORDER_TYPE[order.order_type],
        scheduled_for=timestamp(order.promise.at),
        customer_name=order.customer_name,
        table_name=order.table_name,
        items=units_of(order),
        kitchen_at=timestamp(kitchen_at(order)),
        fired=order.fired,
    )
