"""Sessions: how long they live, what a presented refresh token means, when somebody has guessed too often."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import ResourceExhausted, Unauthenticated

ACCESS_TOKEN_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(days=30)
"""Absolute: a refresh does not prolong it."""
REFRESH_GRACE = timedelta(seconds=10)
"""A reply can get lost: the device that rotated a token may present it again this long."""
REVOCATION_MARGIN = timedelta(seconds=5)
"""An ended session gets no more tokens, so its revocation may also cover clocks that run apart by this
much.
"""


class InvalidCredentials(Unauthenticated):
    """E-mail address and password do not belong together; which of the two is wrong is not said."""


class NoMembership(Unauthenticated):
    """The person belongs to no restaurant and no platform any more."""


class RefreshTokenInvalid(Unauthenticated):
    """No session has this refresh token."""

    reason = "TOKEN_INVALID"


class SessionExpired(Unauthenticated):
    """The session is older than 30 days."""

    reason = "TOKEN_EXPIRED"


class SessionEnded(Unauthenticated):
    """The session was logged out or revoked."""

    reason = "TOKEN_REVOKED"


class TokenReused(Unauthenticated):
    """A refresh token that had been replaced came back: one of its two holders is a thief, so both lose."""


class LockedOut(ResourceExhausted):
    """Too many wrong passwords; ``metadata["retry_after_seconds"]`` says when the next guess is looked at."""


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``email`` is normalised."""

    id: UUID
    email: str
    name: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in on one device in at most one restaurant: a family of refresh tokens."""

    id: UUID
    user_id: UUID
    restaurant_id: UUID | None
    client: str
    device_id: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What is known of a refresh token. ``replaced_*`` tell when, by which device and with which salt (see
    tokens.successor_of) it was exchanged; None while it is the newest of its session.
    """

    session_id: UUID
    user_id: UUID
    replaced_at: datetime | None
    replaced_by_device: str | None
    successor_salt: bytes | None


class Refresh(StrEnum):
    """What to do with a presented token."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REUSED = "reused"


def judge_refresh(session: Session, token: RefreshToken, device_id: str, now: datetime) -> Refresh:
    """Raises SessionEnded or SessionExpired where the session is over, whatever the token."""
    if session.ended_at is not None:
        raise SessionEnded
    if now >= session.expires_at:
        raise SessionExpired
    if session.device_id and device_id and device_id != session.device_id:
        return Refresh.REUSED
    if token.replaced_at is None:
        return Refresh.ROTATE
    same_device = token.replaced_by_device == device_id
    return Refresh.REPEAT if same_device and now - token.replaced_at <= REFRESH_GRACE else Refresh.REUSED


class RevocationKind(StrEnum):
    """What a revocation names."""

    USER = "user"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Revocation:
    """Access tokens of this user or session issued before ``valid_after`` are dead."""

    kind: RevocationKind
    id: UUID
    valid_after: datetime
    reason: str


# -- lock-out ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """``free_failures`` are only counted; each further one doubles the wait, from ``first_delay`` to
    ``max_delay``. After ``forgotten_after`` without a failure counting starts again.
    """

    free_failures: int
    first_delay: timedelta
    max_delay: timedelta
    forgotten_after: timedelta


EMAIL_LOCK = LockPolicy(5, timedelta(seconds=30), timedelta(minutes=15), timedelta(hours=24))
"""At most 5 + 7 guesses in the first hour, 4 in each later one (security.md asks for 20 at most)."""

DOUBLINGS_MAX = 20
"""Beyond any delay in use; keeps the arithmetic small."""

ADDRESS_FREE_FAILURES = 50
"""A restaurant's whole staff shares one address."""


def address_lock(free_failures: int = ADDRESS_FREE_FAILURES) -> LockPolicy:
    """The policy for one network address."""
    return LockPolicy(free_failures, timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=15))


DEFAULT_ADDRESS_LOCK = address_lock()


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong guesses in a row; the last of them at ``last_at``."""

    count: int
    last_at: datetime


def locked_until(policy: LockPolicy, failures: Failures | None) -> datetime | None:
    """When the next guess may be made; None where nothing is locked."""
    if failures is None or failures.count < policy.free_failures:
        return None
    beyond = min(failures.count - policy.free_failures, DOUBLINGS_MAX)
    return failures.last_at + min(policy.first_delay * (1 << beyond), policy.max_delay)


def require_unlocked(policy: LockPolicy, failures: Failures | None, now: datetime) -> None:
    """Raises LockedOut while the wait after the last failure lasts."""
    until = locked_until(policy, failures)
    if until is not None and now < until:
        raise LockedOut(
            "Too many wrong passwords.", retry_after_seconds=int((until - now).total_seconds()) + 1
        )
