"""Finds events that JetStream acknowledged and lost, and hands them back to the relay.

A stream can be recreated, restored from an older copy, or lose what was not yet synced to disk; what is
missing then is everything above some sequence. An event is there when the message at its sequence has its
identity.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from nats.aio.client import Client as NatsClient
from prometheus_client import Counter

from chassis.stream import own_identities

NEWEST_ROWS = 64
PAGE_ROWS = 500
SAMPLE_EVERY = 10
SAMPLE_ROWS = 1_000

_log = structlog.get_logger(__name__)
_republished = Counter("fynlo_outbox_republished_total", "Events that JetStream had lost", ["schema"])

_NEWEST = """
SELECT id, msg_id, stream_seq FROM outbox WHERE published_at IS NOT NULL AND id < $1 ORDER BY id DESC LIMIT $2
"""
_SAMPLE = """
SELECT id, msg_id, stream_seq FROM outbox
WHERE published_at IS NOT NULL AND id > $1 AND id % $2 = 0 ORDER BY id DESC
"""
_ABOVE_ALL = 2**63 - 1


class Leader(Protocol):
    """The leading relay's connection, fenced by its generation."""

    connection: Any

    async def call(self, function: str, *args: object) -> Any: ...


class Reconciler:
    """Compares one service's outbox with the stream."""

    def __init__(self, leader: Leader, nats: NatsClient, schema: str) -> None:
        self._leader = leader
        self._nats = nats
        self._schema = schema

    async def republish_lost(self, *, thorough: bool) -> int:
        """Marks lost events as unpublished; how many. Raises nats.errors.Error while JetStream is away.

        Looks at the newest acknowledged events, with ``thorough`` also at every tenth of the last 10,000.
        Only where one of them is missing it walks back, page by page, to the first page that is whole.
        """
        rows = await self._leader.connection.fetch(_NEWEST, _ABOVE_ALL, NEWEST_ROWS)
        if thorough and rows:
            above = rows[0]["id"] - SAMPLE_EVERY * SAMPLE_ROWS
            rows += await self._leader.connection.fetch(_SAMPLE, above, SAMPLE_EVERY)
        suspicious = await self._lost(rows)
        return await self._walk_back(min(suspicious)) if suspicious else 0

    async def _walk_back(self, lowest_suspicious: int) -> int:
        before, total = _ABOVE_ALL, 0
        while rows := await self._leader.connection.fetch(_NEWEST, before, PAGE_ROWS):
            lost = await self._lost(rows)
            before = rows[-1]["id"]
            if lost:
                total += await self._leader.call("outbox_unmark", lost)
            elif before < lowest_suspicious:
                break
        _republished.labels(self._schema).inc(total)
        _log.error("stream_lost_events", schema=self._schema, republishing=total)
        return total

    async def _lost(self, rows: Sequence[Any]) -> list[int]:
        """The ids among ``rows`` that are not in the stream."""
        if not rows:
            return []
        places = [row["stream_seq"] for row in rows]
        there = await own_identities(self._nats, self._schema, min(places), max(places))
        return [row["id"] for row in rows if there.get(row["stream_seq"]) != str(row["msg_id"])]
