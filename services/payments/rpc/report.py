"""X and Z reports over gRPC."""
# ruff: noqa: N802 - methods have the names of the contract

from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.payments.v1 import payments_service_pb2_grpc as payments_grpc

from chassis.db import Database
from chassis.ids import parse_id
from chassis.rpc import current_principal, policies_of
from chassis.rpc.cursors import BY_NUMBER, page_of
from services.payments.rpc.fields import Context, optional_day
from services.payments.usecases import report as reports
from services.payments.wire.report import till_report

SERVICE = payments_api.DESCRIPTOR.services_by_name["TillService"].full_name
REPORTS_PERMISSION = policies_of(SERVICE)["GetZReport"].permission


class ReportRpc(payments_grpc.TillServiceServicer):
    """The part of TillService that is about reports."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetXReport(
        self, request: payments_api.GetXReportRequest, context: Context
    ) -> payments_api.GetXReportResponse:
        principal, session_id = current_principal(), parse_id(request.till_session_id)
        reads_all = principal.may(REPORTS_PERMISSION)
        report = await reports.get_x_report(
            self._db, principal.tenant, session_id, only_of=None if reads_all else principal.subject
        )
        return payments_api.GetXReportResponse(report=till_report(report))

    async def GetZReport(
        self, request: payments_api.GetZReportRequest, context: Context
    ) -> payments_api.GetZReportResponse:
        report = await reports.get_z_report(self._db, current_principal().tenant, request.number)
        return payments_api.GetZReportResponse(report=till_report(report))

    async def ListZReports(
        self, request: payments_api.ListZReportsRequest, context: Context
    ) -> payments_api.ListZReportsResponse:
        page = page_of(request, BY_NUMBER)
        day = optional_day(request.business_date)
        shown, following = await reports.list_z_reports(self._db, current_principal().tenant, page, day=day)
        return payments_api.ListZReportsResponse(
            reports=[till_report(one) for one in shown], next_cursor=following
        )
