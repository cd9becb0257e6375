"""Events that a consumer has parked, as an operator sees and settles them: the page (parked_rpc) and the
command (parked) use the same functions.

Whoever looks sees all restaurants, but no event's body: that is a row of its restaurant. What an operator did
is recorded with it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.errors import NotFound
from chassis.telemetry.logs import REDACTED, redact
from chassis.text import holds_card_number

RETRY_EVENTS_MAX: Final = 10_000
"""Of a command for all or for a type, the oldest."""
BODY_MAX_CHARACTERS: Final = 100_000
HIDDEN: Final = re.compile(
    r"(?i)(^|_)(card|pan|cvv|cvc|iban|secret|token|password|pin|key|note|notes|guest_allergy|allergy_\w+)(_|$)"
)
"""Members of a body that no operator needs: what opens something, what guests say of their health, and what
people wrote in their own words, which may be either.
"""

_PAGE = """
SELECT consumer, msg_id, restaurant_id, subject, attempts, failures, error, parked_at, retry_at
FROM parked_page($1, $2, $3, $4, $5, $6)
"""
_RETRY = "SELECT consumer, msg_id, restaurant_id, subject FROM parked_retry($1, $2, $3)"
_DISCARD = "SELECT consumer, msg_id, restaurant_id, subject FROM parked_discard($1)"
_PAYLOAD = "SELECT payload FROM inbox_parked WHERE consumer = $1 AND msg_id = $2"

_RAISED = re.compile(r"(\w+)\((.*)\)", re.DOTALL)
_QUOTED = re.compile(r"(['\"])(.*)\1", re.DOTALL)


Place = tuple[datetime, UUID, str]
"""When it was parked, its id, whose it is."""


class ParkedEventNotFound(NotFound):
    """It was settled meanwhile, or never parked here."""

    def __init__(self) -> None:
        super().__init__("this event is not parked here (any more): look at the list again")


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """``retry_at``: when it is tried again by itself; None: it waits for an operator."""

    consumer: str
    msg_id: UUID
    restaurant_id: UUID | None
    subject: str
    attempts: int
    failures: int
    error: str
    parked_at: datetime
    retry_at: datetime | None

    @property
    def type(self) -> str:
        """Full name of the event."""
        return self.subject.rpartition(".")[0]

    @property
    def place(self) -> Place:
        """Among all parked events, of whichever service."""
        return self.parked_at, self.msg_id, self.consumer


async def parked_page(
    tx: Transaction, limit: int, after: Place | None = None, *, waiting: bool = False
) -> list[ParkedEvent]:
    """At most ``limit`` events behind a place, newest first; ``waiting``: also those that are tried again by
    themselves.
    """
    rows = await tx.fetch(_PAGE, limit, waiting, *(after or (None, None, None)), None)
    return [ParkedEvent(**dict(row)) for row in rows]


async def parked_event(db: Database, msg_id: UUID) -> tuple[ParkedEvent, bytes]:
    """An event and its body, read as its restaurant. Raises ParkedEventNotFound."""
    async with db.transaction(None, readonly=True) as tx:
        row = await tx.fetchrow(_PAGE, 1, False, None, None, None, msg_id)
    if row is None:
        raise ParkedEventNotFound
    event = ParkedEvent(**dict(row))
    async with db.transaction(event.restaurant_id, readonly=True) as tx:
        payload: bytes | None = await tx.fetchval(_PAYLOAD, event.consumer, event.msg_id)
    if payload is None:
        raise ParkedEventNotFound
    return event, payload


async def retry(
    tx: Transaction,
    msg_ids: Sequence[UUID] | None,
    *,
    event_type: str | None = None,
    actor: str | None = None,
) -> int:
    """Asks for another try now of these events, else of all parked ones (of a type); how many there are.

    The running consumer makes it, within its RETRY_POLL_SECONDS. ``actor``: who asks, outside a call.
    """
    ids = None if msg_ids is None else list(msg_ids)
    rows = await tx.fetch(_RETRY, ids, event_type, RETRY_EVENTS_MAX)
    if rows:
        one = _told(rows[0]) if len(rows) == 1 else {"type": event_type or "all"}
        audit(tx, "events.parked_retried", **one, events=len(rows), **_by(actor))
    return len(rows)


async def discard(tx: Transaction, msg_ids: Sequence[UUID], reason: str, *, actor: str | None = None) -> int:
    """Drops these events for good; how many there were."""
    rows = await tx.fetch(_DISCARD, list(msg_ids))
    for row in rows:
        audit(tx, "events.parked_discarded", **_told(row), reason=reason, **_by(actor))
    return len(rows)


def _told(row: Any) -> dict[str, object]:
    event_type = row["subject"].rpartition(".")[0]
    facts = {"consumer": row["consumer"], "event_id": str(row["msg_id"]), "type": event_type}
    # The record is in the chain of no restaurant, where operators act: whose event it was is a fact of it.
    return facts | ({"event_restaurant_id": str(row["restaurant_id"])} if row["restaurant_id"] else {})


def _by(actor: str | None) -> dict[str, object]:
    return {} if actor is None else {"actor": actor}


# -- for people -------------------------------------------------------------------------------------------


def error_in_words(error: str) -> str:
    """What went wrong: the message of the exception and its kind, without card numbers and secrets."""
    found = _RAISED.fullmatch(error)
    if found is not None:
        quoted = _QUOTED.fullmatch(found[2])
        error = f"{quoted[2] if quoted else found[2]} ({found[1]})" if found[2] else found[1]
    return str(_cleaned({"error": error})["error"])


def body_in_words(event_type: str, payload: bytes) -> tuple[str, bool]:
    """The body as JSON text of at most BODY_MAX_CHARACTERS, and whether it was cut; "" where it is none of
    this type, or of one that this process does not know.
    """
    try:
        described = descriptor_pool.Default().FindMessageTypeByName(event_type)
        message = message_factory.GetMessageClass(described).FromString(payload)
    except (KeyError, DecodeError):
        return "", False
    told = MessageToDict(message, preserving_proto_field_name=True)
    text = json.dumps(_cleaned(told), indent=2, ensure_ascii=False)
    return text[:BODY_MAX_CHARACTERS], len(text) > BODY_MAX_CHARACTERS


def _cleaned(told: dict[str, Any]) -> dict[str, Any]:
    clean: dict[str, Any] = _without_hidden(redact(None, "", told))
    return clean


def _without_hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: REDACTED if HIDDEN.search(name) else _without_hidden(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_without_hidden(member) for member in value]
    return REDACTED if isinstance(value, str) and holds_card_number(value) else value
