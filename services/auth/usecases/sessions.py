"""Logging in and out, refreshing, switching restaurants."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.audit import audit
from chassis.db import Transaction
from chassis.ids import new_id
from chassis.telemetry import get_logger
from services.auth import wire
from services.auth.domain import standing as standing_rules
from services.auth.domain.passwords import normalised_email
from services.auth.domain.restaurant import RestaurantNotFound
from services.auth.domain.roles import Role
from services.auth.domain.sessions import (
    ACCESS_TOKEN_LIFE,
    EMAIL_LOCK,
    REVOCATION_MARGIN,
    SESSION_LIFE,
    Failures,
    InvalidCredentials,
    NoMembership,
    Refresh,
    RefreshTokenInvalid,
    Revocation,
    RevocationKind,
    Session,
    SessionEnded,
    TokenReused,
    User,
    judge_refresh,
    locked_until,
    require_unlocked,
)
from services.auth.domain.standing import RESTAURANTS_IN_SESSION_MAX, OpenedSession, Standing
from services.auth.store import people, places, sessions
from services.auth.tokens import Claims, hash_of, new_refresh_token, new_salt, successor_of
from services.auth.usecases.context import Context

REVOCATIONS_MAX = 20_000
"""What one list of revocations holds, newest first; a message of 2 MB."""

_log = get_logger("auth")


@dataclass(frozen=True, slots=True)
class LogIn:
    """``address`` is the network address the guess comes from; empty where nobody knows it."""

    email: str
    password: str
    device_id: str = ""
    client: str = "web"
    address: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """The person whose access token was verified."""

    user_id: UUID
    session_id: UUID
    restaurant_id: UUID | None


async def log_in(ctx: Context, command: LogIn) -> OpenedSession:
    """A new session. Raises InvalidCredentials, LockedOut, LogInBusy, NoMembership."""
    email = normalised_email(command.email)
    account = await _prove(ctx, command, email)
    new_hash = None
    if ctx.passwords.outdated(account.password_hash):
        new_hash = await ctx.passwords.hash(command.password)
    async with ctx.db.transaction(None) as tx:
        await people.begin_as(tx, account.user.id)
        await people.forget_failures(tx, email)
        if new_hash is not None:
            await people.update_password_hash(tx, account.user.id, new_hash)
        memberships = await places.memberships_of(tx, account.user.id, limit=RESTAURANTS_IN_SESSION_MAX)
        platforms = await people.platforms_of(tx, account.user.id)
        restaurant_id = standing_rules.entrance(memberships, platforms)
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
        opened = await _open(ctx, tx, session, account.user, now)
    audit(
        "auth.logged_in",
        user_id=account.user.id,
        session_id=session.id,
        restaurant_id=session.restaurant_id,
        device_id=command.device_id,
        client=command.client,
        role=opened.standing.role,
        address=command.address,
    )
    return opened


async def refresh(ctx: Context, token: str, device_id: str) -> OpenedSession:
    """The session with a new access token and the successor of ``token``, which ``device_id`` presents.

    Raises RefreshTokenInvalid, SessionExpired, SessionEnded, NoMembership, and TokenReused, which ended the
    session.
    """
    token_hash = hash_of(token)
    async with ctx.db.transaction(None) as tx:
        known = await sessions.token_by_hash(tx, token_hash)
        if known is None:
            raise RefreshTokenInvalid("No session has this refresh token.")
        await people.begin_as(tx, known.user_id)
        session = await sessions.session_by_id(tx, known.session_id, lock=True)
        # Whoever held the lock before may have replaced the token: only now its row stands still.
        known = await sessions.token_by_hash(tx, token_hash)
        if session is None or known is None:
            raise RefreshTokenInvalid("No session has this refresh token.")
        now = ctx.db.clock.now()
        verdict = judge_refresh(session, known, device_id, now)
        if verdict is Refresh.REUSED:
            await _end(tx, session.id, now, "refresh_token_reused")
        else:
            salt = known.successor_salt or new_salt()
            successor = successor_of(token, salt)
            if verdict is Refresh.ROTATE:
                await sessions.replace_token(
                    tx, token_hash, hash_of(successor), salt=salt, device_id=device_id, now=now
                )
            user = await _living_user(tx, session.user_id)
            standing = await standing_of(tx, user, session.restaurant_id)
            return _opened(ctx, session, standing, successor, now)
    audit("auth.token_reused", user_id=session.user_id, session_id=session.id, device_id=device_id)
    raise TokenReused("This refresh token was replaced before; log in again.")


async def switch_restaurant(ctx: Context, caller: Caller, restaurant_id: UUID) -> OpenedSession:
    """A new session in another of the caller's restaurants; the one in use goes on.

    It ends when the one in use would: switching is no way around logging in every 30 days.
    Raises RestaurantNotFound, SessionEnded.
    """
    async with ctx.db.transaction(None) as tx:
        await people.begin_as(tx, caller.user_id)
        now = ctx.db.clock.now()
        current = await sessions.session_by_id(tx, caller.session_id)
        if current is None or current.ended_at is not None or current.expires_at <= now:
            raise SessionEnded("Log in again.")
        user = await _living_user(tx, caller.user_id)
        session = Session(
            id=new_id(),
            user_id=user.id,
            restaurant_id=restaurant_id,
            client=current.client,
            device_id=current.device_id,
            created_at=now,
            expires_at=current.expires_at,
            ended_at=None,
        )
        opened = await _open(ctx, tx, session, user, now)
    audit("auth.restaurant_entered", entered_restaurant_id=restaurant_id, new_session_id=session.id)
    return opened


async def log_out(ctx: Context, caller: Caller, *, everywhere: bool) -> None:
    """Ends the caller's session, or every one of theirs."""
    async with ctx.db.transaction(caller.restaurant_id) as tx:
        if everywhere:
            await people.hold_alone(tx, caller.user_id)
        await people.begin_as(tx, caller.user_id)
        now = ctx.db.clock.now()
        if everywhere:
            await sessions.end_sessions_of(tx, caller.user_id, now, "log_out_everywhere")
            await revoke(tx, [Revocation(RevocationKind.USER, caller.user_id, now, "log_out_everywhere")])
        else:
            await _end(tx, caller.session_id, now, "log_out")
    audit("auth.logged_out", user_id=caller.user_id, everywhere=everywhere)


async def who_am_i(ctx: Context, caller: Caller) -> Standing:
    """The caller's standing as of now, which may be newer than the token. Raises SessionEnded,
    NoMembership.
    """
    async with ctx.db.transaction(None, readonly=True) as tx:
        await people.begin_as(tx, caller.user_id)
        user = await _living_user(tx, caller.user_id)
        return await standing_of(tx, user, caller.restaurant_id)


async def list_revocations(ctx: Context) -> list[Revocation]:
    """All revocations that a living access token could be older than, newest first, at most
    REVOCATIONS_MAX.
    """
    async with ctx.db.transaction(None, readonly=True) as tx:
        since = ctx.db.clock.now() - ACCESS_TOKEN_LIFE - REVOCATION_MARGIN
        found = await sessions.revocations_since(tx, since, REVOCATIONS_MAX)
    if len(found) == REVOCATIONS_MAX:
        _log.error("more revocations than one list holds", limit=REVOCATIONS_MAX)
    return found


async def standing_of(tx: Transaction, user: User, restaurant_id: UUID | None) -> Standing:
    """Role, restaurant and choices of a person the transaction has begun as. Raises NoMembership."""
    choices = await places.memberships_of(tx, user.id, limit=RESTAURANTS_IN_SESSION_MAX)
    platforms = await people.platforms_of(tx, user.id)
    if restaurant_id is None:
        if not platforms:
            raise NoMembership("You do not own a platform any more.")
        return Standing(user, Role.PLATFORM_OWNER, platforms[0], None, choices)
    here = await places.memberships_of(tx, user.id, limit=1, restaurant_id=restaurant_id)
    restaurant = await places.restaurant_by_id(tx, restaurant_id)
    if not here or restaurant is None:
        raise NoMembership("You do not belong to this restaurant any more.")
    role = standing_rules.role_in(restaurant_id, here)
    return Standing(user, role, restaurant.settings.platform_id, restaurant, choices)


async def revoke(tx: Transaction, revocations: list[Revocation]) -> None:
    """Makes access tokens die before their time: told at once, and kept for processes that start later."""
    await sessions.save_revocations(tx, revocations)
    for revocation in revocations:
        tx.emit(wire.sessions_revoked(revocation), subject_id=str(revocation.id))


async def _prove(ctx: Context, command: LogIn, email: str) -> people.Account:
    """The account whose password it is. One hash is computed whether or not anybody has the address."""
    async with ctx.passwords.turn():
        async with ctx.db.transaction(None, readonly=True) as tx:
            failures = await people.failures_of(tx, email, command.address)
            account = await people.account_by_email(tx, email)
        now = ctx.db.clock.now()
        require_unlocked(EMAIL_LOCK, failures.get(people.EMAIL), now)
        require_unlocked(ctx.address_policy, failures.get(people.ADDRESS), now)
        fits = await ctx.passwords.verify(
            None if account is None else account.password_hash, command.password
        )
        if account is not None and fits and not account.user.disabled:
            return account
        async with ctx.db.transaction(None) as tx:
            forget = EMAIL_LOCK.forgotten_after
            count, of_address = await people.count_failure(tx, people.EMAIL, email, now, forget), 0
            if command.address:
                forget = ctx.address_policy.forgotten_after
                of_address = await people.count_failure(tx, people.ADDRESS, command.address, now, forget)
    who = {"user_id": None if account is None else account.user.id, "address": command.address}
    audit("auth.log_in_refused", **who, failures=count, device_id=command.device_id)
    for policy, what, failed in ((EMAIL_LOCK, "email", count), (ctx.address_policy, "address", of_address)):
        if until := locked_until(policy, Failures(failed, now)):
            audit("auth.locked_out", **who, locked=what, failures=failed, until=until.isoformat())
    raise InvalidCredentials("E-mail address and password do not belong together.")


async def _open(ctx: Context, tx: Transaction, session: Session, user: User, now: datetime) -> OpenedSession:
    """Stores a new session and mints its first tokens. Raises RestaurantNotFound where the person has no
    role.
    """
    try:
        standing = await standing_of(tx, user, session.restaurant_id)
    except NoMembership as error:
        raise RestaurantNotFound("There is no such restaurant among yours.") from error
    token = new_refresh_token()
    await sessions.insert_session(tx, session, hash_of(token))
    return _opened(ctx, session, standing, token, now)


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
    user = await people.user_by_id(tx, user_id)
    if user is None or user.disabled:
        raise SessionEnded("This account is disabled.")
    return user


async def _end(tx: Transaction, session_id: UUID, now: datetime, reason: str) -> None:
    if await sessions.end_sessions(tx, [session_id], now, reason):
        valid_after = now + REVOCATION_MARGIN
        await revoke(tx, [Revocation(RevocationKind.SESSION, session_id, valid_after, reason)])
