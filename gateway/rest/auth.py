"""Made of the contracts: `make protos FIX=1` writes it anew.

Bodies, requests and routes of fynlo.auth.v1.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from fynlo.auth.v1 import auth_service_pb2, people_service_pb2
from fynlo.common.v1 import common_pb2
from fynlo_json import auth as auth_json
from fynlo_json.auth import CLIENT_KIND, ROLE
from fynlo_json.common import BILL_MODE
from pydantic import Field

from gateway import texts
from gateway.bodies import Body
from gateway.calls import Call
from gateway.plain import Route, nothing
from gateway.rest import common


class LogInRequest(Body):
    """What LogInRequest takes."""

    email: Annotated[str, Field(min_length=3, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]
    device_id: Annotated[str, Field(max_length=128)] | None = None
    client: Literal["web", "ios", "kds"] = "web"
    device_secret: Annotated[str, Field(max_length=64)] | None = None


class RefreshSessionRequest(Body):
    """What RefreshSessionRequest takes."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=512)]
    device_id: Annotated[str, Field(max_length=128)] | None = None


class LogOutRequest(Body):
    """What LogOutRequest takes."""

    everywhere: bool = False


class SwitchRestaurantRequest(Body):
    """What SwitchRestaurantRequest takes."""

    restaurant_id: UUID


class CreateRestaurantRequest(Body):
    """What CreateRestaurantRequest takes."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "GBP"
    timezone: Annotated[str, Field(min_length=1, max_length=64)] = "Europe/London"
    owner_email: Annotated[str, Field(min_length=3, max_length=254, pattern=texts.EMAIL)]
    owner_name: Annotated[str, Field(min_length=1, max_length=120)]
    bill_mode: Literal["inclusive_optional", "inclusive_compulsory", "exclusive_legacy"] = (
        "inclusive_optional"
    )
    service_charge_bp: Annotated[int, Field(ge=0, le=5000)] = 0


class InviteRequest(Body):
    """What InviteRequest takes."""

    email: Annotated[str, Field(min_length=3, max_length=254, pattern=texts.EMAIL)]
    name: Annotated[str, Field(max_length=120)] | None = None
    role: Literal["employee", "manager", "restaurant_owner"]


class PreviewInvitationRequest(Body):
    """What PreviewInvitationRequest takes."""

    token: Annotated[str, Field(min_length=1, max_length=512)]


class AcceptInvitationRequest(Body):
    """What AcceptInvitationRequest takes."""

    token: Annotated[str, Field(min_length=1, max_length=512)]
    password: Annotated[str, Field(max_length=1024)] | None = None
    name: Annotated[str, Field(max_length=120)] | None = None
    device_id: Annotated[str, Field(max_length=128)] | None = None
    client: Literal["web", "ios", "kds"] = "web"


class ChangeRoleRequest(Body):
    """What ChangeRoleRequest takes."""

    role: Literal["employee", "manager", "restaurant_owner"]


class ChangePasswordRequest(Body):
    """What ChangePasswordRequest takes."""

    current: Annotated[str, Field(min_length=1, max_length=1024)]
    new: Annotated[str, Field(max_length=1024)]


class RequestPasswordResetRequest(Body):
    """What RequestPasswordResetRequest takes."""

    email: Annotated[str, Field(min_length=3, max_length=254)]


class ResetPasswordRequest(Body):
    """What ResetPasswordRequest takes."""

    token: Annotated[str, Field(min_length=1, max_length=512)]
    password: Annotated[str, Field(max_length=1024)]


def _log_in(call: Call, body: LogInRequest) -> auth_service_pb2.LogInRequest:
    return auth_service_pb2.LogInRequest(
        remote_address=call.address,
        email=body.email,
        password=body.password,
        device_id=body.device_id or "",
        client=CLIENT_KIND.numbers[body.client],
        device_secret=body.device_secret or "",
    )


def _refresh_session(call: Call, body: RefreshSessionRequest) -> auth_service_pb2.RefreshSessionRequest:
    return auth_service_pb2.RefreshSessionRequest(
        refresh_token=body.refresh_token, device_id=body.device_id or ""
    )


def _log_out(call: Call, body: LogOutRequest) -> auth_service_pb2.LogOutRequest:
    return auth_service_pb2.LogOutRequest(everywhere=body.everywhere)


def _switch_restaurant(call: Call, body: SwitchRestaurantRequest) -> auth_service_pb2.SwitchRestaurantRequest:
    return auth_service_pb2.SwitchRestaurantRequest(restaurant_id=str(body.restaurant_id))


def _get_me(call: Call, body: None) -> auth_service_pb2.GetMeRequest:
    return auth_service_pb2.GetMeRequest()


def _create_restaurant(call: Call, body: CreateRestaurantRequest) -> auth_service_pb2.CreateRestaurantRequest:
    return auth_service_pb2.CreateRestaurantRequest(
        request_id=call.key,
        name=body.name,
        currency_code=body.currency,
        time_zone=body.timezone,
        owner_email=body.owner_email,
        owner_name=body.owner_name,
        bill_mode=BILL_MODE.numbers[body.bill_mode],
        service_charge_bp=body.service_charge_bp,
    )


def _update_restaurant_seen(
    call: Call, body: common.RestaurantSettings
) -> auth_service_pb2.UpdateRestaurantRequest:
    request = auth_service_pb2.UpdateRestaurantRequest(
        request_id=call.key, settings=common.restaurant_settings(body)
    )
    request.settings.version = call.version
    return request


def _list_restaurants(call: Call, body: None) -> auth_service_pb2.ListRestaurantsRequest:
    return auth_service_pb2.ListRestaurantsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        )
    )


def _list_members(call: Call, body: None) -> auth_service_pb2.ListMembersRequest:
    return auth_service_pb2.ListMembersRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        )
    )


def _remove_member(call: Call, body: None) -> auth_service_pb2.RemoveMemberRequest:
    return auth_service_pb2.RemoveMemberRequest(request_id=call.key, user_id=call.id_of("user_id"))


def _invite(call: Call, body: InviteRequest) -> people_service_pb2.InviteRequest:
    return people_service_pb2.InviteRequest(
        request_id=call.key, email=body.email, name=body.name or "", role=ROLE.numbers[body.role]
    )


def _list_invitations(call: Call, body: None) -> people_service_pb2.ListInvitationsRequest:
    return people_service_pb2.ListInvitationsRequest(
        page=common_pb2.PageRequest(
            limit=call.number("limit", 1, 200, default=50), cursor=call.cursor("cursor", 512)
        )
    )


def _revoke_invitation(call: Call, body: None) -> people_service_pb2.RevokeInvitationRequest:
    return people_service_pb2.RevokeInvitationRequest(
        request_id=call.key, invitation_id=call.id_of("invitation_id")
    )


def _preview_invitation(
    call: Call, body: PreviewInvitationRequest
) -> people_service_pb2.PreviewInvitationRequest:
    return people_service_pb2.PreviewInvitationRequest(remote_address=call.address, token=body.token)


def _accept_invitation(
    call: Call, body: AcceptInvitationRequest
) -> people_service_pb2.AcceptInvitationRequest:
    return people_service_pb2.AcceptInvitationRequest(
        remote_address=call.address,
        token=body.token,
        password=body.password or "",
        name=body.name or "",
        device_id=body.device_id or "",
        client=CLIENT_KIND.numbers[body.client],
    )


def _change_role(call: Call, body: ChangeRoleRequest) -> people_service_pb2.ChangeRoleRequest:
    return people_service_pb2.ChangeRoleRequest(
        request_id=call.key, user_id=call.id_of("user_id"), role=ROLE.numbers[body.role]
    )


def _change_password(call: Call, body: ChangePasswordRequest) -> people_service_pb2.ChangePasswordRequest:
    return people_service_pb2.ChangePasswordRequest(
        remote_address=call.address, current=body.current, new=body.new
    )


def _request_password_reset(
    call: Call, body: RequestPasswordResetRequest
) -> people_service_pb2.RequestPasswordResetRequest:
    return people_service_pb2.RequestPasswordResetRequest(remote_address=call.address, email=body.email)


def _reset_password(call: Call, body: ResetPasswordRequest) -> people_service_pb2.ResetPasswordRequest:
    return people_service_pb2.ResetPasswordRequest(
        remote_address=call.address, token=body.token, password=body.password
    )


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        verb="POST",
        path="/api/v2/auth/login",
        service="fynlo.auth.v1.AuthService",
        name="LogIn",
        request=_log_in,
        body=LogInRequest,
        answer=auth_json.log_in_response,
        permission=None,
        seconds=8.0,
    ),
    Route(
        verb="POST",
        path="/api/v2/auth/refresh",
        service="fynlo.auth.v1.AuthService",
        name="RefreshSession",
        request=_refresh_session,
        body=RefreshSessionRequest,
        answer=lambda of: auth_json.session(of.session),
        permission=None,
        seconds=8.0,
    ),
    Route(
        verb="POST",
        path="/api/v2/auth/logout",
        service="fynlo.auth.v1.AuthService",
        name="LogOut",
        request=_log_out,
        body=LogOutRequest,
        answer=nothing,
        permission="session.own",
    ),
    Route(
        verb="POST",
        path="/api/v2/auth/switch",
        service="fynlo.auth.v1.AuthService",
        name="SwitchRestaurant",
        request=_switch_restaurant,
        body=SwitchRestaurantRequest,
        answer=lambda of: auth_json.session(of.session),
        permission="session.own",
    ),
    Route(
        verb="GET",
        path="/api/v2/me",
        service="fynlo.auth.v1.AuthService",
        name="GetMe",
        request=_get_me,
        answer=auth_json.get_me_response,
        permission="session.own",
        reads=True,
    ),
    Route(
        verb="POST",
        path="/api/v2/platform/restaurants",
        service="fynlo.auth.v1.AuthService",
        name="CreateRestaurant",
        request=_create_restaurant,
        body=CreateRestaurantRequest,
        answer=auth_json.create_restaurant_response,
        status=201,
        key="required",
        permission="restaurants.manage",
    ),
    Route(
        verb="PUT",
        path="/api/v2/restaurant/settings",
        service="fynlo.auth.v1.AuthService",
        name="UpdateRestaurant",
        request=_update_restaurant_seen,
        body=common.RestaurantSettings,
        answer=lambda of: auth_json.restaurant(of.restaurant),
        key="optional",
        permission="settings.manage",
        etag=lambda of: f'"{of.restaurant.settings.version}"',
    ),
    Route(
        verb="GET",
        path="/api/v2/restaurants",
        service="fynlo.auth.v1.AuthService",
        name="ListRestaurants",
        request=_list_restaurants,
        answer=auth_json.list_restaurants_response,
        permission="session.own",
        reads=True,
    ),
    Route(
        verb="GET",
        path="/api/v2/members",
        service="fynlo.auth.v1.AuthService",
        name="ListMembers",
        request=_list_members,
        answer=auth_json.list_members_response,
        permission="members.invite",
        reads=True,
    ),
    Route(
        verb="DELETE",
        path="/api/v2/members/{user_id}",
        service="fynlo.auth.v1.AuthService",
        name="RemoveMember",
        request=_remove_member,
        answer=nothing,
        key="optional",
        permission="members.manage",
    ),
    Route(
        verb="POST",
        path="/api/v2/invitations",
        service="fynlo.auth.v1.PeopleService",
        name="Invite",
        request=_invite,
        body=InviteRequest,
        answer=lambda of: auth_json.invitation(of.invitation),
        status=201,
        key="optional",
        permission="members.invite",
    ),
    Route(
        verb="GET",
        path="/api/v2/invitations",
        service="fynlo.auth.v1.PeopleService",
        name="ListInvitations",
        request=_list_invitations,
        answer=auth_json.list_invitations_response,
        permission="members.invite",
        reads=True,
    ),
    Route(
        verb="DELETE",
        path="/api/v2/invitations/{invitation_id}",
        service="fynlo.auth.v1.PeopleService",
        name="RevokeInvitation",
        request=_revoke_invitation,
        answer=nothing,
        key="optional",
        permission="members.invite",
    ),
    Route(
        verb="POST",
        path="/api/v2/invitations/preview",
        service="fynlo.auth.v1.PeopleService",
        name="PreviewInvitation",
        request=_preview_invitation,
        body=PreviewInvitationRequest,
        answer=auth_json.preview_invitation_response,
        permission=None,
        reads=True,
        seconds=8.0,
    ),
    Route(
        verb="POST",
        path="/api/v2/invitations/accept",
        service="fynlo.auth.v1.PeopleService",
        name="AcceptInvitation",
        request=_accept_invitation,
        body=AcceptInvitationRequest,
        answer=lambda of: auth_json.session(of.session),
        permission=None,
        seconds=8.0,
    ),
    Route(
        verb="PUT",
        path="/api/v2/members/{user_id}",
        service="fynlo.auth.v1.PeopleService",
        name="ChangeRole",
        request=_change_role,
        body=ChangeRoleRequest,
        answer=lambda of: auth_json.membership(of.membership),
        key="optional",
        permission="members.manage",
    ),
    Route(
        verb="POST",
        path="/api/v2/auth/password",
        service="fynlo.auth.v1.PeopleService",
        name="ChangePassword",
        request=_change_password,
        body=ChangePasswordRequest,
        answer=nothing,
        permission="session.own",
        seconds=8.0,
    ),
    Route(
        verb="POST",
        path="/api/v2/auth/password/forgot",
        service="fynlo.auth.v1.PeopleService",
        name="RequestPasswordReset",
        request=_request_password_reset,
        body=RequestPasswordResetRequest,
        answer=nothing,
        permission=None,
        seconds=8.0,
    ),
    Route(
        verb="POST",
        path="/api/v2/auth/password/reset",
        service="fynlo.auth.v1.PeopleService",
        name="ResetPassword",
        request=_reset_password,
        body=ResetPasswordRequest,
        answer=nothing,
        permission=None,
        seconds=8.0,
    ),
)
