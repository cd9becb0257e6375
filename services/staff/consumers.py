"""What staff learns from other services."""

from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from google.protobuf.message import Message

from chassis.db import Transaction
from chassis.messaging.inbox import Subscription
from chassis.messaging.stream import EventContext
from services.staff.store.restaurant import keep_restaurant
from services.staff.wire.restaurant import restaurant_of


async def on_restaurant_updated(tx: Transaction, event: RestaurantUpdated, context: EventContext) -> None:
    """Keeps the copy of the restaurant, in whatever order the versions arrive."""
    await keep_restaurant(tx, restaurant_of(event.settings))


HANDLERS: dict[type[Message], Subscription] = {
    RestaurantUpdated: Subscription(on_restaurant_updated, versioned=True)
}
