"""What the catalog hears from other services. Every handler may run twice, late and out of order.

Most orders hold no counted stock, and most events are theirs: what concerns no stock (``concerns_stock``)
costs no transaction and no inbox row, and comes with others of its kind: what an order holds is held since it
was asked for, before there was any event.
"""

from collections.abc import Mapping

from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderCompleted, OrderPlaced, OrderUpdated
from google.protobuf.message import Message

from chassis.clock import Clock
from chassis.db import Transaction
from chassis.messaging.inbox import Subscription
from chassis.messaging.stream import EventContext
from services.catalog.usecases.reservation import cancel_order, complete_order, confirm_order
from services.catalog.usecases.restaurant import keep_restaurant
from services.catalog.wire.reservation import concerns_stock, stock_order_in
from services.catalog.wire.restaurant import restaurant_in


def handlers(clock: Clock) -> Mapping[type[Message], Subscription]:
    """Event -> what it does to stock, and to the copy of the restaurant."""

    async def on_order(tx: Transaction, event: OrderPlaced | OrderUpdated, context: EventContext) -> None:
        await confirm_order(tx, stock_order_in(event.order), clock.now())

    async def on_completed(tx: Transaction, event: OrderCompleted, context: EventContext) -> None:
        await complete_order(tx, stock_order_in(event.order), clock.now(), context.at)

    async def on_cancelled(tx: Transaction, event: OrderCancelled, context: EventContext) -> None:
        await cancel_order(tx, stock_order_in(event.order), clock.now(), context.at, wasted=event.wasted)

    async def on_restaurant_updated(tx: Transaction, event: RestaurantUpdated, context: EventContext) -> None:
        await keep_restaurant(tx, restaurant_in(event.settings))

    return {
        OrderPlaced: Subscription(on_order, concerns=concerns_stock, unhurried=True),
        OrderUpdated: Subscription(on_order, concerns=concerns_stock, unhurried=True),
        OrderCompleted: Subscription(on_completed, concerns=concerns_stock, unhurried=True),
        OrderCancelled: Subscription(on_cancelled, concerns=concerns_stock, unhurried=True),
        RestaurantUpdated: Subscription(on_restaurant_updated, versioned=True),
    }
