"""The deep half of a resume: what a channel said after a position, read from the outbox of its owner.

The generic part of every owner's ``ReplayChannel`` and ``GetSnapshot``.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.db import Database, Transaction

MAX_REPLAY_EVENTS = 2_000
MAX_REPLAY_BYTES = 1024 * 1024
"""What a page holds at most, one event at least: a quarter of what a message of gRPC may be."""
EVENT_OVERHEAD_BYTES = 512
"""What an event of a page costs beside its payload: its type and its ids."""

_HEAD = """
SELECT coalesce(channel.epoch, state.epoch) AS epoch, coalesce(channel.seq, 0) AS seq
FROM outbox_state AS state
LEFT JOIN outbox_channel AS channel ON channel.restaurant_id = $1 AND channel.channel = $2
"""
_EVENTS = "SELECT * FROM outbox_replay($1, $2, $3, $4, $5, $6)"


class ReplayOutcome(StrEnum):
    """What a replay can answer."""

    EVENTS = "events"
    TOO_OLD = "too_old"
    EPOCH_MISMATCH = "epoch_mismatch"


@dataclass(frozen=True, slots=True)
class ReplayedEvent:
    """One event at its place on the channel; ``payload`` is the serialised message ``type``."""

    seq: int
    msg_id: UUID
    type: str
    subject_id: str
    payload: bytes
    created_at: datetime
    command_id: str | None


@dataclass(frozen=True, slots=True)
class ReplayPage:
    """``events`` are all of (from_seq, head_seq] or its first, without a hole; else: snapshot."""

    outcome: ReplayOutcome
    epoch: str
    head_seq: int
    events: tuple[ReplayedEvent, ...] = ()


async def position(tx: Transaction, channel: str) -> tuple[str, int]:
    """Epoch and last sequence of a channel of the transaction's restaurant; (epoch, 0) before any event.

    Read it in the REPEATABLE READ transaction that reads the state: together they are a snapshot. The state
    may hold already what the next events say, which get their positions after their commit; whoever applies
    them goes by the versions in them.
    """
    row = await tx.fetchrow(_HEAD, tx.tenant, channel)
    if row is None:
        raise RuntimeError("outbox_state is empty: the first revision did not create the chassis")
    return row["epoch"], row["seq"]


async def replay(
    db: Database, tenant: UUID, channel: str, epoch: str, from_seq: int, limit: int
) -> ReplayPage:
    """The events of a channel after ``from_seq``: a page of at most ``limit`` (capped at MAX_REPLAY_EVENTS)
    and MAX_REPLAY_BYTES. The next page goes on from its last event.

    An empty epoch asks for the head only. TOO_OLD where the outbox (72 hours) lacks the next event, or
    where ``from_seq`` lies above the head; EPOCH_MISMATCH where the numbering has started again.
    """
    async with db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
        current, head = await position(tx, channel)
        if not epoch:
            return ReplayPage(ReplayOutcome.EVENTS, current, head)
        if epoch != current:
            return ReplayPage(ReplayOutcome.EPOCH_MISMATCH, current, head)
        if from_seq == head:
            return ReplayPage(ReplayOutcome.EVENTS, current, head)
        most = min(limit, MAX_REPLAY_EVENTS), MAX_REPLAY_BYTES, EVENT_OVERHEAD_BYTES
        rows = await tx.fetch(_EVENTS, channel, epoch, from_seq, *most)
    events = tuple(ReplayedEvent(**dict(row)) for row in rows)
    expected = range(from_seq + 1, from_seq + 1 + len(events))
    if (not events and limit > 0) or [event.seq for event in events] != list(expected):
        return ReplayPage(ReplayOutcome.TOO_OLD, current, head)
    return ReplayPage(ReplayOutcome.EVENTS, current, head, events)
