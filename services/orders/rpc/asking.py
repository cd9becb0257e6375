"""Who asks, in which restaurant."""

from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from chassis.auth import PrincipalKind
from chassis.idempotency import key_of
from chassis.ids import parse_id
from chassis.rpc import current_principal
from services.orders.domain.order import Actor
from services.orders.usecases.ports import Ask

Context = Any


def ask_of(method: str, request: Message) -> Ask:
    """The caller's request for a change, in the restaurant of their token."""
    principal = current_principal()
    actor = Actor(str(principal.subject or ""), principal.name, principal.device_id or "")
    return Ask(principal.tenant, key_of(method, request, principal), actor)


def tenant_of(named: str) -> UUID:
    """The restaurant of the caller's token; a service names it in its request. Raises PermissionDenied."""
    principal = current_principal()
    if principal.kind is PrincipalKind.SERVICE and named:
        return parse_id(named)
    return principal.tenant
