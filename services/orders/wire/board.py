"""What the kitchen sees over its tickets."""

from fynlo.orders.v1 import kitchen_pb2

from services.orders.domain.board import AllDay, ExpoOrder
from services.orders.wire import enums
from services.orders.wire.configured import option_messages


def all_day_message(thing: AllDay) -> kitchen_pb2.AllDayItem:
    """So much of one thing."""
    return kitchen_pb2.AllDayItem(
        item_id=str(thing.item_id or ""),
        name=thing.name,
        options=option_messages(thing.options),
        quantity=thing.quantity,
    )


def expo_message(order: ExpoOrder) -> kitchen_pb2.ExpoOrder:
    """How far an order is."""
    return kitchen_pb2.ExpoOrder(
        order_id=str(order.order_id),
        order_number=order.order_number,
        table_name=order.table_name,
        stations=[
            kitchen_pb2.ExpoStation(
                station_id=str(one.station_id), name=one.name, state=enums.KITCHEN[one.state]
            )
            for one in order.stations
        ],
        ready=order.is_ready,
    )
