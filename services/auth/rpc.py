"""The gRPC face: parse, call the use case, serialise."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any, TypeVar

from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import auth_service_pb2_grpc as auth_grpc
from google.protobuf.message import Message

from chassis.auth.refusals import record_report
from chassis.db.idempotency import IdempotencyKey, key_of
from chassis.errors import Unauthenticated
from chassis.ids import parse_id
from chassis.rpc import current_call, current_principal, tenant_named
from chassis.rpc.cursors import BY_ID, page_of
from services.auth import wire
from services.auth.domain.invitations import InvitationRequired
from services.auth.domain.roles import Membership, Role
from services.auth.usecases import members, places, sessions
from services.auth.usecases.accounts import Person
from services.auth.usecases.context import Context
from services.auth.usecases.invitations import Invitee

_PASSWORD_FIELDS = ("password", "owner_password")
_M = TypeVar("_M", bound=Message)


class AuthRpc(auth_grpc.AuthServiceServicer):
    """fynlo.auth.v1.AuthService."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def LogIn(self, request: auth_api.LogInRequest, context: Any) -> auth_api.LogInResponse:
        command = sessions.LogIn(
            email=request.email,
            password=request.password,
            device_id=request.device_id,
            client=wire.client_of(request.client),
            address=request.remote_address,
            device_secret=request.device_secret,
        )
        opened = await sessions.log_in(self._ctx, command)
        return auth_api.LogInResponse(
            session=wire.session_message(opened.session), device_secret=opened.device_secret
        )

    async def RefreshSession(
        self, request: auth_api.RefreshSessionRequest, context: Any
    ) -> auth_api.RefreshSessionResponse:
        opened = await sessions.refresh(self._ctx, request.refresh_token, request.device_id)
        return auth_api.RefreshSessionResponse(session=wire.session_message(opened))

    async def LogOut(self, request: auth_api.LogOutRequest, context: Any) -> auth_api.LogOutResponse:
        await sessions.log_out(self._ctx, caller(), everywhere=request.everywhere)
        return auth_api.LogOutResponse()

    async def SwitchRestaurant(
        self, request: auth_api.SwitchRestaurantRequest, context: Any
    ) -> auth_api.SwitchRestaurantResponse:
        opened = await sessions.switch_restaurant(self._ctx, caller(), parse_id(request.restaurant_id))
        return auth_api.SwitchRestaurantResponse(session=wire.session_message(opened))

    async def GetMe(self, request: auth_api.GetMeRequest, context: Any) -> auth_api.GetMeResponse:
        return wire.me_response(await sessions.who_am_i(self._ctx, caller()))

    async def GetJwks(self, request: auth_api.GetJwksRequest, context: Any) -> auth_api.GetJwksResponse:
        return auth_api.GetJwksResponse(jwks_json=self._ctx.keys.public_jwks_json)

    async def ListRevocations(
        self, request: auth_api.ListRevocationsRequest, context: Any
    ) -> auth_api.ListRevocationsResponse:
        return wire.revocations_response(await sessions.list_revocations(self._ctx.db))

    async def ReportRefusals(
        self, request: auth_api.ReportRefusalsRequest, context: Any
    ) -> auth_api.ReportRefusalsResponse:
        call = current_call()
        assert call is not None
        return await record_report(self._ctx.db, wire.report_of(request), by=call.service)

    async def GetRestaurant(
        self, request: auth_api.GetRestaurantRequest, context: Any
    ) -> auth_api.GetRestaurantResponse:
        restaurant = await places.get_restaurant(self._ctx, tenant_named(request.restaurant_id))
        return auth_api.GetRestaurantResponse(restaurant=wire.restaurant_message(restaurant))

    async def CreatePlatform(
        self, request: auth_api.CreatePlatformRequest, context: Any
    ) -> auth_api.CreatePlatformResponse:
        owner = Person(request.owner_email, request.owner_name, request.owner_password, "owner_")
        command = places.CreatePlatform(request.name, owner)
        return await places.create_platform(self._ctx, command, request_key("CreatePlatform", request))

    async def CreateRestaurant(
        self, request: auth_api.CreateRestaurantRequest, context: Any
    ) -> auth_api.CreateRestaurantResponse:
        command = places.CreateRestaurant(
            creator=caller().user_id,
            platform_id=current_principal().platform_id,
            name=request.name,
            currency_code=request.currency_code,
            time_zone=request.time_zone,
            owner=Invitee(request.owner_email, Role.RESTAURANT_OWNER, request.owner_name),
            bill_mode=wire.bill_mode_of(request.bill_mode),
            service_charge_bp=request.service_charge_bp,
        )
        response = await places.create_restaurant(
            self._ctx, command, request_key("CreateRestaurant", request)
        )
        # Not kept with the answer: replays of answers that are older than the field have it as well.
        response.invited_owner.CopyFrom(wire.invited_owner_message(response))
        return response

    async def UpdateRestaurant(
        self, request: auth_api.UpdateRestaurantRequest, context: Any
    ) -> auth_api.UpdateRestaurantResponse:
        tenant = current_principal().tenant
        wanted = wire.settings_of(request.settings, tenant)
        return await places.update_restaurant(
            self._ctx, tenant, wanted, request_key("UpdateRestaurant", request)
        )

    async def ListRestaurants(
        self, request: auth_api.ListRestaurantsRequest, context: Any
    ) -> auth_api.ListRestaurantsResponse:
        page = page_of(request, BY_ID)
        found = await places.list_restaurants(
            self._ctx, caller().user_id, limit=page.one_more, after=page.after
        )
        shown, following = page.cut(found, lambda one: one.settings.restaurant_id)
        return auth_api.ListRestaurantsResponse(
            restaurants=map(wire.restaurant_message, shown), next_cursor=following
        )

    async def AddMember(self, request: auth_api.AddMemberRequest, context: Any) -> auth_api.AddMemberResponse:
        raise InvitationRequired("People join by an invitation that they accept.")

    async def ListMembers(
        self, request: auth_api.ListMembersRequest, context: Any
    ) -> auth_api.ListMembersResponse:
        page = page_of(request, BY_ID)
        found = await members.list_members(
            self._ctx, current_principal().tenant, limit=page.one_more, after=page.after
        )
        shown, following = page.cut(found, lambda one: one.user_id if isinstance(one, Membership) else one.id)
        return auth_api.ListMembersResponse(members=map(wire.member_message, shown), next_cursor=following)

    async def RemoveMember(
        self, request: auth_api.RemoveMemberRequest, context: Any
    ) -> auth_api.RemoveMemberResponse:
        user_id = parse_id(request.user_id)
        key = request_key("RemoveMember", request)
        return await members.remove_member(self._ctx, current_principal().tenant, user_id, key)


def caller() -> sessions.Caller:
    """The person who calls. Raises Unauthenticated for a service."""
    principal = current_principal()
    if principal.subject is None or principal.session_id is None:
        raise Unauthenticated("This is for people only.", reason="NO_PRINCIPAL")
    return sessions.Caller(principal.subject, principal.session_id, principal.restaurant_id)


def request_key(method: str, request: _M) -> IdempotencyKey:
    """The request's key. The hash that is kept leaves the password out: a fast hash of it would undo
    argon2.
    """
    without = type(request)()
    without.CopyFrom(request)
    for field in _PASSWORD_FIELDS:
        if field in without.DESCRIPTOR.fields_by_name:
            without.ClearField(field)
    return key_of(method, without, current_principal())
