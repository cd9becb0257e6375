"""Drawers, their sessions and reports over gRPC."""
# ruff: noqa: N802 - methods have the names of the contract

from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1 import payments_service_pb2_grpc as payments_grpc

from chassis.auth.trust import Trust
from chassis.db import Database
from chassis.db.idempotency import key_of
from chassis.ids import parse_id
from chassis.rpc import current_principal, policies_of
from chassis.rpc.cursors import BY_NUMBER, BY_TIME, page_of
from services.payments import usecases, wire
from services.payments.rpc.approvals import Approvals
from services.payments.rpc.callers import Context, actor_of, optional_day

SERVICE = payments_api.DESCRIPTOR.services_by_name["TillService"].full_name
REPORTS_PERMISSION = policies_of(SERVICE)["GetZReport"].permission


class TillRpc(payments_grpc.TillServiceServicer):
    """Drawers, their sessions and reports."""

    def __init__(self, db: Database, peers: usecases.Peers, trust: Trust) -> None:
        self._db = db
        self._peers = peers
        self._approvals = Approvals(trust, SERVICE)

    async def OpenTill(
        self, request: payments_api.OpenTillRequest, context: Context
    ) -> payments_api.OpenTillResponse:
        principal = current_principal()
        command = usecases.OpenTill(
            tenant=principal.tenant,
            key=key_of("OpenTill", request, principal),
            actor=actor_of(principal),
            till=request.till,
            opening_float_minor=request.opening_float_minor,
        )
        return await usecases.open_till(self._db, self._peers, command)

    async def GetTillSession(
        self, request: payments_api.GetTillSessionRequest, context: Context
    ) -> payments_api.GetTillSessionResponse:
        session_id = parse_id(request.till_session_id)
        return await usecases.get_till_session(self._db, current_principal().tenant, session_id)

    async def ListTillSessions(
        self, request: payments_api.ListTillSessionsRequest, context: Context
    ) -> payments_api.ListTillSessionsResponse:
        page = page_of(request, BY_TIME)
        return await usecases.list_till_sessions(
            self._db, current_principal().tenant, page, open_only=request.open_only
        )

    async def RecordDrawerEvent(
        self, request: payments_api.RecordDrawerEventRequest, context: Context
    ) -> payments_api.RecordDrawerEventResponse:
        principal = current_principal()
        command = usecases.RecordDrawerEvent(
            tenant=principal.tenant,
            key=key_of("RecordDrawerEvent", request, principal),
            actor=actor_of(principal),
            till_session_id=parse_id(request.till_session_id),
            kind=wire.drawer_kind_in(request.kind),
            amount_minor=request.amount_minor,
            reason=request.reason,
            authority=await self._approvals.behind("RecordDrawerEvent", principal, request.approval),
        )
        return await usecases.record_drawer_event(self._db, command)

    async def GetXReport(
        self, request: payments_api.GetXReportRequest, context: Context
    ) -> payments_api.GetXReportResponse:
        principal, session_id = current_principal(), parse_id(request.till_session_id)
        reads_all = principal.may(REPORTS_PERMISSION)
        return await usecases.get_x_report(
            self._db, principal.tenant, session_id, only_of=None if reads_all else principal.subject
        )

    async def CloseTill(
        self, request: payments_api.CloseTillRequest, context: Context
    ) -> payments_api.CloseTillResponse:
        principal = current_principal()
        command = usecases.CloseTill(
            tenant=principal.tenant,
            key=key_of("CloseTill", request, principal),
            actor=actor_of(principal),
            till_session_id=parse_id(request.till_session_id),
            counted_minor=request.counted_minor,
            reason=request.reason,
            carry_over_order_ids=frozenset(parse_id(order) for order in request.carry_over_order_ids),
            authority=await self._approvals.behind("CloseTill", principal, request.approval),
        )
        response = await usecases.close_till(self._db, command)
        # Not kept with the answer: replays of answers that are older than these fields have them as well.
        response.expected_minor = response.session.expected_minor
        response.counted_minor = response.session.counted_minor
        response.variance_minor = response.session.variance_minor
        return response

    async def GetZReport(
        self, request: payments_api.GetZReportRequest, context: Context
    ) -> payments_api.GetZReportResponse:
        return await usecases.get_z_report(self._db, current_principal().tenant, request.number)

    async def ListZReports(
        self, request: payments_api.ListZReportsRequest, context: Context
    ) -> payments_api.ListZReportsResponse:
        page = page_of(request, BY_NUMBER)
        day = optional_day(request.business_date)
        return await usecases.list_z_reports(self._db, current_principal().tenant, page, day=day)
