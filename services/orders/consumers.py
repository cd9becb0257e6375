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
from services.orders.usecases import copies, payments
from services.orders.usecases.work import Dependencies


def handlers(deps: Dependencies) -> Mapping[type[Message], Handler]:
    """The handlers of this service, by event."""

    async def on_restaurant_updated(tx: Transaction, event: RestaurantUpdated, _: EventContext) -> None:
        await copies.note_restaurant(tx, event)

    async def on_menu_changed(tx: Transaction, event: MenuChanged, _: EventContext) -> None:
        await copies.note_menu(tx, event)

    async def on_payment_captured(tx: Transaction, event: PaymentCaptured, _: EventContext) -> None:
        await payments.record_payment(tx, deps.clock, event)

    by_event: dict[type[Message], Any] = {
        RestaurantUpdated: on_restaurant_updated,
        MenuChanged: on_menu_changed,
        PaymentCaptured: on_payment_captured,
    }
    return by_event
