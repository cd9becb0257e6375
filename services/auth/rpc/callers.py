"""Who calls, and by which key a request is known again."""

from typing import TypeVar

from google.protobuf.message import Message

from chassis.db.idempotency import IdempotencyKey, key_of
from chassis.errors import Unauthenticated
from chassis.rpc import current_principal
from services.auth.domain.role import Role
from services.auth.usecases import session as sessions

_PASSWORD_FIELDS = ("password", "owner_password")
_M = TypeVar("_M", bound=Message)


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


def own_role() -> Role:
    """What the caller is in the restaurant of the token."""
    return Role(current_principal().role or "")
