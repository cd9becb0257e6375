"""An item that no station takes: what managers are told of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.orders.domain.order.order import Line, Order

UNROUTED_MAX = 500
"""Of a restaurant, that are told at once."""


@dataclass(frozen=True, slots=True)
class Unrouted:
    """An item that went nowhere, and the order that showed it; None: that order was never placed."""

    item_id: UUID
    name: str
    order_id: UUID | None
    order_number: int
    raised_at: datetime


def unrouted(order: Order, line: Line, at: datetime) -> Unrouted:
    """A line of an order that is placed went nowhere."""
    return Unrouted(line.item_id, line.name, order.id, order.number, at)
