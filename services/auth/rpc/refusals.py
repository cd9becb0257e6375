"""What other processes have refused."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_service_pb2 as auth_api

from chassis.auth.refusals import record_report
from chassis.rpc import current_call
from services.auth.rpc.context import PartOfAuth
from services.auth.wire.refusals import report_of


class RefusalsRpc(PartOfAuth):
    """Reports of refusals."""

    async def ReportRefusals(
        self, request: auth_api.ReportRefusalsRequest, context: Any
    ) -> auth_api.ReportRefusalsResponse:
        call = current_call()
        assert call is not None
        return await record_report(self._ctx.db, report_of(request), by=call.service)
