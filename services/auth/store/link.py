"""Links by the hash of their secret, and how often something was asked for."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from chassis.db import Record, Transaction
from services.auth.domain.link import Link, Purpose

INSERT_LINK = """
INSERT INTO link (token_hash, purpose, subject_id, tenant_id, issued_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
LINK_BY_HASH = "SELECT purpose, subject_id, tenant_id, expires_at FROM link WHERE token_hash = $1"
LOCK_LINK = "SELECT purpose, subject_id, tenant_id, expires_at FROM link WHERE token_hash = $1 FOR UPDATE"
DELETE_LINKS = "DELETE FROM link WHERE subject_id = $1"
SWEEP_LINKS = """
DELETE FROM link WHERE token_hash = ANY (ARRAY(
    SELECT token_hash FROM link WHERE expires_at < $1 ORDER BY expires_at LIMIT $2
))
"""
COUNT_USE = """
INSERT INTO quota AS q (kind, subject_hash, count, since) VALUES ($1, $2, 1, $3)
ON CONFLICT (kind, subject_hash) DO UPDATE SET
    count = CASE WHEN $3 - q.since >= $4 THEN 1 ELSE q.count + 1 END,
    since = CASE WHEN $3 - q.since >= $4 THEN $3 ELSE q.since END
RETURNING count
"""
USES = "SELECT count FROM quota WHERE kind = $1 AND subject_hash = $2 AND $3 - since < $4"
SWEEP_QUOTAS = """
DELETE FROM quota WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM quota WHERE since < $1 ORDER BY since LIMIT $2
))
"""


async def insert_link(tx: Transaction, token_hash: bytes, link: Link, now: datetime) -> None:
    """Another link to the same subject leaves earlier ones alone."""
    await tx.execute(
        INSERT_LINK, token_hash, link.purpose.value, link.subject_id, link.tenant_id, now, link.expires_at
    )


async def link_by_hash(tx: Transaction, token_hash: bytes) -> Link | None:
    """None where there was never one, or it was used or withdrawn."""
    return _found(await tx.fetchrow(LINK_BY_HASH, token_hash))


async def lock_link(tx: Transaction, token_hash: bytes) -> Link | None:
    """The same; other uses of it wait."""
    return _found(await tx.fetchrow(LOCK_LINK, token_hash))


async def delete_links(tx: Transaction, subject_id: UUID) -> None:
    """All links of an invitation or a user die."""
    await tx.execute(DELETE_LINKS, subject_id)


async def sweep_links(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets links that expired before ``before``; how many."""
    tag = await tx.execute(SWEEP_LINKS, before, batch)
    return int(tag.rpartition(" ")[2])


async def count_use(tx: Transaction, kind: str, subject: str, window: timedelta, now: datetime) -> int:
    """One more within the window that the first one opened; how many."""
    count: int = await tx.fetchval(COUNT_USE, kind, _digest(subject), now, window)
    return count


async def uses(tx: Transaction, kind: str, subject: str, window: timedelta, now: datetime) -> int:
    """How many were counted within the present window."""
    count = await tx.fetchval(USES, kind, _digest(subject), now, window)
    return int(count or 0)


async def sweep_quotas(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets counters whose window opened before ``before``; how many."""
    tag = await tx.execute(SWEEP_QUOTAS, before, batch)
    return int(tag.rpartition(" ")[2])


def _found(row: Record | None) -> Link | None:
    if row is None:
        return None
    return Link(Purpose(row["purpose"]), row["subject_id"], row["tenant_id"], row["expires_at"])


def _digest(subject: str) -> bytes:
    return hashlib.sha256(subject.encode()).digest()
