"""Till sessions and their drawers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.db import Record, Transaction
from services.payments.domain.actor import Actor
from services.payments.domain.approval import Moved
from services.payments.domain.till import (
    DRAWER_EVENTS_MAX,
    DrawerEvent,
    DrawerKind,
    TillSession,
    TillState,
)
from services.payments.store.actor import approver_in

INSERT_SESSION = """
INSERT INTO till_session (restaurant_id, id, till, state, currency_code, business_date, opened_at,
    opening_float_minor, expected_minor, opened_by_id, opened_by_name, opened_by_device)
VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $7, $8, $9, $10)
ON CONFLICT (restaurant_id, till) WHERE state <> 'closed' DO NOTHING
RETURNING id
"""
OPEN_SESSION_OF = "SELECT id FROM till_session WHERE restaurant_id = $1 AND till = $2 AND state <> 'closed'"
FIND_SESSION = "SELECT * FROM till_session WHERE restaurant_id = $1 AND id = $2"
LOCK_SESSION = "SELECT * FROM till_session WHERE restaurant_id = $1 AND id = $2 FOR UPDATE"
LIST_SESSIONS = """
SELECT * FROM till_session
WHERE restaurant_id = $1 AND (opened_at, id) < ($2, $3)
ORDER BY opened_at DESC, id DESC LIMIT $4
"""
LIST_OPEN_SESSIONS = """
SELECT * FROM till_session
WHERE restaurant_id = $1 AND state <> 'closed' AND (opened_at, id) < ($2, $3)
ORDER BY opened_at DESC, id DESC LIMIT $4
"""
OPEN_SESSIONS = """
SELECT * FROM till_session WHERE restaurant_id = $1 AND state <> 'closed' ORDER BY opened_at, id LIMIT $2
"""
MOVE_DRAWER = """
WITH moved AS (
    INSERT INTO drawer_event (restaurant_id, id, till_session_id, kind, amount_minor, reason, created_at,
        user_id, user_name, device_id, approver_id, approver_name)
    VALUES ($1, $3, $2, $4, $5, $6, $7, $8, $9, $10, $12, $13)
)
UPDATE till_session SET expected_minor = expected_minor + $11, version = version + 1
WHERE restaurant_id = $1 AND id = $2 RETURNING *
"""
MOVED = """
SELECT count(*)::integer AS events, coalesce(sum(amount_minor) FILTER (
    WHERE kind = $3 AND user_id = $4 AND approver_id IS NULL), 0)::bigint AS unapproved_minor
FROM drawer_event WHERE restaurant_id = $1 AND till_session_id = $2 AND payment_id IS NULL
"""
DRAWER_EVENTS = """
SELECT * FROM drawer_event WHERE restaurant_id = $1 AND till_session_id = $2 AND payment_id IS NULL
ORDER BY created_at, id LIMIT $3
"""
CLOSE_SESSION = """
UPDATE till_session SET state = 'closed', closed_at = $3, counted_minor = $4, variance_minor = $5,
    variance_reason = $6, closed_by_id = $7, closed_by_name = $8, closed_by_device = $9,
    closing_approver_id = $10, closing_approver_name = $11, version = version + 1
WHERE restaurant_id = $1 AND id = $2 RETURNING *
"""
NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))
"""Where a list that is ordered by time begins: behind everything."""


async def insert_session(tx: Transaction, session: TillSession) -> UUID | None:
    """Stores an open session. The id of the session that already has this till, None when it was free."""
    done = await tx.fetchval(
        INSERT_SESSION,
        tx.tenant,
        session.id,
        session.till,
        session.currency_code,
        session.business_date,
        session.opened_at,
        session.opening_float_minor,
        session.opened_by.user_id,
        session.opened_by.name,
        session.opened_by.device_id,
    )
    if done is not None:
        return None
    taken: UUID | None = await tx.fetchval(OPEN_SESSION_OF, tx.tenant, session.till)
    # It may have been closed between the two statements; then its id is of no more use, yet true.
    return taken or session.id


async def find_session(tx: Transaction, session_id: UUID) -> TillSession | None:
    """One session of the tenant."""
    row = await tx.fetchrow(FIND_SESSION, tx.tenant, session_id)
    return None if row is None else session_in(row)


async def lock_session(tx: Transaction, session_id: UUID) -> TillSession | None:
    """The session, locked: payments of this till wait until the transaction ends."""
    row = await tx.fetchrow(LOCK_SESSION, tx.tenant, session_id)
    return None if row is None else session_in(row)


async def list_sessions(
    tx: Transaction, *, open_only: bool, before: tuple[datetime, UUID] | None, limit: int
) -> list[TillSession]:
    """Sessions, the newest first, older than ``before``."""
    statement = LIST_OPEN_SESSIONS if open_only else LIST_SESSIONS
    rows = await tx.fetch(statement, tx.tenant, *(before or NEWEST), limit)
    return [session_in(row) for row in rows]


async def open_sessions(tx: Transaction, limit: int) -> list[TillSession]:
    """Sessions that are not closed, the oldest first."""
    return [session_in(row) for row in await tx.fetch(OPEN_SESSIONS, tx.tenant, limit)]


async def moved_in(tx: Transaction, session_id: UUID, kind: DrawerKind, actor: Actor) -> Moved:
    """What a session's drawer saw beside sales. The session must be locked."""
    row = await tx.fetchrow(MOVED, tx.tenant, session_id, kind.value, actor.user_id)
    assert row is not None
    return Moved(row["events"], row["unapproved_minor"])


async def drawer_events(tx: Transaction, session_id: UUID) -> list[DrawerEvent]:
    """What moved in a session's drawer beside sales, in the order of time."""
    rows = await tx.fetch(DRAWER_EVENTS, tx.tenant, session_id, DRAWER_EVENTS_MAX)
    return [_drawer_event_in(row) for row in rows]


async def move_drawer(
    tx: Transaction, session_id: UUID, event: DrawerEvent, change_minor: int
) -> TillSession:
    """Records a drawer event and the session's new expectation. The session must be locked."""
    approver = event.approved_by
    row = await tx.fetchrow(
        MOVE_DRAWER,
        tx.tenant,
        session_id,
        event.id,
        event.kind.value,
        event.amount_minor,
        event.reason,
        event.at,
        event.actor.user_id,
        event.actor.name,
        event.actor.device_id,
        change_minor,
        None if approver is None else approver.user_id,
        None if approver is None else approver.name,
    )
    assert row is not None
    return session_in(row)


async def close_session(
    tx: Transaction,
    session_id: UUID,
    *,
    at: datetime,
    counted_minor: int,
    variance_minor: int,
    reason: str,
    actor: Actor,
    approver: Actor | None,
) -> TillSession:
    """Closes a session that the transaction has locked."""
    row = await tx.fetchrow(
        CLOSE_SESSION,
        tx.tenant,
        session_id,
        at,
        counted_minor,
        variance_minor,
        reason,
        actor.user_id,
        actor.name,
        actor.device_id,
        None if approver is None else approver.user_id,
        None if approver is None else approver.name,
    )
    assert row is not None
    return session_in(row)


def session_in(row: Mapping[str, Any]) -> TillSession:
    """A session from a row with the columns of its table."""
    actor = _actor_in(row)
    return TillSession(
        id=row["id"],
        restaurant_id=row["restaurant_id"],
        till=row["till"],
        state=TillState(row["state"]),
        currency_code=row["currency_code"],
        business_date=row["business_date"],
        opened_at=row["opened_at"],
        opening_float_minor=row["opening_float_minor"],
        expected_minor=row["expected_minor"],
        opened_by=actor("opened_by"),
        version=row["version"],
        closed_at=row["closed_at"],
        counted_minor=row["counted_minor"],
        variance_minor=row["variance_minor"],
        variance_reason=row["variance_reason"],
        closed_by=None if row["closed_by_id"] is None else actor("closed_by"),
        closing_approved_by=approver_in(row, "closing_"),
    )


def _drawer_event_in(row: Record) -> DrawerEvent:
    return DrawerEvent(
        id=row["id"],
        kind=DrawerKind(row["kind"]),
        amount_minor=row["amount_minor"],
        reason=row["reason"],
        at=row["created_at"],
        actor=Actor(row["user_id"], row["user_name"], row["device_id"]),
        approved_by=approver_in(row),
    )


def _actor_in(row: Mapping[str, Any]) -> Callable[[str], Actor]:
    return lambda role: Actor(row[f"{role}_id"], row[f"{role}_name"], row[f"{role}_device"])
