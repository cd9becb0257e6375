"""The two services of the contract, put together of their nouns."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_service_pb2 as auth_api

from chassis.auth.refusals import record_report
from chassis.ids import parse_id
from chassis.instants import instant_of
from chassis.rpc import Counted, Refusal, Report, current_call
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
        return await record_report(self._ctx.db, _report_of(request), by=call.service)


class PeopleRpc(InvitationRpc, MemberRoleRpc, PasswordRpc, MailRpc):
    """fynlo.auth.v1.PeopleService."""


def _report_of(request: auth_api.ReportRefusalsRequest) -> Report:
    restaurant_id = parse_id(request.restaurant_id) if request.restaurant_id else None
    counted = [
        Counted(
            Refusal(restaurant_id, one.actor, one.device_id, one.reason, one.permission, one.address),
            instant_of(one.minute, "minute"),
            one.method,
            one.count,
        )
        for one in request.refusals
    ]
    return Report(request.request_id, restaurant_id, tuple(counted))
