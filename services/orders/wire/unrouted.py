"""Items that no station takes."""

from collections.abc import Sequence
from uuid import UUID

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import station_pb2

from chassis.instants import timestamp
from services.orders.domain.unrouted import Unrouted


def unrouted_message(found: Unrouted) -> station_pb2.UnroutedItem:
    """What managers are told of it."""
    return station_pb2.UnroutedItem(
        item_id=str(found.item_id),
        name=found.name,
        order_id=str(found.order_id or ""),
        order_number=found.order_number,
        raised_at=timestamp(found.raised_at),
    )


def item_unrouted(found: Unrouted) -> orders_events.ItemUnrouted:
    """It went nowhere."""
    return orders_events.ItemUnrouted(item=unrouted_message(found))


def items_routed(item_ids: Sequence[UUID]) -> orders_events.ItemsRouted:
    """Stations have changed since."""
    return orders_events.ItemsRouted(item_ids=[str(one) for one in item_ids])
