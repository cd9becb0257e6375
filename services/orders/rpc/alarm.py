"""Tickets that the kitchen has not seen."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceServicer

from chassis.ids import parse_id
from chassis.rpc import tenant_named
from services.orders.domain.alarm import Unseen
from services.orders.rpc.asking import Context, command_of, with_ticket
from services.orders.usecases.alarm import acknowledge_alarm, report_delivered, report_undelivered
from services.orders.usecases.ports import Dependencies

ACKNOWLEDGED = with_ticket(orders_api.AcknowledgeTicketAlarmResponse)


class AlarmRpc(KitchenServiceServicer):
    """Raising and ending alarms."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ReportUndelivered(
        self, request: orders_api.ReportUndeliveredRequest, context: Context
    ) -> orders_api.ReportUndeliveredResponse:
        unseen = [
            Unseen(UUID(one.ticket_id), one.revision, one.cause, one.kitchen_epoch, one.kitchen_seq)
            for one in request.tickets
        ]
        if request.ticket_id:
            unseen.append(Unseen(parse_id(request.ticket_id), request.revision, request.cause))
        await report_undelivered(self._deps, tenant_named(request.restaurant_id), unseen)
        return orders_api.ReportUndeliveredResponse()

    async def ReportDelivered(
        self, request: orders_api.ReportDeliveredRequest, context: Context
    ) -> orders_api.ReportDeliveredResponse:
        confirmed = [(UUID(one.ticket_id), one.revision) for one in request.tickets]
        await report_delivered(self._deps, tenant_named(request.restaurant_id), confirmed)
        return orders_api.ReportDeliveredResponse()

    async def AcknowledgeTicketAlarm(
        self, request: orders_api.AcknowledgeTicketAlarmRequest, context: Context
    ) -> orders_api.AcknowledgeTicketAlarmResponse:
        command = command_of("AcknowledgeTicketAlarm", request)
        return await acknowledge_alarm(self._deps, command, UUID(request.ticket_id), ACKNOWLEDGED)
