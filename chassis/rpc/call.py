"""The call in progress: who asked, under which id, and how long there is left. One context variable holds it.

A gRPC server enters it for every request; the gateway enters one per HTTP request (``inbound``); background
work for one restaurant enters one too (``acting_for``). Calls made meanwhile carry it on.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from chassis.auth import Principal, PrincipalKind
from chassis.errors import PermissionDenied, Unauthenticated
from chassis.ids import parse_id
from chassis.telemetry import (
    Scope,
    current_scope,
    enter_scope,
    new_trace,
    parse_traceparent,
    work_scope,
)

HOP_SECONDS = 0.020
"""A call downstream gets this much less than what is left here, so that this process can still answer."""
REQUEST_ID_MAX_CHARS = 64
BACKGROUND_SECONDS = 10.0
"""What background work may spend on calls unless it says otherwise."""


@dataclass(slots=True)
class Call:
    """One request being served. ``deadline`` is in seconds of the monotonic clock."""

    deadline: float
    request_id: str = ""
    token: str = ""
    principal: Principal | None = None
    service: str = ""
    tenant: str = ""
    replayed: bool = False


_REQUEST_ID = re.compile(rf"[A-Za-z0-9._:-]{{1,{REQUEST_ID_MAX_CHARS}}}")

_call: ContextVar[Call | None] = ContextVar("fynlo_call", default=None)


def current_call() -> Call | None:
    """The call in progress, None outside any."""
    return _call.get()


def enter_call(call: Call) -> None:
    """Makes ``call`` that of the current task, for code that owns its task (one RPC)."""
    _call.set(call)


@contextmanager
def inbound(
    *,
    budget_seconds: float,
    token: str = "",
    principal: Principal | None = None,
    request_id: str = "",
    traceparent: str | None = None,
) -> Iterator[Call]:
    """A request that came in otherwise than by gRPC (HTTP, a socket): calls inside act with ``token``.

    A ``request_id`` that is not safe in headers and logs is replaced by the trace id. Raises Unauthenticated
    (TOKEN_INVALID) for a token that cannot even be sent on.
    """
    call, restaurant = _came_in(budget_seconds, token, principal)
    with work_scope(traceparent, restaurant_id=restaurant) as scope, _entered(call):
        call.request_id = scope.request_id = safe_request_id(request_id, scope.trace.trace_id)
        yield call


def enter_inbound(
    *,
    budget_seconds: float,
    token: str = "",
    principal: Principal | None = None,
    request_id: str,
    traceparent: str | None = None,
) -> Call:
    """As ``inbound``, for code that owns its task (one HTTP request): nothing has to be put back."""
    call, restaurant = _came_in(budget_seconds, token, principal)
    parent = parse_traceparent(traceparent)
    scope = Scope(new_trace() if parent is None else parent.child(), "", restaurant)
    call.request_id = scope.request_id = safe_request_id(request_id, scope.trace.trace_id)
    enter_scope(scope)
    enter_call(call)
    return call


def _came_in(budget_seconds: float, token: str, principal: Principal | None) -> tuple[Call, str]:
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise Unauthenticated("the access token is not valid", reason="TOKEN_INVALID")
    restaurant = "" if principal is None else principal.restaurant
    return Call(time.monotonic() + budget_seconds, token=token, principal=principal), restaurant


@contextmanager
def acting_for(restaurant_id: UUID, *, budget_seconds: float = BACKGROUND_SECONDS) -> Iterator[Call]:
    """Background work for one restaurant: calls inside come from this service itself, confined to that
    tenant.

    Continues the trace in progress (an event handler has one) or begins a new one.
    """
    scope = current_scope()
    call = Call(time.monotonic() + budget_seconds, tenant=str(restaurant_id))
    trace = None if scope is None else scope.trace.traceparent
    with work_scope(trace, restaurant_id=str(restaurant_id)), _entered(call):
        yield call


def safe_request_id(text: object, otherwise: str) -> str:
    """A caller's request id where it has a form that is safe in headers and logs."""
    return text if isinstance(text, str) and _REQUEST_ID.fullmatch(text) else otherwise


@contextmanager
def _entered(call: Call) -> Iterator[None]:
    before = _call.set(call)
    try:
        yield
    finally:
        _call.reset(before)


def current_principal() -> Principal:
    """Who is calling. Raises Unauthenticated (NO_PRINCIPAL) in a public method and outside any call."""
    call = _call.get()
    if call is None or call.principal is None:
        raise Unauthenticated("nobody is signed in here", reason="NO_PRINCIPAL")
    return call.principal


def tenant_named(restaurant_id: str) -> UUID:
    """The restaurant that a request with a field for it is about: always the caller's own. A person leaves it
    empty or names the one of the token; a service names the one that it signed for.

    Raises PermissionDenied (OTHER_RESTAURANT, NO_RESTAURANT) and InvalidArgument (INVALID_ID).
    """
    principal = current_principal()
    if restaurant_id:
        named = parse_id(restaurant_id)
        if named != principal.restaurant_id:
            raise PermissionDenied("This is another restaurant.", reason="OTHER_RESTAURANT")
        return named
    if principal.kind is PrincipalKind.SERVICE:
        raise PermissionDenied("a service names the restaurant that it asks about", reason="NO_RESTAURANT")
    return principal.tenant


def remaining_seconds() -> float | None:
    """What is left of the deadline of the call in progress (may be negative); None outside any."""
    call = _call.get()
    return None if call is None else call.deadline - time.monotonic()


def mark_replayed() -> None:
    """Says that the reply is the stored one of an earlier call; the caller is told (``fynlo-replayed``)."""
    call = _call.get()
    if call is not None:
        call.replayed = True
