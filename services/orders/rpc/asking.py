"""Who asks, in which restaurant."""

from typing import Any

from google.protobuf.message import Message

from chassis.idempotency import key_of
from chassis.rpc import current_principal, mark_replayed
from services.orders.domain.order import Actor
from services.orders.usecases.ports import Answer, Ask, M

Context = Any


def ask_of(method: str, request: Message) -> Ask:
    """The caller's request for a change, in the restaurant of their token."""
    principal = current_principal()
    actor = Actor(str(principal.subject or ""), principal.name, principal.device_id or "")
    key = key_of(method, request, principal)
    return Ask(principal.tenant, actor, key.key, key)


def told(answer: Answer[M]) -> M:
    """The reply; the caller learns when it is a stored one."""
    if answer.replayed:
        mark_replayed()
    return answer.reply
