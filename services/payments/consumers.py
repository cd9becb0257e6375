"""What payments learn from other services.

Handlers compare versions, so the order of arrival does not matter.
"""

from collections.abc import Mapping
from typing import TypeAlias

from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.orders.v1.events_pb2 import (
    OrderCancelled,
    OrderCompleted,
    OrderPaymentRecorded,
    OrderPlaced,
    OrderUpdated,
)
from google.protobuf.message import Message

from chassis.db import Database, Transaction
from chassis.messaging.inbox import Subscription
from chassis.messaging.stream import EventContext
from services.payments.usecases.bill import apply_order
from services.payments.usecases.restaurant import apply_restaurant
from services.payments.wire.bill import bill_in, is_draft
from services.payments.wire.restaurant import restaurant_in

OrderNews: TypeAlias = OrderPlaced | OrderUpdated | OrderPaymentRecorded | OrderCompleted | OrderCancelled
ORDER_EVENTS = (OrderPlaced, OrderUpdated, OrderPaymentRecorded, OrderCompleted, OrderCancelled)


class ForeignOrder(ValueError):
    """An event of one restaurant carries an order of another: a mistake of its publisher."""


def handlers(db: Database) -> Mapping[type[Message], Subscription]:
    """Event -> what it does to the copies."""

    async def on_order(tx: Transaction, event: OrderNews, context: EventContext) -> None:
        if event.order.restaurant_id != str(tx.tenant):
            raise ForeignOrder(f"{event.order.restaurant_id} in an event of {tx.tenant}")
        await apply_order(tx, bill_in(event.order), db.clock.now())

    async def on_restaurant_updated(tx: Transaction, event: RestaurantUpdated, context: EventContext) -> None:
        await apply_restaurant(tx, restaurant_in(event.settings))

    copied = Subscription(on_order, concerns=_is_payable, versioned=True)
    return {
        **dict.fromkeys(ORDER_EVENTS, copied),
        RestaurantUpdated: Subscription(on_restaurant_updated, versioned=True),
    }


def _is_payable(event: OrderNews) -> bool:
    return not is_draft(event.order)
