"""The queue of mails, and those that stay on this machine."""

from datetime import datetime, timedelta

from chassis.db import Record, Transaction
from services.auth.domain.mail import Kind, Letter, QueuedMail

COUNT_WAITING = "SELECT count(*) FROM (SELECT FROM mail WHERE state = 'queued' LIMIT $1) waiting"
INSERT_MAIL = """
INSERT INTO mail (id, kind, recipient, about, subject_id, tenant_id, state, attempts, next_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, $7)
"""
CLAIM_DUE = """
UPDATE mail SET next_at = $2, attempts = attempts + 1
WHERE id = ANY (ARRAY(
    SELECT id FROM mail WHERE state = 'queued' AND next_at <= $1 ORDER BY next_at, id LIMIT $3
    FOR UPDATE SKIP LOCKED
))
RETURNING id, kind, recipient, about, subject_id, tenant_id, attempts
"""
SETTLE = "UPDATE mail SET state = $2, settled_at = $3 WHERE id = $1"
POSTPONE = "UPDATE mail SET next_at = $2 WHERE id = $1 AND state = 'queued'"
FORGET = "DELETE FROM mail WHERE id = $1"
SWEEP_MAIL = """
DELETE FROM mail WHERE id = ANY (ARRAY(
    SELECT id FROM mail WHERE settled_at < $1 ORDER BY settled_at LIMIT $2
))
"""
KEEP_LOCALLY = """
INSERT INTO local_mail (id, recipient, subject, text, link, sent_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET text = excluded.text, link = excluded.link, sent_at = $6
"""
LOCAL_MAILS = """
SELECT id, recipient, subject, text, link, sent_at FROM local_mail ORDER BY sent_at DESC, id DESC LIMIT $1
"""
LOCAL_MAILS_TO = """
SELECT id, recipient, subject, text, link, sent_at FROM local_mail WHERE recipient = $2
ORDER BY sent_at DESC, id DESC LIMIT $1
"""
SWEEP_LOCAL_MAIL = """
DELETE FROM local_mail WHERE id = ANY (ARRAY(
    SELECT id FROM local_mail WHERE sent_at < $1 ORDER BY sent_at LIMIT $2
))
"""


async def count_waiting(tx: Transaction, limit: int) -> int:
    """Mails that wait for delivery, counted up to ``limit``."""
    count: int = await tx.fetchval(COUNT_WAITING, limit)
    return count


async def insert_mail(tx: Transaction, mail: QueuedMail, now: datetime) -> None:
    """Sent if, and only if, the transaction commits."""
    await tx.execute(
        INSERT_MAIL,
        *(mail.id, mail.kind.value, mail.recipient, mail.about, mail.subject_id, mail.tenant_id, now),
    )


async def claim_due(tx: Transaction, now: datetime, lease: timedelta, batch: int) -> list[QueuedMail]:
    """Mails to send now, oldest first. Nobody else gets them until the lease is over."""
    rows = await tx.fetch(CLAIM_DUE, now, now + lease, batch)
    return sorted(map(_queued, rows), key=lambda mail: mail.id)


async def settle(tx: Transaction, mail: QueuedMail, state: str, now: datetime) -> None:
    """``sent`` or ``failed``: nothing more happens to it."""
    await tx.execute(SETTLE, mail.id, state, now)


async def postpone(tx: Transaction, mail: QueuedMail, until: datetime) -> None:
    """Tried again then."""
    await tx.execute(POSTPONE, mail.id, until)


async def forget(tx: Transaction, mail: QueuedMail) -> None:
    """A mail that nobody is to get; what was typed as its address may be anything, so it is not kept."""
    await tx.execute(FORGET, mail.id)


async def sweep_mail(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets mails that were settled before ``before``; how many."""
    tag = await tx.execute(SWEEP_MAIL, before, batch)
    return int(tag.rpartition(" ")[2])


async def keep_locally(tx: Transaction, letter: Letter, now: datetime) -> None:
    """In the outbox of this machine; the newest copy of a mail counts."""
    await tx.execute(KEEP_LOCALLY, letter.id, letter.recipient, letter.subject, letter.text, letter.link, now)


async def local_mails(tx: Transaction, recipient: str, limit: int) -> list[tuple[Letter, datetime]]:
    """Newest first; of one recipient, or of all where it is empty."""
    if recipient:
        rows = await tx.fetch(LOCAL_MAILS_TO, limit, recipient)
    else:
        rows = await tx.fetch(LOCAL_MAILS, limit)
    return [(_letter(row), row["sent_at"]) for row in rows]


async def sweep_local_mail(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets local mails that were sent before ``before``; how many."""
    tag = await tx.execute(SWEEP_LOCAL_MAIL, before, batch)
    return int(tag.rpartition(" ")[2])


def _letter(row: Record) -> Letter:
    return Letter(row["id"], row["recipient"], row["subject"], row["text"], row["link"])


def _queued(row: Record) -> QueuedMail:
    return QueuedMail(
        id=row["id"],
        kind=Kind(row["kind"]),
        recipient=row["recipient"],
        about=row["about"],
        subject_id=row["subject_id"],
        tenant_id=row["tenant_id"],
        attempts=row["attempts"],
    )
