"""What payments learn from other services.

Handlers compare versions, so the order of arrival does not matter. What is booked on an order, and that it is
done, changes nothing of what it costs: those events are not heard.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.orders.v1.events_pb2 import OrderCancelled, OrderPlaced, OrderUpdated
from google.protobuf.message import Message

from chassis.db import Database, Transaction
from chassis.messaging.inbox import Subscription
from chassis.messaging.stream import EventContext
from chassis.messaging.together import Arrival
from services.payments.domain.bill import OrderNews
from services.payments.usecases.bill import apply_orders
from services.payments.usecases.restaurant import apply_restaurant
from services.payments.wire.bill import bill_in, is_draft
from services.payments.wire.restaurant import restaurant_in

OrderEvent: TypeAlias = OrderPlaced | OrderUpdated | OrderCancelled
ORDER_EVENTS = (OrderPlaced, OrderUpdated, OrderCancelled)
LOCK_WAIT_MS = 50
"""What bills that are written together wait for one that is being paid: then each is written alone, so that
no restaurant waits for another's payment."""


class ForeignOrder(ValueError):
    """An event of one restaurant carries an order of another: a mistake of its publisher."""


def handlers(db: Database) -> Mapping[type[Message], Subscription]:
    """Event -> what it does to the copies."""

    async def on_order(tx: Transaction, event: OrderEvent, context: EventContext) -> None:
        await apply_orders(tx, [_news_in(Arrival(event, context))], db.clock.now())

    async def on_orders(tx: Transaction, arrivals: Sequence[Arrival]) -> None:
        news = [_news_in(arrival) for arrival in arrivals]
        await apply_orders(tx, news, db.clock.now(), lock_wait_ms=LOCK_WAIT_MS)

    async def on_restaurant_updated(tx: Transaction, event: RestaurantUpdated, context: EventContext) -> None:
        await apply_restaurant(tx, restaurant_in(event.settings))

    copied = Subscription(on_order, concerns=_is_payable, versioned=True, together=on_orders, unhurried=True)
    return {
        **dict.fromkeys(ORDER_EVENTS, copied),
        RestaurantUpdated: Subscription(on_restaurant_updated, versioned=True),
    }


def _news_in(arrival: Arrival) -> OrderNews:
    order, restaurant_id = arrival.event.order, arrival.context.restaurant_id
    if restaurant_id is None or order.restaurant_id != str(restaurant_id):
        raise ForeignOrder(f"{order.restaurant_id} in an event of {restaurant_id}")
    return OrderNews(restaurant_id, bill_in(order))


def _is_payable(event: OrderEvent) -> bool:
    return not is_draft(event.order)
