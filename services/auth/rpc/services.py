"""The two services of the contract, put together of their nouns."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_service_pb2 as auth_api

from chassis.auth.refusals import RECORDED, record_report, report_of
from chassis.rpc import current_call
from services.auth.rpc.invitation import InvitationRpc
from services.auth.rpc.mail import MailRpc
from services.auth.rpc.member import MemberRoleRpc, MemberRpc
from services.auth.rpc.password import PasswordRpc
from services.auth.rpc.platform import PlatformRpc
from services.auth.rpc.restaurant import RestaurantRpc
from services.auth.rpc.session import SessionRpc


class AuthRpc(SessionRpc, PlatformRpc, RestaurantRpc, MemberRpc):
    """fynlo.auth.v1.AuthService. Refusals are the chassis' own, which every process counts: auth writes down
    those of processes without a database.
    """

    async def ReportRefusals(
        self, request: auth_api.ReportRefusalsRequest, context: Any
    ) -> auth_api.ReportRefusalsResponse:
        call = current_call()
        assert call is not None
        return await record_report(self._ctx.db, report_of(request), RECORDED, by=call.service)


class PeopleRpc(InvitationRpc, MemberRoleRpc, PasswordRpc, MailRpc):
    """fynlo.auth.v1.PeopleService."""
