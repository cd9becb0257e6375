"""When an order was promised, and when its lines go to the kitchen, in its messages."""

from datetime import datetime

from fynlo.orders.v1 import orders_pb2, slots_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.instants import instant, timestamp
from services.orders.domain.order.order import Line, Order
from services.orders.domain.order.promise import (
    NEVER_CHANGED_ORDER,
    NO_TIMING,
    OrderChanged,
    Promise,
    Timing,
)
from services.orders.domain.order.rates import Rates
from services.orders.wire.configured import portion_messages, portions_of


def wanted_promise(draft: orders_api.OrderDraft) -> Promise | None:
    """What a request asks for. Raises InvalidArgument for what is no instant."""
    at = instant(draft, "scheduled_for")
    return None if at is None else Promise(at)


def write_promise(order: Order, message: orders_pb2.Order) -> None:
    """Puts it into the order's message."""
    message.customer_name = order.customer_name
    if order.promise is not None:
        message.scheduled_for.MergeFrom(timestamp(order.promise.at))
        if order.promise.slot_at is not None:
            message.slot_at.MergeFrom(timestamp(order.promise.slot_at))
    if order.changed != NEVER_CHANGED_ORDER:
        changed = order.changed
        message.changed.MergeFrom(
            slots_pb2.OrderFieldVersions(order_type=changed.order_type, scheduled_for=changed.scheduled_for)
        )


def promise_of(message: orders_pb2.Order) -> Promise | None:
    """What the order's message says."""
    at = instant(message, "scheduled_for")
    return None if at is None else Promise(at, instant(message, "slot_at"))


def changed_of(message: orders_pb2.Order) -> OrderChanged:
    """As promise_of."""
    if not message.HasField("changed"):
        return NEVER_CHANGED_ORDER
    return OrderChanged(message.changed.order_type, message.changed.scheduled_for)


def write_timing(line: Line, message: orders_pb2.OrderLine) -> None:
    """Puts a line's times and its VAT elsewhere into its message."""
    if line.timing != NO_TIMING:
        message.timing.preparation_minutes = line.timing.preparation_minutes
        if line.timing.fire_at is not None:
            message.timing.fire_at.MergeFrom(timestamp(line.timing.fire_at))
    there = line.elsewhere
    if there is not None:
        message.elsewhere.vat_rate_bp = there.vat_rate_bp
        if there.portions:
            message.elsewhere.portions.extend(portion_messages(there.portions))


def timing_of(message: orders_pb2.OrderLine) -> Timing:
    """What the line's message says."""
    if not message.HasField("timing"):
        return NO_TIMING
    return Timing(message.timing.preparation_minutes, instant(message.timing, "fire_at"))


def elsewhere_of(message: orders_pb2.OrderLine) -> Rates | None:
    """As timing_of."""
    if not message.HasField("elsewhere"):
        return None
    return Rates(message.elsewhere.vat_rate_bp, portions_of(message.elsewhere.portions))


def fire_at_of(request: orders_api.FireOrderRequest) -> datetime | None:
    """None: now. Raises InvalidArgument for what is no instant."""
    return instant(request, "fire_at")
