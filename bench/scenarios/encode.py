"""What the gateway's bytes cost one core: no system runs, nothing is sent."""

import json
import time
from collections.abc import Callable
from uuid import uuid4

import orjson
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.orders.v1 import orders_pb2
from fynlo_json import orders as orders_json

from bench.bars import Account
from gateway.menu_document import whole_menu
from gateway.rest.orders import OrderDraft, order_draft

LINES = 10
ITEMS = 1_000
ITEMS_PER_CATEGORY = 20
TRIES = 5
TRY_SECONDS = 0.3
"""The best of so many tries of this length each counts."""


def encode() -> Account:
    """Microseconds per call."""
    order, menu, body = _order(), _menu(), _body()
    account: Account = {
        "order_us": _best(lambda: orjson.dumps(orders_json.order(order))),
        "menu_us": _best(lambda: orjson.dumps(whole_menu(menu))),
        "body_us": _best(lambda: order_draft(OrderDraft.model_validate_json(body))),
        "order_bytes": len(orjson.dumps(orders_json.order(order))),
        "menu_bytes": len(orjson.dumps(whole_menu(menu))),
        "tries": TRIES,
    }
    account["beside"] = (
        f"an order of {LINES} lines {account['order_us']:.0f} us, a menu of {ITEMS} items "
        f"{account['menu_us']:,.0f} us, an order's body read {account['body_us']:.0f} us"
    )
    return account


def _best(call: Callable[[], object]) -> float:
    took = []
    for _ in range(TRIES):
        calls, began = 0, time.perf_counter()
        while (spent := time.perf_counter() - began) < TRY_SECONDS:
            call()
            calls += 1
        took.append(spent / calls * 1e6)
    return round(min(took), 2)


def _order() -> orders_pb2.Order:
    order = orders_pb2.Order(
        id=str(uuid4()), restaurant_id=str(uuid4()), number=7, currency_code="GBP", version=3
    )
    order.state = orders_pb2.ORDER_STATE_VALIDATED
    order.created_at.GetCurrentTime()
    order.updated_at.GetCurrentTime()
    for number in range(LINES):
        line = order.lines.add(id=str(uuid4()), item_id=str(uuid4()), name=f"Dish {number}", quantity=1)
        line.unit_price_minor = line.gross_minor = 750
    return order


def _menu() -> catalog_api.GetMenuResponse:
    answer = catalog_api.GetMenuResponse()
    answer.menu.version = 1
    answer.menu.currency_code = "GBP"
    for number in range(ITEMS):
        if number % ITEMS_PER_CATEGORY == 0:
            category = answer.menu.categories.add(id=str(uuid4()), name=f"Category {number}", position=number)
        item = answer.menu.items.add(id=str(uuid4()), category_id=category.id, name=f"Dish {number}")
        item.description = f"What the kitchen says of dish {number}"
        item.price_minor = 750
        answer.available_item_ids.append(item.id)
    return answer


def _body() -> bytes:
    lines = [{"item_id": str(uuid4()), "quantity": 1 + number % 2} for number in range(LINES)]
    whole = {"service_flow": "pay_later", "order_type": "takeaway", "menu_version": 1, "lines": lines}
    return json.dumps(whole, separators=(",", ":")).encode()
