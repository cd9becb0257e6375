"""What the catalog hears from other services. Every handler may run twice, late and out of order.

Most orders hold no counted stock, and most events are theirs: they are recognised before a transaction is
opened.
"""

from typing import TypeAlias

from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderCompleted, OrderPlaced, OrderUpdated
from google.protobuf.message import Message

from chassis.clock import Clock
from chassis.db import Transaction
from chassis.messaging.inbox import Subscription
from chassis.messaging.stream import EventContext
from services.catalog import wire
from services.catalog.peers import restaurant_copy_of
from services.catalog.usecases import stock
from services.catalog.usecases.restaurants import keep_restaurant

HOLDING = frozenset({orders_pb2.LIFECYCLE_VALIDATED, orders_pb2.LIFECYCLE_CANCEL_PENDING})
"""A draft holds nothing; an order at its end has an event of its own."""

OrderNews: TypeAlias = OrderPlaced | OrderUpdated | OrderCompleted | OrderCancelled


def holds_stock(event: OrderNews) -> bool:
    """Whether a line was sold from counted stock. A line that does not say so may have been."""
    return any(line.stock_tracked or not line.HasField("stock_tracked") for line in event.order.lines)


class CatalogConsumers:
    """The handlers by event."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def handlers(self) -> dict[type[Message], Subscription]:
        """What to subscribe to."""
        return {
            OrderPlaced: Subscription(self.on_order_placed, concerns=holds_stock),
            OrderUpdated: Subscription(self.on_order_updated, concerns=holds_stock),
            OrderCompleted: Subscription(self.on_order_completed, concerns=holds_stock),
            OrderCancelled: Subscription(self.on_order_cancelled, concerns=holds_stock),
            RestaurantUpdated: Subscription(self.on_restaurant_updated, versioned=True),
        }

    async def on_order_placed(self, tx: Transaction, event: OrderPlaced, context: EventContext) -> None:
        """Its reservation belongs to it now."""
        await self._hold(tx, event.order)

    async def on_order_updated(self, tx: Transaction, event: OrderUpdated, context: EventContext) -> None:
        """Lines may have come or gone."""
        await self._hold(tx, event.order)

    async def on_order_completed(self, tx: Transaction, event: OrderCompleted, context: EventContext) -> None:
        """Its goods are sold."""
        await stock.complete_order(tx, wire.placed_order_of(event.order), self._clock.now())

    async def on_order_cancelled(self, tx: Transaction, event: OrderCancelled, context: EventContext) -> None:
        """Its goods are free again, or wasted."""
        order = wire.placed_order_of(event.order)
        await stock.cancel_order(tx, order, self._clock.now(), wasted=event.wasted)

    async def on_restaurant_updated(
        self, tx: Transaction, event: RestaurantUpdated, context: EventContext
    ) -> None:
        """Currency and time zone may have changed."""
        await keep_restaurant(tx, restaurant_copy_of(event.settings))

    async def _hold(self, tx: Transaction, order: orders_pb2.Order) -> None:
        if order.lifecycle in HOLDING:
            await stock.confirm_order(tx, wire.placed_order_of(order), self._clock.now())
