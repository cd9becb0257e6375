"""Sessions, who the caller is, and revocations."""

from collections.abc import Sequence

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import events_pb2 as auth_events

from chassis.instants import timestamp
from services.auth.domain.session import ACCESS_TOKEN_LIFE, Revocation, RevocationKind
from services.auth.domain.standing import OpenedSession, Standing
from services.auth.wire.account import user_message
from services.auth.wire.member import membership_message, own_restaurant_message
from services.auth.wire.restaurant import settings_message
from services.auth.wire.role import ROLES

_CLIENTS = {auth_pb2.CLIENT_KIND_IOS: "ios", auth_pb2.CLIENT_KIND_KDS: "kds"}
BEARER = "Bearer"
_REVOCATIONS = {
    RevocationKind.USER: auth_pb2.REVOCATION_KIND_USER,
    RevocationKind.SESSION: auth_pb2.REVOCATION_KIND_SESSION,
}


def client_of(kind: int) -> str:
    """The ``cli`` claim. A client that does not say what it is counts as a browser, which has the fewest
    rights.
    """
    return _CLIENTS.get(auth_pb2.ClientKind.ValueType(kind), "web")


def session_message(opened: OpenedSession) -> auth_pb2.Session:
    """The answer to a log-in, a refresh and a switch."""
    standing = opened.standing
    message = auth_pb2.Session(
        access_token=opened.access_token,
        refresh_token=opened.refresh_token,
        expires_in_seconds=int(ACCESS_TOKEN_LIFE.total_seconds()),
        user=user_message(standing.user),
        role=ROLES[standing.role],
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
        role=ROLES[standing.role],
        permissions=sorted(standing.permissions),
        restaurants=[membership_message(each) for each in standing.restaurants],
        own_restaurants=[own_restaurant_message(each) for each in standing.restaurants],
    )
    if standing.restaurant is not None:
        response.restaurant.CopyFrom(settings_message(standing.restaurant.settings))
    return response


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


def sessions_revoked(revocation: Revocation) -> auth_events.SessionsRevoked:
    """Sockets of the subject close at once."""
    return auth_events.SessionsRevoked(revocation=revocation_message(revocation))
