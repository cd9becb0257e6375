"""What a basket costs: the bill from orders, and what each way to pay would cost from payments."""

from fynlo.common.v1.common_pb2 import Money
from fynlo.orders.v1.orders_service_pb2 import Quote
from fynlo.payments.v1.payments_service_pb2 import CompareCostsRequest
from fynlo_json.orders import quote
from starlette.requests import Request
from starlette.responses import Response

from gateway.plain import Route

_PAYMENTS = "fynlo.payments.v1.PaymentsService"


async def quote_order(request: Request, route: Route) -> Response:
    """No effect."""
    call = await route.enter(request)
    message = await route.asked(call)
    reply = await call.services.method(route.service, route.name, message)(message)
    totals = reply.order.totals
    asked = CompareCostsRequest(
        amount=Money(amount_minor=totals.total_minor, currency_code=reply.order.currency_code),
        service_charge_minor=totals.service_charge_minor,
    )
    costs = await call.services.method(_PAYMENTS, "CompareCosts", asked)(asked)
    return call.answer(quote(Quote(order=reply.order, payment_costs=costs.costs)))
