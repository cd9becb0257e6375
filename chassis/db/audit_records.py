"""An audit record: its facts as text, the text that its hash covers, and how it is written.

Records of a restaurant are a chain, those of no restaurant another: each has the hash of the one before it.
Whoever changes, removes, inserts or reorders one breaks every hash from there on (``chassis.db.audit_chain``
finds where).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import structlog

from chassis.db.calls import Call
from chassis.telemetry import current_scope
from chassis.telemetry.logs import redact

FACTS_MAX_BYTES = 16_384
NO_RESTAURANT = UUID(int=0)
"""The chain of what belongs to no restaurant."""
FIRST_PREVIOUS = hashlib.sha256(b"").digest()
"""What stands before the first record of a chain."""
_APPEND_KINDS = ("timestamptz", "text[]", "text[]", "text[]", "text[]", "text", "text")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Whatever level the other logs are cut at: an audit that can be switched off by accident is none.
_log = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger("info"), part="audit")


@dataclass(frozen=True, slots=True)
class PendingRecord:
    """A record that waits for its transaction's end. ``facts`` are for the log line, ``text`` is kept."""

    event: str
    actor: str | None
    device_id: str | None
    facts: Mapping[str, object]
    text: str

    def tell(self) -> None:
        """The log line, after the commit."""
        _log.info(self.event, **self.facts)


def pending_record(event: str, facts: Mapping[str, object]) -> PendingRecord:
    """``facts`` may name ``actor`` and ``device_id``. Raises ValueError for more than FACTS_MAX_BYTES."""
    kept = dict(facts)
    actor, device_id = (_column(kept.pop(name, None)) for name in ("actor", "device_id"))
    text = facts_text(kept)
    if len(text.encode()) > FACTS_MAX_BYTES:
        raise ValueError(f"{event}: facts of {len(text)} characters are too much for an audit record")
    return PendingRecord(event, actor, device_id, facts, text)


def facts_text(facts: Mapping[str, object]) -> str:
    """Facts as the JSON text that is kept: sorted by name, without spaces and without secrets (as in logs).

    The text itself is stored and hashed, so nobody ever has to make the same one again.
    """
    clean = redact(None, "", dict(facts))
    return orjson.dumps(clean, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def append_call(now: datetime, records: Sequence[PendingRecord]) -> Call:
    """Adds records to their chain, one array per column. Locks its head, so it comes last."""
    scope = current_scope()
    arguments = (
        now,
        [record.event for record in records],
        [record.actor for record in records],
        [record.device_id for record in records],
        [record.text for record in records],
        None if scope is None else scope.trace.trace_id,
        None if scope is None else scope.request_id or None,
    )
    return Call("audit_append", _APPEND_KINDS, arguments)


@dataclass(frozen=True, slots=True)
class Record:
    """A row of audit_record."""

    restaurant_id: UUID
    seq: int
    at: datetime
    event: str
    actor: str | None
    device_id: str | None
    facts: str
    trace_id: str | None
    request_id: str | None
    previous_hash: bytes
    hash: bytes

    def expected_hash(self, schema: str) -> bytes:
        """The hash that this row must have, as {s}.audit_append has made it."""
        return hashlib.sha256(self.hashed_text(schema).encode()).digest()

    def hashed_text(self, schema: str) -> str:
        """Every field with the count of its bytes before it; ``-`` for none. The instant in microseconds."""
        return framed(
            schema,
            str(self.restaurant_id),
            str(self.seq),
            str((self.at - _EPOCH) // timedelta(microseconds=1)),
            self.event,
            self.actor,
            self.device_id,
            self.facts,
            self.trace_id,
            self.request_id,
            self.previous_hash.hex(),
        )


def framed(*fields: str | None) -> str:
    """As {s}.audit_text: no two lists of fields have the same text."""
    return ",".join("-" if field is None else f"{len(field.encode())}:{field}" for field in fields)


def _column(value: object) -> str | None:
    """As text; Postgres keeps no NUL."""
    return None if value is None else str(value).replace("\x00", "")
