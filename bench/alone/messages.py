"""What is asked and answered: an order of ORDER_LINES lines, the same bytes every time."""

from uuid import UUID, uuid5

from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

ORDER_LINES = 4
_NAMES = UUID("0198f0a0-0000-7000-8000-000000000000")
ORDER_ID = str(uuid5(_NAMES, "order"))


def place_order(key: str = "b.1764230400000000000.1.1") -> orders_api.PlaceOrderRequest:
    """As the gateway asks for it."""
    asked = orders_api.PlaceOrderRequest(request_id=key)
    asked.order.service_flow = orders_pb2.SERVICE_FLOW_PAY_LATER
    asked.order.order_type = common_pb2.ORDER_TYPE_TAKEAWAY
    asked.order.menu_version = 1
    for number in range(ORDER_LINES):
        asked.order.lines.add(item_id=_id(f"item {number}"), quantity=1 + number % 2)
    return asked


def order() -> orders_pb2.Order:
    """As orders answers."""
    made = orders_pb2.Order(
        id=ORDER_ID, restaurant_id=_id("restaurant"), number=7, currency_code="GBP", version=1
    )
    made.state = orders_pb2.ORDER_STATE_VALIDATED
    made.order_type = common_pb2.ORDER_TYPE_TAKEAWAY
    made.menu_version = 1
    made.business_date = "2026-11-27"
    made.created_at.seconds = made.updated_at.seconds = 1_764_230_400
    for number in range(ORDER_LINES):
        line = made.lines.add(
            id=_id(f"line {number}"), item_id=_id(f"item {number}"), name=f"Dish {number}", quantity=1
        )
        line.unit_price_minor = line.gross_minor = 750
    made.totals.total_minor = 750 * ORDER_LINES
    return made


def _id(name: str) -> str:
    return str(uuid5(_NAMES, name))
