"""Who asks, in which restaurant."""

from typing import Any

from google.protobuf.message import Message

from chassis.db.idempotency import key_of
from chassis.rpc import current_principal
from services.orders.domain.order import Actor
from services.orders.usecases.ports import Ask

Context = Any


def ask_of(method: str, request: Message) -> Ask:
    """The caller's request for a change, in the restaurant of their token."""
    principal = current_principal()
    actor = Actor(str(principal.subject or ""), principal.name, principal.device_id or "")
    return Ask(principal.tenant, key_of(method, request, principal), actor)
