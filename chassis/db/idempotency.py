"""Exactly one effect per idempotency key, decided by Postgres in the transaction of the effect.

``chassis.db.commands`` claims a key with the BEGIN, before the effect, and remembers the answer after it.
A transaction that fails or whose process dies leaves no trace of its claim, so a retry executes. Keys live
for 24 hours; money and orders are protected for ever by their natural keys. Rules: Idempotency-Key draft of
the IETF httpapi group.

A reply that is a piece of the transaction's last event, as an order is of OrderPlaced, is not kept again: the
key says where it stands. An event is never changed, and stays longer than the keys.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import asyncpg
from fynlo.common.v1.common_pb2 import Approval
from google.protobuf.message import Message

from chassis.errors import Conflict, InvalidArgument, Unprocessable

RETENTION_HOURS = 24
MAX_KEY_CHARACTERS = 255
MAX_REPLY_BYTES = 1_000_000

CLAIMED = "SELECT 1"
"""The command tag of claim_new's statement for a key that was new."""
CLAIM = "SELECT locked, stored_hash, stored_reply FROM idempotency_claim($1, $2)"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """``scope`` says who asks for what (route and principal), ``key`` is the caller's, ``request_hash`` the
    body's.

    The restaurant belongs to it as well: it is the tenant of the transaction that claims.
    """

    scope: str
    key: str
    request_hash: bytes

    def step(self, name: str) -> "IdempotencyKey":
        """The key of one step of a command that takes several transactions: same caller, same body.

        See ``chassis.db.commands.begin``.
        """
        return replace(self, scope=f"{self.scope}/{name}")


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What the first execution answered."""

    reply: bytes


class IdempotencyInFlight(Conflict):
    """The same key is being executed right now; retry after ``metadata["retry_after_seconds"]``."""

    reason = "IDEMPOTENCY_IN_FLIGHT"

    def __init__(self) -> None:
        super().__init__(
            "A request with this key is still being executed.", metadata={"retry_after_seconds": "1"}
        )


class IdempotencyKeyReuse(Unprocessable):
    """The key was used for another request."""

    reason = "IDEMPOTENCY_KEY_REUSE"


class Caller(Protocol):
    """The part of a principal that separates one caller's keys from another's."""

    @property
    def subject(self) -> UUID | None: ...

    @property
    def name(self) -> str: ...


def key_of(method: str, request: Message, principal: Caller) -> IdempotencyKey:
    """The key of a gRPC request: its ``request_id``, scoped to method and caller; the hash covers all other
    fields but an approval, which says who stands behind the command and not what it does: a retry may bring
    one that it lacked, or a newer token of the same person.

    Raises InvalidArgument (REQUEST_ID_REQUIRED) where the request has none.
    """
    request_id: str = getattr(request, "request_id", "")
    if not 0 < len(request_id) <= MAX_KEY_CHARACTERS:
        raise InvalidArgument("request_id is required (1..255 characters)", reason="REQUEST_ID_REQUIRED")
    body = type(request)()
    body.CopyFrom(request)
    body.ClearField("request_id")
    for field in request.DESCRIPTOR.fields:
        if field.message_type is Approval.DESCRIPTOR:
            body.ClearField(field.name)
    digest = hashlib.sha256(body.SerializeToString(deterministic=True)).digest()
    return IdempotencyKey(f"{method}:{principal.subject or principal.name}", request_id, digest)


def claim_new(key: IdempotencyKey) -> str:
    """The statement that claims a key if it is new, without parameters.

    Hexadecimal digits leave nothing to escape. It gives one row (CLAIMED) or none: then claim tells why.
    """
    scope, name = key.scope.encode().hex(), key.key.encode().hex()
    return rf"SELECT FROM idempotency_claim_new('\x{scope}', '\x{name}')"


def stored_reply(key: IdempotencyKey, row: asyncpg.Record) -> StoredReply | None:
    """Reads the row of CLAIM: None means go ahead. Raises IdempotencyInFlight, IdempotencyKeyReuse."""
    if row["stored_hash"] is None:
        if row["locked"]:
            return None
        raise IdempotencyInFlight
    if row["stored_hash"] != key.request_hash:
        raise IdempotencyKeyReuse("This key was used for a different request.")
    return StoredReply(row["stored_reply"])
