"""Orders: quote, place, read, move along."""

from typing import Any

from fastapi import Request
from fynlo.common.v1.common_pb2 import Money, PageRequest
from fynlo.orders.v1.orders_service_pb2 import (
    CancelOrderRequest,
    CompleteOrderRequest,
    DraftLine,
    DraftOption,
    FireOrderRequest,
    GetOrderHistoryRequest,
    GetOrderRequest,
    ListOrdersRequest,
    OrderDraft,
    PlaceOrderRequest,
    Quote,
    QuoteOrderRequest,
    SetOrderStatusRequest,
    ValidateOrderRequest,
)
from fynlo.payments.v1.payments_service_pb2 import CompareCostsRequest
from fynlo_json import orders as orders_json
from fynlo_json.common import ORDER_TYPE
from fynlo_json.orders import ORDER_STATE, SERVICE_FLOW
from google.protobuf.timestamp_pb2 import Timestamp
from starlette.responses import Response

from chassis.errors import InvalidArgument
from gateway import examples
from gateway.allergens import guest_allergy
from gateway.bodies import Body
from gateway.calls import FILTERS_MAX, path_id, reading, writing
from gateway.models import bodies
from gateway.models.order_answers import HistoryOut, OrderOut, OrderPage, QuoteOut
from gateway.spec import PAGE_QUERY, Errors, router, some_of, spec

routes = router()

_STATES = ORDER_STATE.numbers()
_ORDER_TYPES = ORDER_TYPE.numbers()
_FLOWS = SERVICE_FLOW.numbers()
_BASKET_ERRORS: Errors = (
    ("409", "item_unavailable"),
    ("409", "menu_outdated"),
    ("422", "unknown_item"),
    ("422", "unknown_option"),
    ("422", "option_count"),
    ("422", "duplicate_line"),
    ("422", "no_vat_rate"),
    ("422", "negative_price"),
    ("422", "empty_order"),
    ("422", "unknown_table"),
    ("422", "unknown_customer"),
    ("422", "unknown_menu_version"),
    ("422", "order_too_large"),
    ("503", "menu_in_flux"),
)
_STOCK_ERRORS: Errors = (
    ("404", "unknown_item"),
    ("409", "insufficient_stock"),
    ("409", "reservation_mismatch"),
    ("409", "order_finished"),
)
_CANCEL_ERRORS: Errors = (("409", "refund_required"), ("422", "reason_required"))
_COMPLETE_ERRORS: Errors = (("409", "balance_open"),)


def draft_of(body: bodies.QuoteIn) -> OrderDraft:
    """The message of a basket."""
    draft = OrderDraft(
        service_flow=_FLOWS[body.service_flow],
        order_type=_ORDER_TYPES[body.order_type],
        table_id=str(body.table_id or ""),
        covers=body.covers or 0,
        customer_id=str(body.customer_id or ""),
        menu_version=body.menu_version or 0,
        lines=[_line_of(line) for line in body.lines],
    )
    if isinstance(body, bodies.OrderIn):
        draft.id = str(body.id or "")
        draft.draft = body.draft
        if body.guest_allergy is not None:
            draft.guest_allergy.CopyFrom(guest_allergy(body.guest_allergy))
    return draft


def _line_of(line: bodies.LineIn) -> DraftLine:
    return DraftLine(
        id=str(line.id or ""),
        item_id=str(line.item_id),
        quantity=line.quantity,
        options=[
            DraftOption(option_id=str(chosen.option_id), quantity=chosen.quantity) for chosen in line.options
        ],
        note=line.note or "",
        seat=line.seat or 0,
        course=line.course or "",
        hold=line.hold,
    )


@routes.post(
    "/orders/quote",
    **spec(
        "What a basket costs",
        tag="orders",
        permission="orders.place",
        answer=QuoteOut,
        example=examples.QUOTE,
        body=bodies.QuoteIn,
        body_example=examples.BASKET,
        errors=(*_BASKET_ERRORS, ("422", "fee_preset_unknown"), ("422", "fee_unknown")),
    ),
)
async def quote_order(request: Request) -> Response:
    """The bill and what each way to pay would cost the restaurant. No effect, so no Idempotency-Key."""
    async with reading(request) as call:
        body = await call.body(bodies.QuoteIn)
        reply = await call.services.orders.QuoteOrder(QuoteOrderRequest(order=draft_of(body)))
        totals = reply.order.totals
        costs = await call.services.payments.CompareCosts(
            CompareCostsRequest(
                amount=Money(amount_minor=totals.total_minor, currency_code=reply.order.currency_code),
                service_charge_minor=totals.service_charge_minor,
            )
        )
        quote = Quote(order=reply.order, payment_costs=costs.costs)
        return call.answer(orders_json.quote(quote))


@routes.post(
    "/orders",
    **spec(
        "Place an order",
        tag="orders",
        permission="orders.place",
        status=201,
        answer=OrderOut,
        example=examples.ORDER,
        body=bodies.OrderIn,
        body_example=examples.ORDER_IN,
        errors=(*_BASKET_ERRORS, *_STOCK_ERRORS, ("409", "order_exists")),
        key="required",
    ),
)
async def place_order(request: Request) -> Response:
    """Accepted means stored: prices are fixed, stock is reserved, a number is given.

    Lines without a course are fired at once when the order is pay_later, and on full payment when it is
    pay_first; a line with hold waits for /fire.
    """
    async with writing(request, key_required=True) as call:
        body = await call.body(bodies.OrderIn)
        reply = await call.write(
            call.services.orders.PlaceOrder(PlaceOrderRequest(request_id=call.key, order=draft_of(body)))
        )
        headers = {"Location": f"/api/v2/orders/{reply.order.id}", "ETag": f'"{reply.order.version}"'}
        return call.answer(orders_json.order(reply.order), 201, headers)


@routes.get(
    "/orders",
    **spec(
        "List orders, newest first",
        tag="orders",
        permission="orders.read",
        answer=OrderPage,
        example={"items": [examples.ORDER], "next_cursor": None},
        errors=(("404", "not_found"),),
        query=(
            *PAGE_QUERY,
            ("state", "one or more derived states, comma-separated", some_of(_STATES, FILTERS_MAX)),
            ("table_id", "orders of a table"),
            ("business_date", "YYYY-MM-DD"),
            ("updated_since", "RFC 3339"),
            ("q", "an order number, or the start of an item's name"),
        ),
    ),
)
async def list_orders(request: Request) -> Response:
    """Orders of the restaurant."""
    async with reading(request) as call:
        query = request.query_params
        reply = await call.services.orders.ListOrders(
            ListOrdersRequest(
                page=PageRequest(**call.page()),
                states=call.some_of("state", _STATES),
                table_id=path_id(query["table_id"]) if "table_id" in query else "",
                business_date=call.date("business_date"),
                updated_since=_instant_of(query.get("updated_since")),
                query=call.line("q"),
            )
        )
        items = [orders_json.order(order) for order in reply.orders]
        return call.answer({"items": items, "next_cursor": reply.next_cursor or None})


@routes.get(
    "/orders/{order_id}",
    **spec(
        "Read an order",
        tag="orders",
        permission="orders.read",
        answer=OrderOut,
        example=examples.ORDER,
        missing="order_not_found",
    ),
)
async def get_order(request: Request) -> Response:
    """One order, whole. Honours If-None-Match."""
    async with reading(request) as call:
        reply = await call.services.orders.GetOrder(GetOrderRequest(order_id=call.id_of("order_id")))
        etag = f'"{reply.order.version}"'
        if request.headers.get("if-none-match") == etag:
            return call.mark(Response(status_code=304, headers={"ETag": etag}))
        return call.answer(orders_json.order(reply.order), headers={"ETag": etag})


@routes.get(
    "/orders/{order_id}/history",
    **spec(
        "How an order came to its state",
        tag="orders",
        permission="orders.read",
        answer=HistoryOut,
        example={"items": [examples.STATE_CHANGE]},
        missing="order_not_found",
    ),
)
async def get_history(request: Request) -> Response:
    """Every change of every axis, with actor, reason and both clocks."""
    async with reading(request) as call:
        reply = await call.services.orders.GetOrderHistory(
            GetOrderHistoryRequest(order_id=call.id_of("order_id"))
        )
        return call.answer({"items": [orders_json.state_change(change) for change in reply.changes]})


@routes.put(
    "/orders/{order_id}/status",
    **spec(
        "Bring an order to a state",
        tag="orders",
        permission="orders.place",
        answer=OrderOut,
        example=examples.ORDER,
        body=bodies.StatusIn,
        body_example={"status": "ready"},
        missing="order_not_found",
        errors=(
            ("409", "illegal_transition"),
            ("409", "allergy_not_acknowledged"),
            *_BASKET_ERRORS,
            *_STOCK_ERRORS,
            *_CANCEL_ERRORS,
            *_COMPLETE_ERRORS,
        ),
        key="optional",
    ),
)
async def set_status(request: Request) -> Response:
    """By the command that leads there, with its permission as well (orders.cancel, kitchen.work).

    Where no command leads there, 409 with the states that can be reached.
    """
    async with writing(request) as call:
        body = await call.body(bodies.StatusIn)
        reply = await call.write(
            call.services.orders.SetOrderStatus(
                SetOrderStatusRequest(
                    request_id=call.key,
                    order_id=call.id_of("order_id"),
                    status=_STATES[body.status],
                    reason=body.reason or "",
                )
            )
        )
        return call.answer(orders_json.order(reply.order))


def _command(
    summary: str,
    body: type[Body],
    example: object,
    *errors: tuple[str, str],
    permission: str = "orders.place",
) -> dict[str, Any]:
    return spec(
        summary,
        tag="orders",
        permission=permission,
        answer=OrderOut,
        example=examples.ORDER,
        body=body,
        body_example=example,
        missing="order_not_found",
        errors=(("409", "illegal_transition"), *errors),
        key="optional",
    )


@routes.post(
    "/orders/{order_id}/validate",
    **_command("Turn a draft into an order", bodies.Nothing, {}, *_BASKET_ERRORS, *_STOCK_ERRORS),
)
async def validate_order(request: Request) -> Response:
    """Fixes prices, reserves stock, gives the number."""
    async with writing(request) as call:
        await call.body(bodies.Nothing)
        message = ValidateOrderRequest(request_id=call.key, order_id=call.id_of("order_id"))
        reply = await call.write(call.services.orders.ValidateOrder(message))
        return call.answer(orders_json.order(reply.order))


@routes.post(
    "/orders/{order_id}/fire",
    **_command(
        "Send held lines to the kitchen",
        bodies.FireIn,
        {"course": "mains"},
        ("409", "line_already_fired"),
        ("409", "nothing_to_fire"),
        ("422", "unknown_line"),
    ),
)
async def fire_order(request: Request) -> Response:
    """Those named, those of a course, or all.

    A pay_first order that is not paid is fired with pay_later only: it becomes pay_later.
    """
    async with writing(request) as call:
        body = await call.body(bodies.FireIn)
        message = FireOrderRequest(
            request_id=call.key,
            order_id=call.id_of("order_id"),
            line_ids=[str(line) for line in body.lines or []],
            course=body.course or "",
            pay_later=body.pay_later,
        )
        reply = await call.write(call.services.orders.FireOrder(message))
        return call.answer(orders_json.order(reply.order))


@routes.post(
    "/orders/{order_id}/cancel",
    **_command(
        "Cancel an order",
        bodies.CancelIn,
        {"reason": "guest left"},
        *_CANCEL_ERRORS,
        permission="orders.cancel",
    ),
)
async def cancel_order(request: Request) -> Response:
    """Before money is on it. The kitchen is told, stock goes back."""
    async with writing(request) as call:
        body = await call.body(bodies.CancelIn)
        message = CancelOrderRequest(
            request_id=call.key, order_id=call.id_of("order_id"), reason=body.reason or ""
        )
        reply = await call.write(call.services.orders.CancelOrder(message))
        return call.answer(orders_json.order(reply.order))


@routes.post(
    "/orders/{order_id}/complete",
    **_command("Complete an order", bodies.Nothing, {}, *_COMPLETE_ERRORS),
)
async def complete_order(request: Request) -> Response:
    """When everything is served and paid."""
    async with writing(request) as call:
        await call.body(bodies.Nothing)
        message = CompleteOrderRequest(request_id=call.key, order_id=call.id_of("order_id"))
        reply = await call.write(call.services.orders.CompleteOrder(message))
        return call.answer(orders_json.order(reply.order))


def _instant_of(text: str | None) -> Timestamp | None:
    if text is None:
        return None
    at = Timestamp()
    try:
        at.FromJsonString(text)
    except ValueError:
        raise InvalidArgument("updated_since is an RFC 3339 time", reason="INVALID_QUERY") from None
    return at
