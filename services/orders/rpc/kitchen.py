"""KitchenService."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceServicer

from chassis.ids import parse_id
from chassis.rpc import current_principal, tenant_named
from chassis.rpc.cursors import BY_TIME, page_of
from services.orders.rpc import deeds
from services.orders.rpc.asking import Context, ask_of
from services.orders.usecases import alarms, allergies, kitchen, reading
from services.orders.usecases.alarms import Unseen
from services.orders.usecases.work import Dependencies
from services.orders.wire import enums
from services.orders.wire.orders import guest_allergy_of, station_message, ticket_message, wanted_station


class KitchenRpc(KitchenServiceServicer):
    """Stations and their tickets."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListStations(
        self, request: orders_api.ListStationsRequest, context: Context
    ) -> orders_api.ListStationsResponse:
        stations = await kitchen.list_stations(self._deps, current_principal().tenant)
        return orders_api.ListStationsResponse(stations=[station_message(station) for station in stations])

    async def SaveStation(
        self, request: orders_api.SaveStationRequest, context: Context
    ) -> orders_api.SaveStationResponse:
        ask = ask_of("SaveStation", request)
        station = wanted_station(request.station)
        return await kitchen.save_station(self._deps, ask, station, is_new=not request.station.id)

    async def ListTickets(
        self, request: orders_api.ListTicketsRequest, context: Context
    ) -> orders_api.ListTicketsResponse:
        page = page_of(request, BY_TIME)
        tickets, following = await reading.list_tickets(
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
        ask = ask_of("ChangeTicket", request)
        step = enums.TICKET_STEP_OF[request.action]
        reply = await kitchen.change_ticket(self._deps, ask, UUID(request.ticket_id), step)
        deeds.tell_step(reply.ticket, step)
        return reply

    async def ChangeTicketLine(
        self, request: orders_api.ChangeTicketLineRequest, context: Context
    ) -> orders_api.ChangeTicketLineResponse:
        ask = ask_of("ChangeTicketLine", request)
        ticket_id, line_id = UUID(request.ticket_id), UUID(request.line_id)
        step = enums.LINE_STEP_OF[request.action]
        return await kitchen.change_ticket_line(self._deps, ask, ticket_id, line_id, step)

    async def AcknowledgeGuestAllergy(
        self, request: orders_api.AcknowledgeGuestAllergyRequest, context: Context
    ) -> orders_api.AcknowledgeGuestAllergyResponse:
        ask, ticket_id = ask_of("AcknowledgeGuestAllergy", request), UUID(request.ticket_id)
        seen = guest_allergy_of(request.guest_allergy)
        return await allergies.acknowledge_guest_allergy(self._deps, ask, ticket_id, seen)

    async def ReportUndelivered(
        self, request: orders_api.ReportUndeliveredRequest, context: Context
    ) -> orders_api.ReportUndeliveredResponse:
        unseen = [
            Unseen(UUID(one.ticket_id), one.revision, one.cause, one.kitchen_epoch, one.kitchen_seq)
            for one in request.tickets
        ]
        if request.ticket_id:
            unseen.append(Unseen(parse_id(request.ticket_id), request.revision, request.cause))
        await alarms.report_undelivered(self._deps, tenant_named(request.restaurant_id), unseen)
        return orders_api.ReportUndeliveredResponse()

    async def ReportDelivered(
        self, request: orders_api.ReportDeliveredRequest, context: Context
    ) -> orders_api.ReportDeliveredResponse:
        confirmed = [(UUID(one.ticket_id), one.revision) for one in request.tickets]
        await alarms.report_delivered(self._deps, tenant_named(request.restaurant_id), confirmed)
        return orders_api.ReportDeliveredResponse()

    async def AcknowledgeTicketAlarm(
        self, request: orders_api.AcknowledgeTicketAlarmRequest, context: Context
    ) -> orders_api.AcknowledgeTicketAlarmResponse:
        ask = ask_of("AcknowledgeTicketAlarm", request)
        return await alarms.acknowledge_alarm(self._deps, ask, UUID(request.ticket_id))
