"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.auth.v1.
"""

from typing import Final

from fynlo.auth.v1 import auth_pb2, auth_service_pb2, events_pb2, people_service_pb2

from fynlo_json.common import restaurant_settings
from fynlo_json.scalars import EnumNames, Json, instant

CLIENT_KIND: Final = EnumNames(auth_pb2.ClientKind, "CLIENT_KIND_")
INVITATION_STATE: Final = EnumNames(auth_pb2.InvitationState, "INVITATION_STATE_")
MEMBERSHIP_STATE: Final = EnumNames(auth_pb2.MembershipState, "MEMBERSHIP_STATE_")
REVOCATION_KIND: Final = EnumNames(auth_pb2.RevocationKind, "REVOCATION_KIND_")
ROLE: Final = EnumNames(auth_pb2.Role, "ROLE_")


def create_restaurant_response(of: auth_service_pb2.CreateRestaurantResponse) -> Json:
    return {
        **restaurant(of.restaurant),
        "owner": invited_owner(of.invited_owner),
    }


def get_me_response(of: auth_service_pb2.GetMeResponse) -> Json:
    return {
        "user": user(of.user),
        "role": ROLE[of.role],
        "restaurant": restaurant_settings(of.restaurant) if of.HasField("restaurant") else None,
        "permissions": list(of.permissions),
        "restaurants": [own_restaurant(one) for one in of.own_restaurants],
    }


def invitation(of: auth_pb2.Invitation) -> Json:
    """A membership that somebody is asked to take up. Name and address are those that the restaurant wrote."""
    return {
        "id": of.id,
        "email": of.email,
        "name": of.name or None,
        "role": ROLE[of.role],
        "state": INVITATION_STATE[of.state],
        "created_at": instant(of.created_at) if of.HasField("created_at") else None,
        "expires_at": instant(of.expires_at) if of.HasField("expires_at") else None,
        "invited_by": of.invited_by or None,
    }


def invited_owner(of: auth_service_pb2.InvitedOwner) -> Json:
    """Who was invited to own a restaurant. Without an id: whether the address has an account is not said."""
    return {
        "id": of.id or None,
        "email": of.email,
        "name": of.name,
        "state": INVITATION_STATE[of.state],
        "invitation_id": of.invitation_id or None,
    }


def list_invitations_response(of: people_service_pb2.ListInvitationsResponse) -> Json:
    return {
        "items": [invitation(one) for one in of.invitations],
        "next_cursor": of.next_cursor or None,
    }


def list_members_response(of: auth_service_pb2.ListMembersResponse) -> Json:
    return {
        "items": [membership(one) for one in of.members],
        "next_cursor": of.next_cursor or None,
    }


def list_restaurants_response(of: auth_service_pb2.ListRestaurantsResponse) -> Json:
    return {
        "items": [restaurant(one) for one in of.restaurants],
        "next_cursor": of.next_cursor or None,
    }


def log_in_response(of: auth_service_pb2.LogInResponse) -> Json:
    return {
        **session(of.session),
        "device_secret": of.device_secret,
    }


def member_changed(of: events_pb2.MemberChanged) -> Json:
    """A person joined or left a restaurant, or changed role there."""
    return {
        "membership": membership(of.membership),
        "removed": of.removed,
    }


def membership(of: auth_pb2.Membership) -> Json:
    return {
        "user_id": of.user_id or None,
        "role": ROLE[of.role],
        "email": of.email or None,
        "name": of.name or None,
        "state": MEMBERSHIP_STATE[of.state],
        "invitation_id": of.invitation_id or None,
    }


def outbox_mail(of: people_service_pb2.OutboxMail) -> Json:
    return {
        "id": of.id,
        "recipient": of.recipient,
        "subject": of.subject,
        "text": of.text,
        "link": of.link or None,
        "sent_at": instant(of.sent_at) if of.HasField("sent_at") else None,
    }


def own_restaurant(of: auth_pb2.OwnRestaurant) -> Json:
    """A restaurant of a person, with the role held there."""
    return {
        "id": of.id,
        "name": of.name or None,
        "role": ROLE[of.role],
    }


def preview_invitation_response(of: people_service_pb2.PreviewInvitationResponse) -> Json:
    return {
        "restaurant": of.restaurant_name,
        "role": ROLE[of.role],
        "email": of.email,
        "name": of.name or None,
        "has_account": of.has_account,
    }


def restaurant(of: auth_pb2.Restaurant) -> Json:
    return {
        **restaurant_settings(of.settings),
    }


def restaurant_updated(of: events_pb2.RestaurantUpdated) -> Json:
    """A restaurant was made or its settings changed; always the whole settings with their version."""
    return {
        "settings": restaurant_settings(of.settings),
    }


def revocation(of: auth_pb2.Revocation) -> Json:
    """Tokens of the named subject that were issued before valid_after are dead."""
    return {
        "kind": REVOCATION_KIND[of.kind],
        "id": of.id,
        "valid_after": instant(of.valid_after) if of.HasField("valid_after") else None,
        "reason": of.reason,
    }


def session(of: auth_pb2.Session) -> Json:
    """What a log-in, refresh or switch answers: tokens and who holds them. The refresh token works once."""
    return {
        "access_token": of.access_token,
        "refresh_token": of.refresh_token or None,
        "expires_in": of.expires_in_seconds,
        "user": user(of.user),
        "role": ROLE[of.role],
        "restaurant": restaurant_settings(of.restaurant) if of.HasField("restaurant") else None,
        "permissions": list(of.permissions),
        "restaurants": [own_restaurant(one) for one in of.own_restaurants],
        "token_type": of.token_type,
    }


def sessions_revoked(of: events_pb2.SessionsRevoked) -> Json:
    """A log-out, a reuse of a refresh token, a removed member or a disabled user. Sockets of the subject close at once."""
    return {
        "revocation": revocation(of.revocation),
    }


def user(of: auth_pb2.User) -> Json:
    return {
        "id": of.id,
        "email": of.email,
        "name": of.name,
    }
