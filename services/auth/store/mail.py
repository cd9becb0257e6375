"""The queue of mails, and those that stay on this machine."""

from datetime import datetime, timedelta

import asyncpg

from chassis.db import Transaction
from chassis.db.conditions import Conditions
from services.auth.domain.mail import QUEUE_MAX, Kind, Letter, MailQueueFull, QueuedMail


async def enqueue(tx: Transaction, mail: QueuedMail, now: datetime) -> None:
    """Sent if, and only if, the transaction commits. Raises MailQueueFull."""
    waiting: int = await tx.fetchval(
        "SELECT count(*) FROM (SELECT 1 FROM mail WHERE state = 'queued' LIMIT $1) q", QUEUE_MAX
    )
    if waiting >= QUEUE_MAX:
        raise MailQueueFull("Too many mails wait for delivery.")
    await tx.execute(
        "INSERT INTO mail (id, kind, recipient, about, subject_id, tenant_id, state, attempts, next_at,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, $7)",
        *(mail.id, mail.kind.value, mail.recipient, mail.about, mail.subject_id, mail.tenant_id, now),
    )


async def claim_due(tx: Transaction, now: datetime, lease: timedelta, batch: int) -> list[QueuedMail]:
    """Mails to send now, oldest first. Nobody else gets them until the lease is over."""
    rows = await tx.fetch(
        "UPDATE mail SET next_at = $2, attempts = attempts + 1 WHERE id = ANY (ARRAY("
        "SELECT id FROM mail WHERE state = 'queued' AND next_at <= $1 ORDER BY next_at, id LIMIT $3"
        " FOR UPDATE SKIP LOCKED)) RETURNING id, kind, recipient, about, subject_id, tenant_id, attempts",
        *(now, now + lease, batch),
    )
    return sorted(map(_queued, rows), key=lambda mail: mail.id)


async def settle(tx: Transaction, mail: QueuedMail, state: str, now: datetime) -> None:
    """``sent`` or ``failed``: nothing more happens to it."""
    await tx.execute("UPDATE mail SET state = $2, settled_at = $3 WHERE id = $1", mail.id, state, now)


async def postpone(tx: Transaction, mail: QueuedMail, until: datetime) -> None:
    """Tried again then."""
    await tx.execute("UPDATE mail SET next_at = $2 WHERE id = $1 AND state = 'queued'", mail.id, until)


async def forget(tx: Transaction, mail: QueuedMail) -> None:
    """A mail that nobody is to get; what was typed as its address may be anything, so it is not kept."""
    await tx.execute("DELETE FROM mail WHERE id = $1", mail.id)


async def sweep_mail(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets mails that were settled before ``before``; how many."""
    tag = await tx.execute(
        "DELETE FROM mail WHERE id = ANY (ARRAY("
        "SELECT id FROM mail WHERE settled_at < $1 ORDER BY settled_at LIMIT $2))",
        *(before, batch),
    )
    return int(tag.rpartition(" ")[2])


async def keep_locally(tx: Transaction, letter: Letter, now: datetime) -> None:
    """In the outbox of this machine; the newest copy of a mail counts."""
    await tx.execute(
        "INSERT INTO local_mail (id, recipient, subject, text, link, sent_at) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (id) DO UPDATE SET text = excluded.text, link = excluded.link, sent_at = $6",
        *(letter.id, letter.recipient, letter.subject, letter.text, letter.link, now),
    )


async def local_mails(tx: Transaction, recipient: str, limit: int) -> list[tuple[Letter, datetime]]:
    """Newest first; of one recipient, or of all where it is empty."""
    where = Conditions()
    if recipient:
        where.add("recipient = {}", recipient)
    rows = await tx.fetch(
        f"SELECT id, recipient, subject, text, link, sent_at FROM local_mail WHERE {where}"  # noqa: S608
        f" ORDER BY sent_at DESC, id DESC LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    names = Letter.__dataclass_fields__
    return [(Letter(**{name: row[name] for name in names}), row["sent_at"]) for row in rows]


async def sweep_local_mail(tx: Transaction, before: datetime, batch: int) -> int:
    """Forgets local mails that were sent before ``before``; how many."""
    tag = await tx.execute(
        "DELETE FROM local_mail WHERE id = ANY (ARRAY("
        "SELECT id FROM local_mail WHERE sent_at < $1 ORDER BY sent_at LIMIT $2))",
        *(before, batch),
    )
    return int(tag.rpartition(" ")[2])


def _queued(row: asyncpg.Record) -> QueuedMail:
    return QueuedMail(**{**dict(row), "kind": Kind(row["kind"])})
