"""What other services announce, and what orders does about it."""

from collections.abc import Mapping
from typing import Any

from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.catalog.v1.events_pb2 import MenuChanged
from fynlo.payments.v1.events_pb2 import PaymentCaptured
from google.protobuf.message import Message

from chassis.db import Transaction
from chassis.messaging.inbox import Handler
from chassis.messaging.stream import EventContext
from services.orders.usecases.menu import apply_menu
from services.orders.usecases.payment import record_payment
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.restaurant import apply_restaurant
from services.orders.wire.menu import part_in
from services.orders.wire.payment import captured_in
from services.orders.wire.restaurant import restaurant_in


def handlers(deps: Dependencies) -> Mapping[type[Message], Handler]:
    """The handlers of this service, by event."""

    async def on_restaurant_updated(tx: Transaction, event: RestaurantUpdated, _: EventContext) -> None:
        await apply_restaurant(tx, restaurant_in(event.settings))

    async def on_menu_changed(tx: Transaction, event: MenuChanged, _: EventContext) -> None:
        await apply_menu(tx, part_in(event))

    async def on_payment_captured(tx: Transaction, event: PaymentCaptured, _: EventContext) -> None:
        await record_payment(tx, deps.clock, captured_in(event))

    by_event: dict[type[Message], Any] = {
        RestaurantUpdated: on_restaurant_updated,
        MenuChanged: on_menu_changed,
        PaymentCaptured: on_payment_captured,
    }
    return by_event
