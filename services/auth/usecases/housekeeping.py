"""What is deleted when nobody can need it any more."""

from datetime import timedelta

from services.auth.domain.guess import KEPT
from services.auth.domain.session import ACCESS_TOKEN_LIFE, REVOCATION_MARGIN
from services.auth.store import guess as guesses
from services.auth.store import invitation as invitations
from services.auth.store import link as links
from services.auth.store import mail
from services.auth.store import session as sessions
from services.auth.usecases.context import Context

SWEEP_EVERY_SECONDS = 600.0
SWEEP_BATCH = 1_000
BATCHES_MAX = 50
"""One sweep deletes at most 50,000 rows of a kind; the rest is for the next."""
EXPIRED_SESSIONS_KEPT = timedelta(days=7)
KNOWN_DEVICE_KEPT = timedelta(days=180)
"""A device that nobody has logged in with for so long is a stranger again."""
EXPIRED_INVITATIONS_KEPT = timedelta(days=90)
EXPIRED_LINKS_KEPT = timedelta(days=1)
"""So long a link is answered as too old, and not as one that never was."""
MAIL_KEPT = timedelta(days=7)
QUOTAS_KEPT = timedelta(days=2)


async def sweep(ctx: Context) -> int:
    """Deletes dead sessions with their tokens, old revocations, forgotten failures and devices, invitations,
    links and mails, in batches; how many rows.
    """
    now = ctx.db.clock.now()
    jobs = (
        (sessions.sweep_sessions, now - EXPIRED_SESSIONS_KEPT),
        (sessions.sweep_revocations, now - 2 * (ACCESS_TOKEN_LIFE + REVOCATION_MARGIN)),
        (guesses.sweep_failures, now - KEPT),
        (guesses.sweep_devices, now - KNOWN_DEVICE_KEPT),
        (invitations.sweep_invitations, now - EXPIRED_INVITATIONS_KEPT),
        (links.sweep_links, now - EXPIRED_LINKS_KEPT),
        (links.sweep_quotas, now - QUOTAS_KEPT),
        (mail.sweep_mail, now - MAIL_KEPT),
        (mail.sweep_local_mail, now - MAIL_KEPT),
    )
    deleted = 0
    for job, before in jobs:
        for _ in range(BATCHES_MAX):
            async with ctx.db.transaction(None) as tx:
                count = await job(tx, before, SWEEP_BATCH)
            deleted += count
            if count < SWEEP_BATCH:
                break
    return deleted
