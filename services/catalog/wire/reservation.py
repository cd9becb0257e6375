"""Lines that are to be reserved, and what orders say of theirs."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from fynlo.catalog.v1 import catalog_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderCompleted, OrderPlaced, OrderUpdated

from chassis.ids import derived_id, parse_id
from services.catalog.domain.reservation import OrderStage, StockOrder
from services.catalog.domain.stock import StockLine

OrderNews: TypeAlias = OrderPlaced | OrderUpdated | OrderCompleted | OrderCancelled

WASTED = "wasted"
"""Names the units of a line that were voided after the kitchen had them, beside those that are left."""

_STAGES = {
    orders_pb2.LIFECYCLE_VALIDATED: OrderStage.PLACED,
    orders_pb2.LIFECYCLE_CANCEL_PENDING: OrderStage.PLACED,
    # Another order has its lines; it may get them back.
    orders_pb2.LIFECYCLE_MERGED: OrderStage.PLACED,
    orders_pb2.LIFECYCLE_DONE: OrderStage.DONE,
    orders_pb2.LIFECYCLE_INVOICED: OrderStage.DONE,
}


def stock_line_in(message: catalog_pb2.StockLine) -> StockLine:
    """A line that is to be reserved. Raises InvalidArgument (INVALID_ID)."""
    return StockLine(parse_id(message.line_id), parse_id(message.item_id), message.quantity)


def stock_order_in(message: orders_pb2.Order) -> StockOrder:
    """What stock needs to know of an order. Raises InvalidArgument (INVALID_ID)."""
    lines = tuple(
        taken
        for line in message.lines
        if not line.voided and line.quantity > 0
        for taken in _taken_by(line, line.quantity)
    )
    wasted = tuple(
        replace(taken, line_id=derived_id(taken.line_id, WASTED))
        for line in message.lines
        for units in (sum(void.quantity for void in line.voids if void.wasted),)
        if units > 0
        for taken in _taken_by(line, units)
    )
    return StockOrder(parse_id(message.id), message.version, lines, _stage_in(message), wasted)


def _taken_by(line: orders_pb2.OrderLine, units: int) -> Iterator[StockLine]:
    """So many units of the item itself, and what its options and components take of others for them."""
    yield StockLine(parse_id(line.id), parse_id(line.item_id), units)
    for use in line.stock_uses:
        yield StockLine(parse_id(use.id), parse_id(use.item_id), use.quantity * units)


def concerns_stock(event: OrderNews) -> bool:
    """Whether an event may move stock: its order holds some, or ends with some.

    It looks at the event alone, and answers for an order once and for all: a line says from the beginning
    what it was sold from, and stays in the order when it is voided.
    """
    if isinstance(event, OrderCompleted | OrderCancelled):
        return _is_counted(event.order)
    return _stage_in(event.order) is OrderStage.PLACED


def _stage_in(order: orders_pb2.Order) -> OrderStage:
    stage = _STAGES.get(order.lifecycle, OrderStage.HOLDS_NOTHING)
    return stage if _is_counted(order) else OrderStage.HOLDS_NOTHING


def _is_counted(order: orders_pb2.Order) -> bool:
    """Whether a line was sold from counted stock. A line that does not say so may have been."""
    return any(
        line.stock_tracked or line.stock_uses or not line.HasField("stock_tracked") for line in order.lines
    )
