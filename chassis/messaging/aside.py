"""What a consumer could not handle yet, in Postgres: set aside, tried again, parked.

An event that did not go well leaves the stream, so that however many wait, and of whomever, they take
nobody's place there. Its failures are counted in its row, in a transaction of their own: every replica counts
in one place, also after a restart. The time of the next try is the server's: no step of a replica's clock
moves it.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

from nats.aio.msg import Msg
from prometheus_client import Gauge

from chassis.db import Database, Transaction
from chassis.messaging.stream import ID, PLATFORM, STREAM

MAX_FAILURES = 8
FIRST_DELAY_SECONDS = 1.0
MAX_DELAY_SECONDS = 300.0
MAX_UNCOUNTED_DELAY_SECONDS = 5.0
"""What waits for somebody else goes well for all events at once: none of them should sleep through it."""
MAX_ERROR_CHARACTERS = 2_000
DUE_ROWS = 10_000
"""Of those that have waited longest, so many are looked at for a round of tries."""
DUE_EACH = 8
"""Events of one restaurant in one round."""
COUNTED_ROWS = 10_001
"""Where counting for the metrics stops."""

_SET_ASIDE = """
WITH row AS (
    INSERT INTO inbox (consumer, msg_id, status, received_at, attempts)
    VALUES ($1, $2, 'parked', $3, $4) ON CONFLICT (consumer, msg_id) DO NOTHING RETURNING msg_id
)
INSERT INTO inbox_parked
    (consumer, msg_id, subject, headers, payload, attempts, failures, error, parked_at, retry_at)
SELECT $1, msg_id, $5, $6, $7, $4, $8, $9, $3, now() + make_interval(secs => $10) FROM row
"""
_DUE = "SELECT msg_id, restaurant_id FROM inbox_due($1, $2, $3)"
_ASIDE = "SELECT parked, waiting, next_seconds FROM inbox_aside($1, $2)"
_FIND = """
SELECT subject, headers, payload, attempts, failures FROM inbox_parked
WHERE consumer = $1 AND msg_id = $2 AND retry_at <= now()
"""
_TAKE = """
DELETE FROM inbox_parked WHERE consumer = $1 AND msg_id = (
    SELECT msg_id FROM inbox_parked WHERE consumer = $1 AND msg_id = $2 AND attempts = $3
    FOR UPDATE SKIP LOCKED)
RETURNING true
"""
_HANDLED = "UPDATE inbox SET status = 'handled', handled_at = $3 WHERE consumer = $1 AND msg_id = $2"
_STAYS = """
UPDATE inbox_parked
SET attempts = attempts + 1, failures = $4, error = $5, retry_at = now() + make_interval(secs => $6)
WHERE consumer = $1 AND msg_id = $2 AND attempts = $3
"""

_parked = Gauge(
    "fynlo_inbox_parked_events", "Events that wait for an operator, at most 10,001 are counted", ["consumer"]
)
_waiting = Gauge(
    "fynlo_inbox_waiting_events", "Events that wait for their next try, as far as counted", ["consumer"]
)


@dataclass(frozen=True, slots=True)
class Backoff:
    """When an event is tried again, and after how many failures it is not."""

    max_failures: int = MAX_FAILURES
    first_seconds: float = FIRST_DELAY_SECONDS

    def delay(self, tries: int) -> float:
        """Seconds before the next try after ``tries``: doubled each time, MAX_DELAY_SECONDS at most."""
        return min(self.first_seconds * 2.0 ** min(max(tries, 1) - 1, 30), MAX_DELAY_SECONDS)

    def next_try(self, tries: int, failures: int, *, counted: bool) -> float | None:
        """Seconds until the next try; None: it is parked. What is not ``counted`` as a failure never is."""
        if not counted:
            return min(self.delay(tries), MAX_UNCOUNTED_DELAY_SECONDS)
        return None if failures >= self.max_failures else self.delay(failures)


@dataclass(frozen=True, slots=True)
class Failed:
    """An event, as it was delivered, and what was wrong."""

    msg_id: UUID
    subject: str
    headers: Mapping[str, str]
    payload: bytes
    attempts: int
    error: BaseException
    counted: bool
    """False: it was somebody else's fault, a lock or the database."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """An event to be tried again."""

    msg_id: UUID
    subject: str
    headers: Mapping[str, str]
    payload: bytes
    attempts: int
    failures: int


class Aside:
    """The set-aside events of one durable consumer."""

    def __init__(self, db: Database, durable: str, backoff: Backoff) -> None:
        self._db = db
        self._durable = durable
        self._backoff = backoff
        self.parked = 0
        """How many waited for an operator when ``next_seconds`` last looked."""

    async def put(self, event: Failed) -> float | None:
        """Keeps an event; seconds until its next try, None where it is parked. Raises Unavailable.

        Nothing where the inbox knows the event already.
        """
        failures = int(event.counted)
        delay = self._backoff.next_try(event.attempts, failures, counted=event.counted)
        async with self._db.transaction(restaurant_of(event.subject)) as tx:
            await tx.execute(
                _SET_ASIDE,
                *(self._durable, event.msg_id, self._db.clock.now(), event.attempts),
                *(event.subject, dict(event.headers), event.payload, failures, _text(event.error), delay),
            )
        return delay

    async def due(self) -> dict[UUID | None, list[UUID]]:
        """Whose turn it is now, by restaurant; of one restaurant DUE_EACH at most. Raises Unavailable."""
        async with self._db.transaction(None, readonly=True) as tx:
            rows = await tx.fetch(_DUE, self._durable, DUE_ROWS, DUE_EACH)
        found: dict[UUID | None, list[UUID]] = {}
        for row in rows:
            found.setdefault(row["restaurant_id"], []).append(row["msg_id"])
        return found

    async def next_seconds(self) -> float | None:
        """Seconds until the next try, None where nothing waits; sets the metrics. Raises Unavailable."""
        async with self._db.transaction(None, readonly=True) as tx:
            row = await tx.fetchrow(_ASIDE, self._durable, COUNTED_ROWS)
        assert row is not None
        self.parked = row["parked"]
        _parked.labels(self._durable).set(row["parked"])
        _waiting.labels(self._durable).set(row["waiting"])
        seconds: float | None = row["next_seconds"]
        return seconds

    async def find(self, restaurant: UUID | None, msg_id: UUID) -> SetAside | None:
        """The event, None where it is gone or its turn is not now: another replica may have tried it
        meanwhile. Raises Unavailable.
        """
        async with self._db.transaction(restaurant, readonly=True) as tx:
            row = await tx.fetchrow(_FIND, self._durable, msg_id)
        return None if row is None else SetAside(msg_id, **dict(row))

    async def take(self, tx: Transaction, event: SetAside) -> bool:
        """Removes the event with the transaction of its effect; False where another replica is at it."""
        if not await tx.fetchval(_TAKE, self._durable, event.msg_id, event.attempts):
            return False
        await tx.execute(_HANDLED, self._durable, event.msg_id, self._db.clock.now())
        return True

    async def stays(self, event: SetAside, error: BaseException, *, counted: bool) -> float | None:
        """Notes a try that did not go well, once; seconds until the next, None where it is parked.

        Raises Unavailable.
        """
        failures = event.failures + int(counted)
        delay = self._backoff.next_try(event.attempts + 1, failures, counted=counted)
        async with self._db.transaction(restaurant_of(event.subject)) as tx:
            await tx.execute(
                _STAYS, self._durable, event.msg_id, event.attempts, failures, _text(error), delay
            )
        return delay


def restaurant_of(subject: str) -> UUID | None:
    """Whose event a subject names, None for the platform's and for what no relay published."""
    last = subject.rsplit(".", 1)[-1]
    if last == PLATFORM:
        return None
    try:
        named = UUID(last)
    except ValueError:
        return None
    return named if str(named) == last else None


def _text(error: BaseException) -> str:
    # Postgres stores no U+0000, and an error may quote the text that it is about.
    return repr(error).replace("\0", "")[:MAX_ERROR_CHARACTERS]


def identity_of(msg: Msg) -> UUID:
    """The event's id; for a message that no relay published one that stays the same over its deliveries."""
    with contextlib.suppress(KeyError, ValueError):
        return UUID((msg.headers or {})[ID])
    return uuid5(NAMESPACE_OID, f"{STREAM}:{msg.metadata.sequence.stream}")
