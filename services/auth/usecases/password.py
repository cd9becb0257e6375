"""People and their own passwords: changing one, and setting a new one with a link that proves the mailbox."""

from dataclasses import dataclass

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.errors import FieldError
from chassis.ids import new_id
from services.auth.domain.account import User, normalised_email
from services.auth.domain.link import (
    HOUR,
    RESETS_PER_ADDRESS_HOUR,
    RESETS_PER_SOURCE_HOUR,
    LinkInvalid,
    Purpose,
    TooManyAttempts,
    require_link,
)
from services.auth.domain.mail import Kind, QueuedMail
from services.auth.domain.password import CurrentPasswordWrong, PasswordRequired, require_strong
from services.auth.domain.session import (
    REVOCATION_MARGIN,
    InvalidCredentials,
    Revocation,
    RevocationKind,
    SessionEnded,
    revocations_of,
)
from services.auth.passwords import breached_passwords
from services.auth.store import account as accounts
from services.auth.store import link as links
from services.auth.store import session as sessions
from services.auth.tokens import hash_of
from services.auth.usecases.context import Context
from services.auth.usecases.guess import Guess, prove, start_anew
from services.auth.usecases.link import look_up
from services.auth.usecases.mail import enqueue
from services.auth.usecases.session import Caller, revoke

RETRY_SECONDS = 600
CHANGED, RESET = "password_changed", "password_reset"


@dataclass(frozen=True, slots=True)
class Change:
    """``address`` is the network address that it comes from."""

    current: str
    new: str
    address: str = ""


async def hash_new(ctx: Context, password: str, *, email: str, field: str) -> str:
    """The hash of a password that somebody wants. Raises PasswordRequired, WeakPassword, LogInBusy."""
    if not password:
        raise PasswordRequired(
            "A password is needed.", fields=[FieldError(field, "REQUIRED", "set a password of your own")]
        )
    require_strong(password, email=email, field=field, breached=breached_passwords())
    async with ctx.passwords.turn():
        return await ctx.passwords.hash(password)


async def change_password(ctx: Context, caller: Caller, change: Change) -> None:
    """A new password instead of the present one. The caller's session goes on, all others end.

    Raises CurrentPasswordWrong, PasswordRequired, WeakPassword, LockedOut, LogInBusy, SessionEnded.
    """
    async with ctx.db.transaction(None, readonly=True) as tx:
        user = await accounts.user_by_id(tx, caller.user_id)
    if user is None:
        raise SessionEnded("This account is gone.")
    try:
        proven = await prove(ctx, Guess(user.email, change.current, change.address, "", ""))
    except InvalidCredentials:
        raise CurrentPasswordWrong("This is not your present password.") from None
    password_hash = await hash_new(ctx, change.new, email=user.email, field="new")
    async with ctx.db.transaction(None) as tx:
        await accounts.hold_alone(tx, user.id)
        await accounts.begin_as(tx, user.id)
        if await accounts.password_hash_of(tx, user.id) != proven.account.password_hash:
            raise CurrentPasswordWrong("Your password was changed a moment ago.")
        now = ctx.db.clock.now()
        await accounts.update_password_hash(tx, user.id, password_hash)
        ended = await sessions.end_other_sessions(tx, user.id, caller.session_id, now, CHANGED)
        # Where all tokens are revoked, the session that goes on must be able to refresh at once.
        await revoke(
            tx,
            revocations_of(
                user.id, ended, valid_after=now + REVOCATION_MARGIN, reason=CHANGED, altogether_after=now
            ),
        )
        await _tell(ctx, tx, user)
        audit(tx, "auth.password_changed", user_id=user.id, sessions_ended=len(ended))


async def request_reset(ctx: Context, email: str, address: str) -> None:
    """Queues a mail with a link. Whether anybody has the address is only looked at when it is sent, so that
    neither the answer nor its time tells. Raises TooManyAttempts (by network address), MailQueueFull.
    """
    recipient = normalised_email(email)
    now = ctx.db.clock.now()
    async with ctx.db.transaction(None) as tx:
        if await links.count_use(tx, "reset_source", address, HOUR, now) > RESETS_PER_SOURCE_HOUR:
            raise TooManyAttempts("Too many requests from here.", retry_after_seconds=RETRY_SECONDS)
        asked = await links.count_use(tx, "reset_address", recipient, HOUR, now)
        if asked <= RESETS_PER_ADDRESS_HOUR:
            await enqueue(ctx, tx, QueuedMail(new_id(), Kind.RESET, recipient))
        audit(tx, "auth.password_reset_requested", address=address)


async def reset_password(ctx: Context, token: str, password: str, address: str) -> None:
    """Sets the password of the account whose mailbox the link proves, once; all of the person's sessions end.

    Raises LinkInvalid, LinkExpired, TooManyAttempts, PasswordRequired, WeakPassword, LogInBusy.
    """
    link = await look_up(ctx, token, Purpose.RESET, address)
    async with ctx.db.transaction(None, readonly=True) as tx:
        user = await accounts.user_by_id(tx, link.subject_id)
    if user is None or user.disabled:
        raise LinkInvalid("This account is closed.")
    password_hash = await hash_new(ctx, password, email=user.email, field="password")
    async with ctx.db.transaction(None) as tx:
        now = ctx.db.clock.now()
        require_link(await links.lock_link(tx, hash_of(token)), Purpose.RESET, now)
        await accounts.hold_alone(tx, user.id)
        await accounts.begin_as(tx, user.id)
        await accounts.update_password_hash(tx, user.id, password_hash)
        ended = await sessions.end_sessions_of(tx, user.id, now, RESET)
        await revoke(tx, [Revocation(RevocationKind.USER, user.id, now, RESET)])
        await start_anew(tx, user, address)
        await _tell(ctx, tx, user)
        audit(tx, "auth.password_reset", user_id=user.id, sessions_ended=ended)


async def _tell(ctx: Context, tx: Transaction, user: User) -> None:
    """Links that were sent before die, and the person learns of it."""
    await links.delete_links(tx, user.id)
    await enqueue(ctx, tx, QueuedMail(new_id(), Kind.PASSWORD_CHANGED, user.email))
