"""What a guest must not eat: said on the order, acknowledged on its tickets."""

from fastapi import Request
from fynlo.orders.v1.orders_service_pb2 import AcknowledgeGuestAllergyRequest, SetGuestAllergyRequest
from fynlo_json import orders as orders_json
from starlette.responses import Response

from gateway import examples
from gateway.allergens import guest_allergy
from gateway.calls import writing
from gateway.models import bodies
from gateway.models.order_answers import OrderOut, TicketOut
from gateway.spec import router, spec

routes = router()


@routes.put(
    "/orders/{order_id}/guest-allergy",
    **spec(
        "What a guest must not eat",
        tag="orders",
        permission="orders.place",
        answer=OrderOut,
        example=examples.ORDER,
        body=bodies.GuestAllergyIn,
        body_example=examples.GUEST_ALLERGY,
        missing="order_not_found",
        errors=(("409", "illegal_transition"),),
        key="optional",
    ),
)
async def set_guest_allergy(request: Request) -> Response:
    """Until the order is done or cancelled. Open tickets repeat it, and the kitchen acknowledges it anew.

    Without allergens and text no guest has one any more.
    """
    async with writing(request) as call:
        message = SetGuestAllergyRequest(
            request_id=call.key,
            order_id=call.id_of("order_id"),
            guest_allergy=guest_allergy(await call.body(bodies.GuestAllergyIn)),
        )
        reply = await call.write(call.services.orders.SetGuestAllergy(message))
        return call.answer(orders_json.order(reply.order))


@routes.post(
    "/kitchen/tickets/{ticket_id}/guest-allergy/acknowledge",
    **spec(
        "A cook has read what a guest must not eat",
        tag="kitchen",
        permission="kitchen.work",
        answer=TicketOut,
        example={**examples.TICKET, "allergy_acknowledged_at": examples.AT},
        body=bodies.GuestAllergyIn,
        body_example=examples.GUEST_ALLERGY,
        missing="ticket_not_found",
        errors=(("409", "allergy_changed"),),
        key="optional",
    ),
)
async def acknowledge_allergy(request: Request) -> Response:
    """The body is the guest's allergy as the cook has read it: one that has changed since is refused.

    Until then nothing of the ticket can be made ready.
    """
    async with writing(request) as call:
        message = AcknowledgeGuestAllergyRequest(
            request_id=call.key,
            ticket_id=call.id_of("ticket_id"),
            guest_allergy=guest_allergy(await call.body(bodies.GuestAllergyIn)),
        )
        reply = await call.write(call.services.kitchen.AcknowledgeGuestAllergy(message))
        return call.answer(orders_json.ticket(reply.ticket))
