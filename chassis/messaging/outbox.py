"""Events leave a service through its outbox: written in the transaction of the effect, published afterwards.

The outbox is the log of record (72 hours), JetStream a fast and replaceable copy. An event may take positions
on channels of its restaurant; they are given after the commit, by the leader of the relay, contiguous per
(restaurant, channel, epoch). Ids are drawn by the last statement of a transaction: events of one aggregate,
whose row it holds by then, have ids, and so positions, in the order of their commits.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

from chassis.db.calls import Call
from chassis.db.idempotency import IdempotencyKey
from chassis.ids import new_id
from chassis.messaging.channels import channels_of
from chassis.telemetry import current_scope

MAX_EVENT_BYTES = 120_000
"""Below the 128 KB that the stream takes, headers included: an event that was committed can be published."""
RETENTION_HOURS = 72
REFERRED_FROM_BYTES = 64
"""To say where a shorter reply stands costs as much as to keep it."""
_COMMIT_KINDS = (
    *("timestamptz", "text[]", "text[]", "uuid[]", "bytea[]", "text[]", "text[]"),
    *("text", "text", "text", "bytea", "bytea"),
)
_NO_KEY = (None,) * 4
_REFER_KINDS = ("timestamptz", "text", "text", "bytea", "uuid", "integer", "integer")

_CHANNEL = re.compile(r"[a-z]{1,20}")
_TYPE = re.compile(r"fynlo\.([a-z]+)\.v\d+\.[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that waits for its transaction's end."""

    type: str
    subject_id: str
    payload: bytes
    channels: str
    command_id: str | None
    msg_id: UUID = field(default_factory=new_id)


def pending_event(
    schema: str,
    tenant: UUID | None,
    event: Message,
    subject_id: str,
    channels: Sequence[str],
    command_id: str | None,
) -> PendingEvent:
    """Checks an event before it is buffered, so that whatever commits can be published.

    No ``channels`` named: those that the contract declares for the event.

    Raises ValueError for an event of another service, a channel without a tenant or with a bad name, or an
    event larger than MAX_EVENT_BYTES: each a mistake in the calling service.
    """
    full_name = event.DESCRIPTOR.full_name
    named = _TYPE.fullmatch(full_name)
    if named is None or named.group(1) != schema:
        raise ValueError(f"{full_name} is no event of {schema}")
    channels = channels or channels_of(event)
    if channels and tenant is None:
        raise ValueError(f"{full_name}: a channel belongs to a restaurant, this transaction has none")
    if any(_CHANNEL.fullmatch(channel) is None for channel in channels) or len(set(channels)) != len(
        channels
    ):
        raise ValueError(f"{full_name}: bad channels {list(channels)}")
    payload = event.SerializeToString(deterministic=True)
    if len(payload) > MAX_EVENT_BYTES:
        raise ValueError(f"{full_name} has {len(payload)} bytes, more than {MAX_EVENT_BYTES}")
    return PendingEvent(full_name, subject_id, payload, ",".join(channels), command_id)


def commit_calls(
    now: datetime, events: Sequence[PendingEvent], key: IdempotencyKey | None, reply: bytes | None
) -> list[Call]:
    """Writes events, and the reply that ``key`` has from now on: where it stands in the last event, if it
    does.
    """
    if key is None or reply is None:
        return [_commit(now, events, _NO_KEY)]
    asked = (key.scope, key.key, key.request_hash)
    start = events[-1].payload.find(reply) if events and len(reply) >= REFERRED_FROM_BYTES else -1
    if start < 0:
        return [_commit(now, events, (*asked, reply))]
    place = (events[-1].msg_id, start + 1, len(reply))  # the first byte is 1 to Postgres
    refer = Call("idempotency_refer", _REFER_KINDS, (now, *asked, *place))
    return [_commit(now, events, _NO_KEY), refer]


def _commit(now: datetime, events: Sequence[PendingEvent], kept: tuple[object, ...]) -> Call:
    """One array per column of the outbox, and scope, key, request's hash and reply where there is a key."""
    arguments = (
        now,
        [event.type for event in events],
        [event.subject_id for event in events],
        [event.msg_id for event in events],
        [event.payload for event in events],
        [event.channels for event in events],
        [event.command_id for event in events],
        _traceparent(),
        *kept,
    )
    return Call("outbox_commit", _COMMIT_KINDS, arguments)


def _traceparent() -> str | None:
    scope = current_scope()
    return None if scope is None else scope.trace.traceparent
