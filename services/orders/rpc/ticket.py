"""Tickets."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceServicer

from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_TIME, page_of
from services.orders.rpc import deeds
from services.orders.rpc.asking import Context, command_of, with_ticket
from services.orders.usecases.order.allergy import acknowledge_guest_allergy
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.ticket import change_ticket, change_ticket_line, list_tickets
from services.orders.wire import enums
from services.orders.wire.remark import guest_allergy_of
from services.orders.wire.ticket import ticket_message

CHANGED = with_ticket(orders_api.ChangeTicketResponse)
LINE_CHANGED = with_ticket(orders_api.ChangeTicketLineResponse)
ALLERGY_ACKNOWLEDGED = with_ticket(orders_api.AcknowledgeGuestAllergyResponse)


class TicketRpc(KitchenServiceServicer):
    """Listing tickets, and what cooks do with them."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListTickets(
        self, request: orders_api.ListTicketsRequest, context: Context
    ) -> orders_api.ListTicketsResponse:
        page = page_of(request, BY_TIME)
        tickets, following = await list_tickets(
            self._deps,
            current_principal().tenant,
            [enums.KITCHEN_OF[state] for state in request.states if state in enums.KITCHEN_OF],
            parse_id(request.station_id) if request.station_id else None,
            page.after,
            page.size,
        )
        return orders_api.ListTicketsResponse(
            tickets=[ticket_message(ticket) for ticket in tickets],
            next_cursor=page.cursor(following),
        )

    async def ChangeTicket(
        self, request: orders_api.ChangeTicketRequest, context: Context
    ) -> orders_api.ChangeTicketResponse:
        command, step = command_of("ChangeTicket", request), enums.TICKET_STEP_OF[request.action]
        reply = await change_ticket(self._deps, command, UUID(request.ticket_id), step, CHANGED)
        deeds.tell_step(reply.ticket, step)
        return reply

    async def ChangeTicketLine(
        self, request: orders_api.ChangeTicketLineRequest, context: Context
    ) -> orders_api.ChangeTicketLineResponse:
        command, step = command_of("ChangeTicketLine", request), enums.LINE_STEP_OF[request.action]
        ticket_id, line_id = UUID(request.ticket_id), UUID(request.line_id)
        return await change_ticket_line(self._deps, command, ticket_id, line_id, step, LINE_CHANGED)

    async def AcknowledgeGuestAllergy(
        self, request: orders_api.AcknowledgeGuestAllergyRequest, context: Context
    ) -> orders_api.AcknowledgeGuestAllergyResponse:
        command, ticket_id = command_of("AcknowledgeGuestAllergy", request), UUID(request.ticket_id)
        seen = guest_allergy_of(request.guest_allergy)
        return await acknowledge_guest_allergy(self._deps, command, ticket_id, seen, ALLERGY_ACKNOWLEDGED)
