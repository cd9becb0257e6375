"""Sessions, refresh tokens and revocations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from services.auth.domain.session import RefreshToken, Revocation, RevocationKind, Session

INSERT_SESSION = """
WITH family AS (
    INSERT INTO session (id, user_id, restaurant_id, client, device_id, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
)
INSERT INTO refresh_token (token_hash, session_id, user_id, issued_at) VALUES ($8, $1, $2, $6)
"""
FIND_PRESENTED = """
SELECT session_id, user_id, replaced_at, successor_salt FROM refresh_token WHERE token_hash = $1
"""
LOCK_SESSION = """
SELECT id, user_id, restaurant_id, client, device_id, created_at, expires_at, ended_at
FROM session WHERE id = $1 FOR NO KEY UPDATE
"""
SALT_SUCCESSOR = "UPDATE refresh_token SET successor_salt = $2 WHERE token_hash = $1"
ENTER_RESTAURANT = """
UPDATE session SET
    restaurant_id = $2,
    switched_at = CASE WHEN restaurant_id IS DISTINCT FROM $2 THEN $3 ELSE switched_at END
WHERE id = $1
"""
MAKE_NEWEST = """
WITH used AS (
    UPDATE refresh_token SET replaced_at = $4, replaced_by_device = $5
    WHERE session_id = $2 AND replaced_at IS NULL
)
INSERT INTO refresh_token (token_hash, session_id, user_id, issued_at) VALUES ($1, $2, $3, $4)
"""
END_SESSIONS = """
UPDATE session SET ended_at = $2, end_reason = $3 WHERE id = ANY ($1) AND ended_at IS NULL
"""
END_SESSIONS_OF = """
UPDATE session SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL
"""
END_OTHER_SESSIONS = """
UPDATE session SET ended_at = $3, end_reason = $4
WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL
RETURNING id, expires_at
"""
LIVING_SESSIONS = """
SELECT id FROM session
WHERE user_id = $1 AND restaurant_id = $2 AND ended_at IS NULL AND expires_at > $3
ORDER BY id
"""
SESSIONS_THAT_LEFT = """
SELECT id, switched_at FROM session
WHERE user_id = $1 AND ended_at IS NULL AND switched_at > $2
ORDER BY id
"""
SAVE_REVOCATION = """
INSERT INTO revocation AS r (kind, subject_id, valid_after, reason) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, subject_id) DO UPDATE
SET valid_after = greatest(r.valid_after, excluded.valid_after), reason = excluded.reason
"""
REVOCATIONS_SINCE = """
SELECT kind, subject_id, valid_after, reason FROM revocation WHERE valid_after >= $1
ORDER BY valid_after DESC LIMIT $2
"""
SWEEP_REVOCATIONS = """
DELETE FROM revocation WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM revocation WHERE valid_after < $1 ORDER BY valid_after LIMIT $2
))
"""
SWEEP_SESSIONS = "SELECT sweep_sessions($1, $2)"


async def insert_session(tx: Transaction, session: Session, token_hash: bytes) -> None:
    """A session with its first refresh token."""
    await tx.execute(
        INSERT_SESSION,
        *(session.id, session.user_id, session.restaurant_id, session.client, session.device_id),
        *(session.created_at, session.expires_at, token_hash),
    )


async def token_by_hash(tx: Transaction, token_hash: bytes) -> RefreshToken | None:
    """Whose token this is. The row may change until its session is locked: read it again then."""
    row = await tx.fetchrow(FIND_PRESENTED, token_hash)
    return None if row is None else RefreshToken(**dict(row))


async def lock_session(tx: Transaction, session_id: UUID) -> Session | None:
    """A session the transaction's person or restaurant has; other refreshes of it wait."""
    row = await tx.fetchrow(LOCK_SESSION, session_id)
    return None if row is None else _session(row)


async def replace_token(
    tx: Transaction, session: Session, token_hash: bytes, successor_hash: bytes, *, salt: bytes, now: datetime
) -> None:
    """Makes the successor of a token the newest of its session, whichever was the newest. The session must
    be locked.
    """
    await tx.execute(SALT_SUCCESSOR, token_hash, salt)
    await _make_newest(tx, session, successor_hash, now)


async def enter_restaurant(
    tx: Transaction, session: Session, restaurant_id: UUID, token_hash: bytes, now: datetime
) -> None:
    """Moves a locked session to another restaurant, with a token that replaces its newest."""
    await tx.execute(ENTER_RESTAURANT, session.id, restaurant_id, now)
    await _make_newest(tx, session, token_hash, now)


async def end_sessions(tx: Transaction, session_ids: Sequence[UUID], now: datetime, reason: str) -> int:
    """How many of them were not over already."""
    tag = await tx.execute(END_SESSIONS, list(session_ids), now, reason)
    return int(tag.rpartition(" ")[2])


async def end_sessions_of(tx: Transaction, user_id: UUID, now: datetime, reason: str) -> int:
    """Ends all sessions of a person, in every restaurant; how many."""
    tag = await tx.execute(END_SESSIONS_OF, user_id, now, reason)
    return int(tag.rpartition(" ")[2])


async def end_other_sessions(
    tx: Transaction, user_id: UUID, kept: UUID, now: datetime, reason: str
) -> list[UUID]:
    """Ends the sessions of the transaction's person but one; those that were not over already."""
    rows = await tx.fetch(END_OTHER_SESSIONS, user_id, kept, now, reason)
    return sorted(row["id"] for row in rows if row["expires_at"] > now)


async def living_sessions(tx: Transaction, user_id: UUID, restaurant_id: UUID, now: datetime) -> list[UUID]:
    """A person's sessions in one restaurant that could still be used."""
    rows = await tx.fetch(LIVING_SESSIONS, user_id, restaurant_id, now)
    return [row["id"] for row in rows]


async def sessions_that_left(tx: Transaction, user_id: UUID, since: datetime) -> list[tuple[UUID, datetime]]:
    """A person's living sessions that have changed their restaurant since then, and when. Needs begin_as."""
    rows = await tx.fetch(SESSIONS_THAT_LEFT, user_id, since)
    return [(row["id"], row["switched_at"]) for row in rows]


async def save_revocations(tx: Transaction, revocations: Sequence[Revocation]) -> None:
    """For processes that start later. The newest per subject counts."""
    await tx.executemany(
        SAVE_REVOCATION, [(r.kind.value, r.id, r.valid_after, r.reason) for r in revocations]
    )


async def revocations_since(tx: Transaction, since: datetime, limit: int) -> list[Revocation]:
    """Newest first."""
    rows = await tx.fetch(REVOCATIONS_SINCE, since, limit)
    return [
        Revocation(RevocationKind(row["kind"]), row["subject_id"], row["valid_after"], row["reason"])
        for row in rows
    ]


async def sweep_revocations(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets revocations that no living token can be older than; how many."""
    tag = await tx.execute(SWEEP_REVOCATIONS, before, batch)
    return int(tag.rpartition(" ")[2])


async def sweep_sessions(tx: Transaction, expired_before: datetime, batch: int) -> int:
    """Deletes expired sessions of all restaurants with their tokens; how many."""
    count: int = await tx.fetchval(SWEEP_SESSIONS, expired_before, batch)
    return count


async def _make_newest(tx: Transaction, session: Session, token_hash: bytes, now: datetime) -> None:
    await tx.execute(MAKE_NEWEST, token_hash, session.id, session.user_id, now, session.device_id)


def _session(row: Record) -> Session:
    return Session(**dict(row))
