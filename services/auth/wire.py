"""Between the contracts and the dataclasses, both ways."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import events_pb2 as auth_events
from fynlo.auth.v1 import people_service_pb2 as people_api
from fynlo.common.v1 import common_pb2

from chassis.errors import FieldError, InvalidArgument
from chassis.ids import parse_id
from chassis.instants import instant_of, timestamp
from chassis.rpc import Counted, Refusal, Report
from services.auth.domain.invitations import Invitation, InvitationState, Preview
from services.auth.domain.mail import Letter
from services.auth.domain.restaurant import BillMode, Restaurant, Settings
from services.auth.domain.roles import Membership, Role
from services.auth.domain.sessions import ACCESS_TOKEN_LIFE, Revocation, RevocationKind, User
from services.auth.domain.standing import OpenedSession, Standing

_ROLES = {
    Role.EMPLOYEE: auth_pb2.ROLE_EMPLOYEE,
    Role.MANAGER: auth_pb2.ROLE_MANAGER,
    Role.RESTAURANT_OWNER: auth_pb2.ROLE_RESTAURANT_OWNER,
    Role.PLATFORM_OWNER: auth_pb2.ROLE_PLATFORM_OWNER,
}
_ROLES_READ = {number: role for role, number in _ROLES.items()}
_BILL_MODES = {
    BillMode.INCLUSIVE_OPTIONAL: common_pb2.BILL_MODE_INCLUSIVE_OPTIONAL,
    BillMode.INCLUSIVE_COMPULSORY: common_pb2.BILL_MODE_INCLUSIVE_COMPULSORY,
    BillMode.EXCLUSIVE_LEGACY: common_pb2.BILL_MODE_EXCLUSIVE_LEGACY,
}
_BILL_MODES_READ = {number: mode for mode, number in _BILL_MODES.items()}
_CLIENTS = {auth_pb2.CLIENT_KIND_IOS: "ios", auth_pb2.CLIENT_KIND_KDS: "kds"}
_INVITATION_STATES = {
    InvitationState.PENDING: auth_pb2.INVITATION_STATE_PENDING,
    InvitationState.ACCEPTED: auth_pb2.INVITATION_STATE_ACCEPTED,
    InvitationState.EXPIRED: auth_pb2.INVITATION_STATE_EXPIRED,
    InvitationState.REVOKED: auth_pb2.INVITATION_STATE_REVOKED,
}
BEARER = "Bearer"
_REVOCATIONS = {
    RevocationKind.USER: auth_pb2.REVOCATION_KIND_USER,
    RevocationKind.SESSION: auth_pb2.REVOCATION_KIND_SESSION,
}


# -- read ----------------------------------------------------------------------------------------------------


def client_of(kind: int) -> str:
    """The ``cli`` claim. A client that does not say what it is counts as a browser, which has the fewest
    rights.
    """
    return _CLIENTS.get(auth_pb2.ClientKind.ValueType(kind), "web")


def role_of(number: int) -> Role:
    """Raises InvalidArgument for a number without a role."""
    role = _ROLES_READ.get(auth_pb2.Role.ValueType(number))
    if role is None:
        raise InvalidArgument(
            "which role?",
            reason="VALIDATION_FAILED",
            fields=[FieldError("role", "UNKNOWN", "is not a role")],
        )
    return role


def bill_mode_of(number: int) -> BillMode | None:
    """None where none is stated. Raises InvalidArgument for a number without a meaning."""
    if number == common_pb2.BILL_MODE_UNSPECIFIED:
        return None
    mode = _BILL_MODES_READ.get(common_pb2.BillMode.ValueType(number))
    if mode is None:
        raise InvalidArgument(
            "which bill mode?",
            reason="VALIDATION_FAILED",
            fields=[FieldError("bill_mode", "UNKNOWN", "is not a bill mode")],
        )
    return mode


def settings_of(message: common_pb2.RestaurantSettings, tenant: UUID) -> Settings:
    """Whole settings as a client of ``tenant`` wants them; whose platform it is, is not the client's to say.

    Raises InvalidArgument where the bill mode is missing.
    """
    mode = bill_mode_of(message.bill_mode)
    if mode is None:
        raise InvalidArgument(
            "which bill mode?",
            reason="VALIDATION_FAILED",
            fields=[FieldError("settings.bill_mode", "REQUIRED", "must be stated")],
        )
    restaurant_id = parse_id(message.restaurant_id) if message.restaurant_id else tenant
    return Settings(
        restaurant_id=restaurant_id,
        platform_id=restaurant_id,
        version=message.version,
        name=message.name,
        currency_code=message.currency_code,
        time_zone=message.time_zone,
        bill_mode=mode,
        service_charge_bp=message.service_charge_bp,
        day_cutoff_minutes=message.day_cutoff_minutes,
        fee_preset=message.fee_preset,
        auto_complete=message.auto_complete,
    )


# -- written -------------------------------------------------------------------------------------------------


def user_message(user: User) -> auth_pb2.User:
    """A person without anything secret."""
    return auth_pb2.User(id=str(user.id), email=user.email, name=user.name, disabled=user.disabled)


def settings_message(settings: Settings) -> common_pb2.RestaurantSettings:
    """What every other service copies."""
    return common_pb2.RestaurantSettings(
        restaurant_id=str(settings.restaurant_id),
        version=settings.version,
        name=settings.name,
        currency_code=settings.currency_code,
        time_zone=settings.time_zone,
        bill_mode=_BILL_MODES[settings.bill_mode],
        service_charge_bp=settings.service_charge_bp,
        day_cutoff_minutes=settings.day_cutoff_minutes,
        fee_preset=settings.fee_preset,
        platform_id=str(settings.platform_id),
        auto_complete=settings.auto_complete,
    )


def restaurant_message(restaurant: Restaurant) -> auth_pb2.Restaurant:
    """A tenant."""
    return auth_pb2.Restaurant(
        id=str(restaurant.settings.restaurant_id),
        platform_id=str(restaurant.settings.platform_id),
        settings=settings_message(restaurant.settings),
        created_at=timestamp(restaurant.created_at),
    )


def membership_message(membership: Membership) -> auth_pb2.Membership:
    """A person in a restaurant."""
    return auth_pb2.Membership(
        user_id=str(membership.user_id),
        restaurant_id=str(membership.restaurant_id),
        restaurant_name=membership.restaurant_name,
        role=_ROLES[membership.role],
        email=membership.email,
        name=membership.name,
        state=auth_pb2.MEMBERSHIP_STATE_ACTIVE,
    )


def own_restaurant_message(membership: Membership) -> auth_pb2.OwnRestaurant:
    """A restaurant of the caller."""
    return auth_pb2.OwnRestaurant(
        id=str(membership.restaurant_id), name=membership.restaurant_name, role=_ROLES[membership.role]
    )


def member_message(person: Membership | Invitation) -> auth_pb2.Membership:
    """A person of a restaurant: in it, or invited."""
    if isinstance(person, Membership):
        return membership_message(person)
    return auth_pb2.Membership(
        restaurant_id=str(person.restaurant_id),
        role=_ROLES[person.role],
        email=person.email,
        name=person.name,
        state=auth_pb2.MEMBERSHIP_STATE_PENDING,
        invitation_id=str(person.id),
    )


def invitation_message(invitation: Invitation, now: datetime) -> auth_pb2.Invitation:
    """An invitation as it is at ``now``; nothing in it is secret from the restaurant."""
    return auth_pb2.Invitation(
        id=str(invitation.id),
        email=invitation.email,
        name=invitation.name,
        role=_ROLES[invitation.role],
        state=_INVITATION_STATES[invitation.state_at(now)],
        created_at=timestamp(invitation.created_at),
        expires_at=timestamp(invitation.expires_at),
        invited_by=str(invitation.invited_by),
    )


def invited_owner_message(
    response: auth_api.CreateRestaurantResponse,
) -> auth_api.InvitedOwner:
    """The first owner of a new restaurant, as the request named them."""
    invited = response.HasField("invitation")
    return auth_api.InvitedOwner(
        id=response.owner.id,
        email=response.owner.email,
        name=response.owner.name,
        state=response.invitation.state if invited else auth_pb2.INVITATION_STATE_ACCEPTED,
        invitation_id=response.invitation.id,
    )


def preview_response(preview: Preview) -> people_api.PreviewInvitationResponse:
    """What the holder of a link is asked to accept."""
    invitation = preview.invitation
    return people_api.PreviewInvitationResponse(
        restaurant_name=preview.restaurant_name,
        role=_ROLES[invitation.role],
        email=invitation.email,
        name=invitation.name,
        has_account=preview.has_account,
    )


def outbox_response(mails: Sequence[tuple[Letter, datetime]]) -> people_api.ListOutboxResponse:
    """Mails of this machine with their secret links."""
    return people_api.ListOutboxResponse(
        mails=[
            people_api.OutboxMail(
                id=str(letter.id),
                recipient=letter.recipient,
                subject=letter.subject,
                text=letter.text,
                link=letter.link,
                sent_at=timestamp(sent_at),
            )
            for letter, sent_at in mails
        ]
    )


def session_message(opened: OpenedSession) -> auth_pb2.Session:
    """The answer to a log-in, a refresh and a switch."""
    standing = opened.standing
    message = auth_pb2.Session(
        access_token=opened.access_token,
        refresh_token=opened.refresh_token,
        expires_in_seconds=int(ACCESS_TOKEN_LIFE.total_seconds()),
        user=user_message(standing.user),
        role=_ROLES[standing.role],
        restaurants=[membership_message(each) for each in standing.restaurants],
        own_restaurants=[own_restaurant_message(each) for each in standing.restaurants],
        token_type=BEARER,
        permissions=sorted(standing.permissions),
    )
    if standing.restaurant is not None:
        message.restaurant.CopyFrom(settings_message(standing.restaurant.settings))
    return message


def me_response(standing: Standing) -> auth_api.GetMeResponse:
    """Who the caller is, as of now."""
    response = auth_api.GetMeResponse(
        user=user_message(standing.user),
        role=_ROLES[standing.role],
        permissions=sorted(standing.permissions),
        restaurants=[membership_message(each) for each in standing.restaurants],
        own_restaurants=[own_restaurant_message(each) for each in standing.restaurants],
    )
    if standing.restaurant is not None:
        response.restaurant.CopyFrom(settings_message(standing.restaurant.settings))
    return response


def report_of(request: auth_api.ReportRefusalsRequest) -> Report:
    """What another process has refused."""
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


def revocation_message(revocation: Revocation) -> auth_pb2.Revocation:
    """A revocation, in lists and events."""
    return auth_pb2.Revocation(
        kind=_REVOCATIONS[revocation.kind],
        id=str(revocation.id),
        valid_after=timestamp(revocation.valid_after),
        reason=revocation.reason,
    )


def revocations_response(revocations: Sequence[Revocation]) -> auth_api.ListRevocationsResponse:
    """What a starting process warms its table with."""
    return auth_api.ListRevocationsResponse(revocations=[revocation_message(each) for each in revocations])


# -- events --------------------------------------------------------------------------------------------------


def restaurant_updated(settings: Settings) -> auth_events.RestaurantUpdated:
    """Always whole."""
    return auth_events.RestaurantUpdated(settings=settings_message(settings))


def sessions_revoked(revocation: Revocation) -> auth_events.SessionsRevoked:
    """Sockets of the subject close at once."""
    return auth_events.SessionsRevoked(revocation=revocation_message(revocation))


def member_changed(membership: Membership, *, removed: bool = False) -> auth_events.MemberChanged:
    """Joined, changed role, or left."""
    return auth_events.MemberChanged(membership=membership_message(membership), removed=removed)
