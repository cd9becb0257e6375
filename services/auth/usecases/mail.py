"""Delivers the queued mails: at least once, with bounded retries.

What is to be sent was written with its cause. Its link is made here, at the moment of sending, so that no
queue and no copy of the database holds a secret that works (mail that is kept on this machine excepted).
"""

import asyncio
import contextlib
from datetime import datetime, timedelta

from chassis.db import Transaction
from chassis.errors import Problem
from chassis.telemetry import counter, get_logger
from services.auth.domain.invitation import InvitationState
from services.auth.domain.link import Purpose
from services.auth.domain.mail import (
    PER_RECIPIENT_DAY_MAX,
    QUEUE_MAX,
    Kind,
    Letter,
    MailQueueFull,
    NoLocalMail,
    QueuedMail,
    letter_of,
    next_attempt,
)
from services.auth.mail import MailPort, MailRefused, MailUnavailable
from services.auth.store import account as accounts
from services.auth.store import invitation as invitations
from services.auth.store import link as links
from services.auth.store import mail
from services.auth.usecases.context import Context
from services.auth.usecases.link import issue

BATCH = 10
LEASE = timedelta(minutes=2)
"""A sender that dies gives its mails back after this; longer than any adapter takes."""
POLL_SECONDS = 2.0
DAY = timedelta(days=1)
OUTBOX_MAX = 100

_log = get_logger("mail")
_mails = counter("auth_mails_total", "Mails by what became of them", ["kind", "outcome"])


async def enqueue(ctx: Context, tx: Transaction, queued: QueuedMail) -> None:
    """Sent if, and only if, the transaction commits; at once then. Raises MailQueueFull."""
    if await mail.count_waiting(tx, QUEUE_MAX) >= QUEUE_MAX:
        raise MailQueueFull("Too many mails wait for delivery.")
    await mail.insert_mail(tx, queued, ctx.db.clock.now())
    tx.after_commit(ctx.mail_waits.set)


async def keep_sending(ctx: Context, port: MailPort) -> None:
    """Sends what is due, for ever."""
    while True:
        ctx.mail_waits.clear()
        try:
            while await deliver_due(ctx, port):
                pass
        except Problem as problem:
            _log.warning("mail put off", reason=problem.reason)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await ctx.mail_waits.wait()


async def deliver_due(ctx: Context, port: MailPort) -> int:
    """One batch of mails that are due; how many it looked at."""
    async with ctx.db.transaction(None) as tx:
        due = await mail.claim_due(tx, ctx.db.clock.now(), LEASE, BATCH)
    await asyncio.gather(*(_deliver(ctx, port, each) for each in due))
    return len(due)


async def local_mails(ctx: Context, recipient: str) -> list[tuple[Letter, datetime]]:
    """The newest mails that stayed on this machine. Raises NoLocalMail."""
    if not ctx.mail.local:
        raise NoLocalMail("Mail leaves this installation.")
    async with ctx.db.transaction(None, readonly=True) as tx:
        return await mail.local_mails(tx, recipient, OUTBOX_MAX)


async def _deliver(ctx: Context, port: MailPort, queued: QueuedMail) -> None:
    letter = await _letter(ctx, queued)
    if letter is None:
        async with ctx.db.transaction(None) as tx:
            await mail.forget(tx, queued)
        _mails.labels(queued.kind, "dropped").inc()
        return
    about = {"mail_id": str(queued.id), "kind": queued.kind.value, "attempts": queued.attempts}
    try:
        await port.send(letter)
    except MailRefused as refusal:
        _log.error("mail refused", why=str(refusal), **about)
        await _settle(ctx, queued, "failed")
    except MailUnavailable as trouble:
        again = next_attempt(queued.attempts, ctx.db.clock.now())
        if again is None:
            _log.error("mail given up", why=str(trouble), **about)
            await _settle(ctx, queued, "failed")
            return
        _log.warning("mail not delivered yet", why=str(trouble), **about)
        async with ctx.db.transaction(None) as tx:
            await mail.postpone(tx, queued, again)
        _mails.labels(queued.kind, "retried").inc()
    else:
        await _settle(ctx, queued, "sent")


async def _settle(ctx: Context, queued: QueuedMail, state: str) -> None:
    async with ctx.db.transaction(None) as tx:
        await mail.settle(tx, queued, state, ctx.db.clock.now())
    _mails.labels(queued.kind, state).inc()


async def _letter(ctx: Context, queued: QueuedMail) -> Letter | None:
    """The mail with a fresh link; None where nobody is to get it any more."""
    now = ctx.db.clock.now()
    async with ctx.db.transaction(queued.tenant_id) as tx:
        if queued.attempts == 1:
            today = await links.count_use(tx, "recipient", queued.recipient, DAY, now)
            if today > PER_RECIPIENT_DAY_MAX:
                return None
        if queued.kind is Kind.PASSWORD_CHANGED:
            return letter_of(queued, ctx.mail.public_url)
        if queued.kind is Kind.RESET:
            account = await accounts.account_by_email(tx, queued.recipient)
            if account is None or account.user.disabled:
                return None
            token = await issue(ctx, tx, Purpose.RESET, account.user.id, None)
        else:
            assert queued.subject_id is not None
            invitation = await invitations.lock_invitation(tx, queued.subject_id)
            if invitation is None or invitation.state_at(now) is not InvitationState.PENDING:
                return None
            token = await issue(ctx, tx, Purpose.INVITATION, invitation.id, invitation.restaurant_id)
    return letter_of(queued, ctx.mail.public_url, token)
