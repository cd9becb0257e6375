"""Logging in and out, refreshing, switching restaurants."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.ids import new_id
from chassis.telemetry import get_logger
from services.auth.domain.account import User, normalised_email
from services.auth.domain.guess import forgiven_by_success
from services.auth.domain.member import Membership
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.role import Role
from services.auth.domain.session import (
    ACCESS_TOKEN_LIFE,
    REVOCATION_MARGIN,
    SESSION_LIFE,
    InvalidCredentials,
    NoMembership,
    Refresh,
    RefreshTokenInvalid,
    Revocation,
    RevocationKind,
    Session,
    SessionEnded,
    TokenReused,
    judge_refresh,
)
from services.auth.domain.standing import (
    RESTAURANTS_IN_SESSION_MAX,
    OpenedSession,
    Standing,
    entrance,
    membership_among,
)
from services.auth.store import account as accounts
from services.auth.store import guess as guesses
from services.auth.store import member as members
from services.auth.store import platform as platforms
from services.auth.store import restaurant as restaurants
from services.auth.store import session as sessions
from services.auth.tokens import Claims, hash_of, new_device_secret, new_refresh_token, new_salt, successor_of
from services.auth.usecases.context import Context
from services.auth.usecases.guess import Guess, prove
from services.auth.wire.session import sessions_revoked

REVOCATIONS_MAX = 20_000
"""What one list of revocations holds, newest first; a message of 2 MB."""

NO_SUCH_TOKEN = "No session of this device has this refresh token."  # noqa: S105 - a sentence

_log = get_logger("auth")


KNOWN_DEVICES_MAX = 50
"""Of one person; whoever works on more is a stranger on the one used longest ago."""


@dataclass(frozen=True, slots=True)
class LogIn:
    """``address`` is the network address the guess comes from; empty where nobody knows it.
    ``device_secret`` is what an earlier log-in left on the device.
    """

    email: str
    password: str = field(repr=False)
    device_id: str = ""
    client: str = "web"
    address: str = ""
    device_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session, and the secret by which this device is known from now on."""

    session: OpenedSession
    device_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """The person whose access token was verified."""

    user_id: UUID
    session_id: UUID
    restaurant_id: UUID | None


async def log_in(ctx: Context, command: LogIn) -> LoggedIn:
    """A new session. Other sessions of the device, whosever they are, go on.

    Raises InvalidCredentials, LockedOut, LogInBusy, NoMembership.
    """
    email = normalised_email(command.email)
    proven = await prove(
        ctx, Guess(email, command.password, command.address, command.device_id, command.device_secret)
    )
    account = proven.account
    async with ctx.db.transaction(None) as tx:
        await accounts.begin_as(tx, account.user.id)
        present = await accounts.password_hash_of(tx, account.user.id)
        # Changed since it was proven: the change ended the sessions that were there; this would be one more.
        if present != account.password_hash and not await ctx.passwords.verify(present, command.password):
            raise InvalidCredentials("E-mail address and password do not belong together.")
        await guesses.forgive(tx, forgiven_by_success(proven.counted))
        choices = await members.memberships_of(tx, account.user.id, limit=RESTAURANTS_IN_SESSION_MAX)
        owned = await platforms.platforms_of(tx, account.user.id)
        restaurant_id = entrance(choices, owned)
        standing = await _standing(tx, account.user, restaurant_id, choices, owned)
        now = ctx.db.clock.now()
        session = Session(
            id=new_id(),
            user_id=account.user.id,
            restaurant_id=restaurant_id,
            client=command.client,
            device_id=command.device_id,
            created_at=now,
            expires_at=now + SESSION_LIFE,
            ended_at=None,
        )
        opened = await _open(ctx, tx, session, standing, now)
        secret = await _known_from_now_on(tx, account.user.id, command.device_secret, now)
        audit(
            tx,
            "auth.logged_in",
            user_id=account.user.id,
            session_id=session.id,
            restaurant_id=session.restaurant_id,
            device_id=command.device_id,
            client=command.client,
            role=standing.role,
            address=command.address,
        )
    return LoggedIn(opened, secret)


async def refresh(ctx: Context, token: str, device_id: str) -> OpenedSession:
    """The session with a new access token and the successor of ``token``, which ``device_id`` presents.

    Raises RefreshTokenInvalid (also for another device's token), SessionExpired, SessionEnded, NoMembership,
    and TokenReused, which ended the session.
    """
    token_hash = hash_of(token)
    async with ctx.db.transaction(None) as tx:
        known = await sessions.token_by_hash(tx, token_hash)
        if known is None:
            raise RefreshTokenInvalid(NO_SUCH_TOKEN)
        await accounts.begin_as(tx, known.user_id)
        session = await sessions.lock_session(tx, known.session_id)
        # Whoever held the lock before may have replaced the token: only now its row stands still.
        known = await sessions.token_by_hash(tx, token_hash)
        if session is None or known is None:
            raise RefreshTokenInvalid(NO_SUCH_TOKEN)
        now = ctx.db.clock.now()
        verdict = judge_refresh(session, known, device_id, now)
        whose = {"user_id": session.user_id, "device_id": device_id}
        if verdict is Refresh.REUSED:
            await _end(tx, session.id, now, "refresh_token_reused")
            audit(tx, "auth.token_reused", **whose, session_id=session.id)
        elif verdict is Refresh.WRONG_DEVICE:
            audit(tx, "auth.refresh_refused", **whose, session_id=session.id)
        else:
            salt = known.successor_salt or new_salt()
            successor = successor_of(token, salt)
            if known.successor_salt is None:
                # Also where a switch came between: its token, which may never have arrived, gives way.
                await sessions.replace_token(tx, session, token_hash, hash_of(successor), salt=salt, now=now)
            user = await _living_user(tx, session.user_id)
            standing = await standing_of(tx, user, session.restaurant_id)
            return _opened(ctx, session, standing, successor, now)
    if verdict is Refresh.WRONG_DEVICE:
        raise RefreshTokenInvalid(NO_SUCH_TOKEN)
    raise TokenReused("This refresh token was replaced before; log in again.")


async def switch_restaurant(ctx: Context, caller: Caller, restaurant_id: UUID) -> OpenedSession:
    """The caller's session, moved to another of their restaurants; its newest refresh token is replaced.

    What ends the session ends all of it, and it lives no longer for having moved. Access tokens for the
    restaurant that was left work there until they expire. Raises RestaurantNotFound, SessionEnded.
    """
    async with ctx.db.transaction(None) as tx:
        await accounts.begin_as(tx, caller.user_id)
        session = await sessions.lock_session(tx, caller.session_id)
        now = ctx.db.clock.now()
        if session is None or session.ended_at is not None or session.expires_at <= now:
            raise SessionEnded("Log in again.")
        user = await _living_user(tx, caller.user_id)
        standing = await _standing_in(tx, user, restaurant_id)
        token = new_refresh_token()
        await sessions.enter_restaurant(tx, session, restaurant_id, hash_of(token), now)
        opened = _opened(ctx, replace(session, restaurant_id=restaurant_id), standing, token, now)
        audit(tx, "auth.restaurant_entered", entered_restaurant_id=restaurant_id, session_id=session.id)
    return opened


async def log_out(ctx: Context, caller: Caller, *, everywhere: bool) -> None:
    """Ends the caller's session, or every one of theirs; no device is known any more then."""
    async with ctx.db.transaction(caller.restaurant_id) as tx:
        if everywhere:
            await accounts.hold_alone(tx, caller.user_id)
        await accounts.begin_as(tx, caller.user_id)
        now = ctx.db.clock.now()
        if everywhere:
            await guesses.forget_devices(tx, caller.user_id)
            await sessions.end_sessions_of(tx, caller.user_id, now, "log_out_everywhere")
            await revoke(tx, [Revocation(RevocationKind.USER, caller.user_id, now, "log_out_everywhere")])
        else:
            await _end(tx, caller.session_id, now, "log_out")
        audit(tx, "auth.logged_out", user_id=caller.user_id, everywhere=everywhere)


async def who_am_i(ctx: Context, caller: Caller) -> Standing:
    """The caller's standing as of now, which may be newer than the token. Raises SessionEnded,
    NoMembership.
    """
    async with ctx.db.transaction(None, readonly=True) as tx:
        await accounts.begin_as(tx, caller.user_id)
        user = await _living_user(tx, caller.user_id)
        return await standing_of(tx, user, caller.restaurant_id)


async def list_revocations(db: Database) -> list[Revocation]:
    """All revocations that a living access token could be older than, newest first, at most
    REVOCATIONS_MAX.
    """
    async with db.transaction(None, readonly=True) as tx:
        since = db.clock.now() - ACCESS_TOKEN_LIFE - REVOCATION_MARGIN
        found = await sessions.revocations_since(tx, since, REVOCATIONS_MAX)
    if len(found) == REVOCATIONS_MAX:
        _log.error("more revocations than one list holds", limit=REVOCATIONS_MAX)
    return found


async def standing_of(tx: Transaction, user: User, restaurant_id: UUID | None) -> Standing:
    """Role, restaurant and choices of a person the transaction has begun as. Raises NoMembership."""
    choices = await members.memberships_of(tx, user.id, limit=RESTAURANTS_IN_SESSION_MAX)
    owned = await platforms.platforms_of(tx, user.id) if restaurant_id is None else []
    return await _standing(tx, user, restaurant_id, choices, owned)


async def revoke(tx: Transaction, revocations: list[Revocation]) -> None:
    """Makes access tokens die before their time: told at once, and kept for processes that start later."""
    await sessions.save_revocations(tx, revocations)
    for revocation in revocations:
        tx.emit(sessions_revoked(revocation), subject_id=str(revocation.id))


async def revoke_left(tx: Transaction, user_id: UUID, now: datetime, reason: str) -> None:
    """Makes tokens die that a person's sessions took with them to another restaurant: what they may do where
    they are now is theirs still. The transaction sees the person's own rows meanwhile, and none afterwards.
    """
    await accounts.begin_as(tx, user_id)
    left = await sessions.sessions_that_left(tx, user_id, now - ACCESS_TOKEN_LIFE - REVOCATION_MARGIN)
    await accounts.begin_as_nobody(tx)
    await revoke(tx, [Revocation(RevocationKind.SESSION, each, at, reason) for each, at in left])


async def _open(
    ctx: Context, tx: Transaction, session: Session, standing: Standing, now: datetime
) -> OpenedSession:
    """Stores a new session and mints its first tokens."""
    token = new_refresh_token()
    await sessions.insert_session(tx, session, hash_of(token))
    return _opened(ctx, session, standing, token, now)


async def _standing(
    tx: Transaction,
    user: User,
    restaurant_id: UUID | None,
    choices: Sequence[Membership],
    owned: Sequence[UUID],
) -> Standing:
    """As standing_of, where the choices and the platforms that the person owns are known."""
    if restaurant_id is None:
        if not owned:
            raise NoMembership("You do not own a platform any more.")
        return Standing(user, Role.PLATFORM_OWNER, owned[0], None, choices)
    here = membership_among(choices, restaurant_id)
    if here is None:  # one of very many
        here = await members.membership_in(tx, user.id, restaurant_id)
    restaurant = await restaurants.restaurant_by_id(tx, restaurant_id)
    if here is None or restaurant is None:
        raise NoMembership("You do not belong to this restaurant any more.")
    return Standing(user, here.role, restaurant.settings.platform_id, restaurant, choices)


async def _standing_in(tx: Transaction, user: User, restaurant_id: UUID | None) -> Standing:
    try:
        return await standing_of(tx, user, restaurant_id)
    except NoMembership as error:
        raise RestaurantNotFound("There is no such restaurant among yours.") from error


async def _known_from_now_on(tx: Transaction, user_id: UUID, presented: str, now: datetime) -> str:
    """The secret of the device: the one it has, if we gave it to it, else a new one."""
    known = presented != "" and await guesses.is_device(tx, presented)
    secret = presented if known else new_device_secret()
    await guesses.remember_device(tx, user_id, secret, now, KNOWN_DEVICES_MAX - 1)
    return secret


def _opened(
    ctx: Context, session: Session, standing: Standing, refresh_token: str, now: datetime
) -> OpenedSession:
    claims = Claims(
        user_id=session.user_id,
        session_id=session.id,
        restaurant_id=standing.restaurant_id,
        platform_id=standing.platform_id,
        role=standing.role,
        permissions=standing.permissions,
        name=standing.user.name,
        client=session.client,
        device_id=session.device_id,
    )
    return OpenedSession(ctx.keys.sign(claims, now), refresh_token, standing)


async def _living_user(tx: Transaction, user_id: UUID) -> User:
    user = await accounts.user_by_id(tx, user_id)
    if user is None or user.disabled:
        raise SessionEnded("This account is disabled.")
    return user


async def _end(tx: Transaction, session_id: UUID, now: datetime, reason: str) -> None:
    if await sessions.end_sessions(tx, [session_id], now, reason):
        valid_after = now + REVOCATION_MARGIN
        await revoke(tx, [Revocation(RevocationKind.SESSION, session_id, valid_after, reason)])
