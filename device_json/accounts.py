"""Who is logged in, and where."""

from fynlo.auth.v1 import auth_pb2, auth_service_pb2, people_service_pb2
from fynlo.common.v1 import common_pb2

from device_json.scalars import BILL_MODE, INVITATION_STATE, MEMBERSHIP_STATE, ROLE, Json, instant


def session(of: auth_pb2.Session) -> Json:
    """What a log-in, refresh or switch answers."""
    return {
        "access_token": of.access_token,
        "token_type": "Bearer",
        "expires_in": of.expires_in_seconds,
        "refresh_token": of.refresh_token or None,
        "user": user(of.user),
        "role": ROLE[of.role],
        "restaurant": restaurant(of.restaurant) if of.HasField("restaurant") else None,
        "restaurants": [_own_restaurant(one) for one in of.restaurants],
        "permissions": list(of.permissions),
    }


def logged_in(of: auth_service_pb2.LogInResponse) -> Json:
    """What a log-in answers."""
    return session(of.session) | {"device_secret": of.device_secret}


def me(of: auth_service_pb2.GetMeResponse) -> Json:
    """The caller."""
    return {
        "user": user(of.user),
        "role": ROLE[of.role],
        "restaurant": restaurant(of.restaurant) if of.HasField("restaurant") else None,
        "restaurants": [_own_restaurant(one) for one in of.restaurants],
        "permissions": list(of.permissions),
    }


def user(of: auth_pb2.User) -> Json:
    """A person who can log in."""
    return {"id": of.id, "email": of.email, "name": of.name}


def restaurant(of: common_pb2.RestaurantSettings) -> Json:
    """A restaurant with its settings. ``day_cutoff_minutes``: minutes after local midnight."""
    return {
        "id": of.restaurant_id,
        "name": of.name,
        "currency": of.currency_code,
        "timezone": of.time_zone,
        "bill_mode": BILL_MODE[of.bill_mode],
        "service_charge_bp": of.service_charge_bp,
        "day_cutoff_minutes": of.day_cutoff_minutes,
        "fee_preset": of.fee_preset or None,
        "platform_id": of.platform_id or None,
        "auto_complete": of.auto_complete,
        "version": of.version,
    }


def member(of: auth_pb2.Membership) -> Json:
    """A person of a restaurant, for those who manage them; without a user while the membership is pending."""
    return {
        "user_id": of.user_id or None,
        "email": of.email or None,
        "name": of.name or None,
        "role": ROLE[of.role],
        "state": MEMBERSHIP_STATE[of.state] or "active",
        "invitation_id": of.invitation_id or None,
    }


def invitation(of: auth_pb2.Invitation) -> Json:
    """An invitation, for those who make them."""
    return {
        "id": of.id,
        "email": of.email,
        "name": of.name or None,
        "role": ROLE[of.role],
        "state": INVITATION_STATE[of.state],
        "created_at": instant(of.created_at),
        "expires_at": instant(of.expires_at),
        "invited_by": of.invited_by or None,
    }


def invitation_preview(of: people_service_pb2.PreviewInvitationResponse) -> Json:
    """What the holder of a link is asked to accept."""
    return {
        "restaurant": of.restaurant_name,
        "role": ROLE[of.role],
        "email": of.email,
        "name": of.name or None,
        "has_account": of.has_account,
    }


def invited_owner(of: auth_service_pb2.CreateRestaurantResponse) -> Json:
    """The first owner of a new restaurant, as the request named them."""
    invited = of.HasField("invitation")
    return {
        "id": of.owner.id or None,
        "email": of.owner.email,
        "name": of.owner.name,
        "state": INVITATION_STATE[of.invitation.state] if invited else "accepted",
        "invitation_id": of.invitation.id or None,
    }


def outbox_mail(of: people_service_pb2.OutboxMail) -> Json:
    """A mail that stays on this machine; ``link`` is a secret."""
    return {
        "id": of.id,
        "recipient": of.recipient,
        "subject": of.subject,
        "text": of.text,
        "link": of.link or None,
        "sent_at": instant(of.sent_at),
    }


def membership(of: auth_pb2.Membership) -> Json:
    """A restaurant of a person, with the role held there."""
    return _own_restaurant(of)


def _own_restaurant(of: auth_pb2.Membership) -> Json:
    return {"id": of.restaurant_id, "name": of.restaurant_name or None, "role": ROLE[of.role]}
