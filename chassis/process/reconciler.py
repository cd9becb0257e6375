"""Finds events that JetStream acknowledged and lost, hands them back to the relay, and proves them there.

A stream can be purged, recreated, restored from an older copy, or lose what was not yet synced to disk. An
event is there when the message at its sequence has its identity. All events of the outbox's 72 hours are
compared: in turn, a few at a time; at once, page by page, where something makes the stream suspect. What was
lost counts as repaired when it has been published again and read back.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from nats.aio.client import Client as NatsClient
from nats.js.api import StreamState
from prometheus_client import Counter, Gauge

from chassis.clock import Clock
from chassis.messaging.outbox import RETENTION_HOURS
from chassis.messaging.reader import RECONCILER, OwnEvents
from chassis.messaging.stream import STREAM, ensure_stream

NEWEST_ROWS = 64
TURN_ROWS = 128
"""Compared at each look: a day's events of a busy house take some hours."""
PAGE_ROWS = 500
SAMPLE_EVERY = 10
STEP_SECONDS = 1.0
"""How long one step of a walk through all rows may take."""
PROOF_EVERY_SECONDS = 1.0

_PAGE = "SELECT id AS turn, msg_id, stream_seq FROM outbox_page($1, $2, $3)"
_ABOVE_ALL = 2**63 - 1

_log = structlog.get_logger(__name__)
_lost = Counter("fynlo_outbox_lost_total", "Events that JetStream had lost", ["schema"])
_republished = Counter(
    "fynlo_outbox_republished_total", "Events that JetStream had lost and has again, read back", ["schema"]
)
_missing = Gauge("fynlo_outbox_missing", "Events known to be lost and not yet proven to be back", ["schema"])


class Leader(Protocol):
    """A connection of the leading relay, fenced by its generation."""

    connection: Any

    async def call(self, function: str, *args: object) -> Any: ...


@dataclass(slots=True)
class _Walk:
    """On the way through the rows below ``before``, down to ``lowest``."""

    thorough: bool
    """Every message is read, not one of ten. Of a page on which one is missing every one is read anyway."""
    before: int = _ABOVE_ALL
    lowest: int = 0
    lost: int = 0
    lost_from: int = _ABOVE_ALL
    lost_to: int = 0
    unpublished: int = 0
    lowest_seq: int = _ABOVE_ALL


class Reconciler:
    """Compares one service's outbox with the stream, step by step."""

    def __init__(self, nats: NatsClient, schema: str, clock: Clock, *, replicas: int = 1) -> None:
        self._nats = nats
        self._replicas = replicas
        self._jetstream = nats.jetstream()
        self._own = OwnEvents(nats, schema, RECONCILER)
        self._schema = schema
        self._clock = clock
        self._walk: _Walk | None = None
        self.suspected = False
        """A walk through all rows is asked for."""
        self._turn = _ABOVE_ALL
        self._repair: _Walk | None = None
        """A walk that handed lost events back; it is proven when another finds them all."""
        self._proving = False
        self._seen: tuple[datetime | None, int] | None = None
        self._lowest_seq = _ABOVE_ALL
        """Of the rows that were there at the last walk."""

    def suspect(self) -> None:
        """Something happened to the stream: all rows are compared."""
        self.suspected = True

    async def step(self, leader: Leader) -> float | None:
        """Some work; seconds until there is more of it, None: at the next look.

        Raises nats.errors.Error while JetStream is away, and what ``leader.call`` raises.
        """
        await ensure_stream(self._nats, replicas=self._replicas)
        if self._walk is None:
            thorough = await self._had_deletions()
            if thorough or self.suspected:
                self._walk, self.suspected, self._proving = _Walk(thorough=thorough), False, False
        if self._walk is None and self._repair is not None:
            self._proving = True
            self._walk = _Walk(thorough=True, before=self._repair.lost_to + 1, lowest=self._repair.lost_from)
        if self._walk is None:
            return await self._look(leader)
        return await self._go_on(self._walk, leader)

    async def _had_deletions(self) -> bool:
        """Whether messages were deleted from the middle of the stream. Suspects one that was made anew, or
        that begins above what it should hold.
        """
        info = await self._jetstream.stream_info(STREAM)
        seen, self._seen = self._seen, (info.created, info.state.num_deleted or 0)
        begins_late = info.state.first_seq > self._lowest_seq
        if begins_late or (seen is not None and seen[0] != self._seen[0]):
            self.suspected = True
        return seen is not None and seen[1] != self._seen[1]

    async def _look(self, leader: Leader) -> float | None:
        """The newest rows, and those whose turn it is."""
        for before, limit in ((_ABOVE_ALL, NEWEST_ROWS), (self._turn, TURN_ROWS)):
            rows = await self._page(leader, before, limit)
            if limit == TURN_ROWS:
                self._turn = rows[-1]["turn"] if rows else _ABOVE_ALL
            if await self._missing_of(rows, thorough=True):
                self._walk = _Walk(thorough=True)
                return 0.0
        return None

    async def _go_on(self, walk: _Walk, leader: Leader) -> float | None:
        until = time.monotonic() + STEP_SECONDS
        while time.monotonic() < until:
            rows = await self._page(leader, walk.before, PAGE_ROWS)
            rows = [row for row in rows if row["turn"] >= walk.lowest]
            if not rows:
                self._walk = None
                return self._prove(walk) if self._proving else self._conclude(walk)
            lost = await self._missing_of(rows, thorough=walk.thorough or walk.before == _ABOVE_ALL)
            if lost:
                await leader.call("outbox_unmark", lost)
                walk.lost += len(lost)
                walk.lost_from, walk.lost_to = min(walk.lost_from, *lost), max(walk.lost_to, *lost)
            gone = set(lost)
            there = [row["stream_seq"] for row in rows if row["stream_seq"] and row["turn"] not in gone]
            walk.unpublished += sum(row["stream_seq"] is None for row in rows)
            walk.lowest_seq = min(*there, walk.lowest_seq) if there else walk.lowest_seq
            walk.before = rows[-1]["turn"]
            if self._proving and walk.unpublished:
                # The relay is still at it, from below.
                self._walk = None
                return PROOF_EVERY_SECONDS
        return STEP_SECONDS

    def _conclude(self, walk: _Walk) -> float | None:
        """At the end of a walk through all rows."""
        self._lowest_seq = walk.lowest_seq
        if not walk.lost:
            return None
        self._repair = _merged(self._repair, walk)
        _lost.labels(self._schema).inc(walk.lost)
        _missing.labels(self._schema).set(self._repair.lost)
        _log.error("stream_lost_events", schema=self._schema, republishing=walk.lost)
        return PROOF_EVERY_SECONDS

    def _prove(self, walk: _Walk) -> float | None:
        """At the end of a walk through what was handed back."""
        repair = self._repair
        assert repair is not None
        self._proving = False
        if walk.lost:
            _log.error("stream_lost_events_again", schema=self._schema, republishing=walk.lost)
            return PROOF_EVERY_SECONDS
        self._repair = None
        _republished.labels(self._schema).inc(repair.lost)
        _missing.labels(self._schema).set(0)
        _log.info("stream_is_whole_again", schema=self._schema, republished=repair.lost)
        self.suspected = self._lowest_seq == _ABOVE_ALL
        return None

    async def _page(self, leader: Leader, before: int, limit: int) -> list[Any]:
        since = self._clock.now() - timedelta(hours=RETENTION_HOURS)
        rows: list[Any] = await leader.connection.fetch(_PAGE, before, limit, since)
        return rows

    async def _missing_of(self, rows: Sequence[Any], *, thorough: bool) -> list[int]:
        """The turns among published ``rows`` that are not in the stream."""
        published = [row for row in rows if row["stream_seq"] is not None]
        if not published:
            return []
        # After the rows: the state holds all that they say is there.
        state = (await self._jetstream.stream_info(STREAM)).state
        outside = [row["turn"] for row in published if not _spans(state, row["stream_seq"])]
        inside = [row for row in published if _spans(state, row["stream_seq"])]
        ends = {row["turn"] for row in (*published[:1], *published[-1:])}
        sample = [row for row in inside if row["turn"] % SAMPLE_EVERY == 0 or row["turn"] in ends]
        if not thorough and not outside and not await self._unread(sample):
            return []
        return outside + await self._unread(inside)

    async def _unread(self, rows: Sequence[Any]) -> list[int]:
        found = await self._own.identities([row["stream_seq"] for row in rows])
        return [row["turn"] for row in rows if found.get(row["stream_seq"]) != str(row["msg_id"])]


def _spans(state: StreamState, seq: int) -> bool:
    return state.first_seq <= seq <= state.last_seq


def _merged(earlier: _Walk | None, walk: _Walk) -> _Walk:
    if earlier is not None:
        walk.lost += earlier.lost
        walk.lost_from = min(walk.lost_from, earlier.lost_from)
        walk.lost_to = max(walk.lost_to, earlier.lost_to)
    return walk
