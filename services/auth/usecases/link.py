"""Making and looking up the links that prove a mailbox."""

from uuid import UUID

from chassis.db import Transaction
from services.auth.domain.link import (
    GUESSES_PER_HOUR,
    HOUR,
    LIFE,
    Link,
    Purpose,
    TooManyAttempts,
    require_link,
)
from services.auth.store import link as links
from services.auth.tokens import hash_of, new_refresh_token
from services.auth.usecases.context import Context

RETRY_SECONDS = 600


async def issue(
    ctx: Context, tx: Transaction, purpose: Purpose, subject_id: UUID, tenant_id: UUID | None
) -> str:
    """A new secret of 256 bits for one more link; only its hash is stored."""
    token = new_refresh_token()
    now = ctx.db.clock.now()
    await links.insert_link(
        tx, hash_of(token), Link(purpose, subject_id, tenant_id, now + LIFE[purpose]), now
    )
    return token


async def look_up(ctx: Context, token: str, purpose: Purpose, address: str) -> Link:
    """The link of a secret that came from network ``address``. Raises LinkInvalid, LinkExpired,
    TooManyAttempts.
    """
    now = ctx.db.clock.now()
    async with ctx.db.transaction(None) as tx:
        if await links.uses(tx, "link_guess", address, HOUR, now) >= GUESSES_PER_HOUR:
            raise TooManyAttempts("Too many links that do not exist.", retry_after_seconds=RETRY_SECONDS)
        link = await links.link_by_hash(tx, hash_of(token))
        if link is None:
            await links.count_use(tx, "link_guess", address, HOUR, now)
    return require_link(link, purpose, now)
