"""Counters of wrong passwords, and the devices that people have logged in with."""

import hashlib
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from services.auth.domain.guess import Failures, Guessed, LockPolicy, Subjects

NEVER_FADES_SECONDS = float("inf")

FAILURES_OF = """
SELECT kind, count, last_at
FROM login_failure
JOIN unnest($1::text[], $2::bytea[]) AS asked (kind, subject_hash) USING (kind, subject_hash)
"""
COUNT_FAILURE = """
INSERT INTO login_failure AS f (kind, subject_hash, count, last_at) VALUES ($1, $2, 1, $3)
ON CONFLICT (kind, subject_hash) DO UPDATE SET
    last_at = greatest(f.last_at, $3),
    count = CASE
        WHEN $3 - f.last_at > $4 THEN 1
        ELSE 1 + greatest(
            0, f.count - floor(greatest(extract(epoch FROM $3 - f.last_at), 0) / $5::float8)::integer
        )
    END
RETURNING count
"""
FORGIVE = """
DELETE FROM login_failure USING unnest($1::text[], $2::bytea[]) AS own (kind, subject_hash)
WHERE login_failure.kind = own.kind AND login_failure.subject_hash = own.subject_hash
"""
SWEEP_FAILURES = """
DELETE FROM login_failure WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM login_failure WHERE last_at < $1 ORDER BY last_at LIMIT $2
))
"""
KNOWS_DEVICE = """
SELECT EXISTS (
    SELECT FROM known_device d JOIN user_account u ON u.id = d.user_id
    WHERE u.email = $1 AND d.secret_hash = $2
)
"""
IS_DEVICE = "SELECT EXISTS (SELECT FROM known_device WHERE secret_hash = $1)"
# Log-ins of one person may run side by side: none waits for what another is about to delete.
REMEMBER_DEVICE = """
WITH surplus AS (
    DELETE FROM known_device WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM known_device WHERE user_id = $1 AND secret_hash <> $2
        ORDER BY last_at DESC OFFSET $4 FOR UPDATE SKIP LOCKED
    ))
)
INSERT INTO known_device AS d (user_id, secret_hash, first_at, last_at) VALUES ($1, $2, $3, $3)
ON CONFLICT (user_id, secret_hash) DO UPDATE SET last_at = greatest(d.last_at, $3)
"""
FORGET_DEVICES = "DELETE FROM known_device WHERE user_id = $1"
SWEEP_DEVICES = """
DELETE FROM known_device WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM known_device WHERE last_at < $1 ORDER BY last_at LIMIT $2
))
"""


async def failures_of(tx: Transaction, subjects: Subjects) -> dict[Guessed, Failures]:
    """What is counted against each; nothing where there is nothing."""
    rows = await tx.fetch(FAILURES_OF, *_keys(subjects))
    return {Guessed(row["kind"]): Failures(row["count"], row["last_at"]) for row in rows}


async def count_failure(
    tx: Transaction, kind: Guessed, subject: str, policy: LockPolicy, now: datetime
) -> int:
    """One more wrong guess; the count by the rules of ``policy``."""
    fades = policy.one_fades_in
    fades_seconds = NEVER_FADES_SECONDS if fades is None else fades.total_seconds()
    count: int = await tx.fetchval(
        COUNT_FAILURE, kind.value, _digest(subject), now, policy.forgotten_after, fades_seconds
    )
    return count


async def forgive(tx: Transaction, subjects: Subjects) -> None:
    """Nothing is counted against these any more."""
    await tx.execute(FORGIVE, *_keys(subjects))


async def sweep_failures(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets counters whose last failure is older than ``before``; how many."""
    tag = await tx.execute(SWEEP_FAILURES, before, batch)
    return int(tag.rpartition(" ")[2])


async def knows_device(tx: Transaction, email: str, secret: str) -> bool:
    """Whether the person of that address has logged in with the device that holds ``secret``. It costs the
    same whoever asks.
    """
    known: bool = await tx.fetchval(KNOWS_DEVICE, email, _digest(secret))
    return known


async def is_device(tx: Transaction, secret: str) -> bool:
    """Whether ``secret`` was given to a device by us, whoever logged in there."""
    known: bool = await tx.fetchval(IS_DEVICE, _digest(secret))
    return known


async def remember_device(tx: Transaction, user_id: UUID, secret: str, now: datetime, others: int) -> None:
    """A person has logged in with a device; of their others the newest are remembered, so many."""
    await tx.execute(REMEMBER_DEVICE, user_id, _digest(secret), now, others)


async def forget_devices(tx: Transaction, user_id: UUID) -> None:
    """Every device of a person is a stranger again."""
    await tx.execute(FORGET_DEVICES, user_id)


async def sweep_devices(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets devices that nobody has logged in with since ``before``; how many."""
    tag = await tx.execute(SWEEP_DEVICES, before, batch)
    return int(tag.rpartition(" ")[2])


def _keys(subjects: Subjects) -> tuple[list[str], list[bytes]]:
    return [kind.value for kind in subjects], [_digest(subject) for subject in subjects.values()]


def _digest(subject: str) -> bytes:
    """What was typed as an e-mail may be a password: it is not kept readable."""
    return hashlib.sha256(subject.encode()).digest()
