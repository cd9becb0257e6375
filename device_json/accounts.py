"""Who is logged in, and where."""

from fynlo.auth.v1 import auth_pb2, auth_service_pb2
from fynlo.common.v1 import common_pb2

from device_json.scalars import BILL_MODE, ROLE, Json


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
    """A person of a restaurant, for those who manage them."""
    return {"user_id": of.user_id, "email": of.email or None, "name": of.name or None, "role": ROLE[of.role]}


def membership(of: auth_pb2.Membership) -> Json:
    """A restaurant of a person, with the role held there."""
    return _own_restaurant(of)


def _own_restaurant(of: auth_pb2.Membership) -> Json:
    return {"id": of.restaurant_id, "name": of.restaurant_name or None, "role": ROLE[of.role]}
