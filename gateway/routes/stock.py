"""Stock: what is on the shelf, and what is off the menu for now."""

from fastapi import Request
from fynlo.catalog.v1 import catalog_service_pb2 as messages
from fynlo.common.v1.common_pb2 import PageRequest
from fynlo_json import catalog as catalog_json
from starlette.responses import Response

from gateway import examples
from gateway.calls import reading, tagged, writing
from gateway.models import bodies
from gateway.models.menu_answers import ItemOut, StockLevelOut, StockPage
from gateway.routes.menu import moved
from gateway.spec import PAGE_QUERY, router, spec

routes = router()


@routes.put(
    "/menu/items/{item_id}/availability",
    **spec(
        "Take an item off, or put it back",
        tag="menu",
        permission="stock.adjust",
        answer=ItemOut,
        example=examples.ITEM,
        body=bodies.AvailabilityIn,
        body_example={"available": False},
        missing="unknown_item",
        key="optional",
    ),
)
async def set_availability(request: Request) -> Response:
    """Every till knows within the second."""
    async with writing(request) as call:
        body = await call.body(bodies.AvailabilityIn)
        message = messages.SetItemAvailabilityRequest(
            request_id=call.key, item_id=call.id_of("item_id"), available=body.available
        )
        reply = await call.write(call.services.catalog.SetItemAvailability(message))
        moved(call)
        return call.answer(catalog_json.item(reply.item), headers=tagged(reply.item.version))


@routes.get(
    "/stock",
    **spec(
        "List counted items",
        tag="stock",
        permission="menu.read",
        answer=StockPage,
        example={"items": [examples.STOCK_LEVEL], "next_cursor": None},
        query=PAGE_QUERY,
    ),
)
async def list_stock(request: Request) -> Response:
    """On hand, reserved by open orders, and what is left to sell."""
    async with reading(request) as call:
        reply = await call.services.catalog.ListStock(
            messages.ListStockRequest(page=PageRequest(**call.page()))
        )
        items = [catalog_json.stock_level(level) for level in reply.levels]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.put(
    "/stock/{item_id}",
    **spec(
        "Count an item",
        tag="stock",
        permission="stock.adjust",
        answer=StockLevelOut,
        example=examples.STOCK_LEVEL,
        body=bodies.StockCountIn,
        body_example={"on_hand": 24, "reorder_point": 6},
        missing="unknown_item",
        errors=(("422", "menu_too_large"),),
        key="optional",
    ),
)
async def count_stock(request: Request) -> Response:
    """Sets what is on the shelf; from then on the item is counted down and can run out."""
    async with writing(request) as call:
        body = await call.body(bodies.StockCountIn)
        message = messages.CountStockRequest(
            request_id=call.key,
            item_id=call.id_of("item_id"),
            on_hand=body.on_hand,
            reorder_point=body.reorder_point,
        )
        reply = await call.write(call.services.catalog.CountStock(message))
        moved(call)
        return call.answer(catalog_json.stock_level(reply.level), headers=tagged(reply.level.version))
