"""Sessions: how long they live and what a presented refresh token means.

A session is one log-in on one device: a family of refresh tokens of which one is the newest. Switching to
another restaurant stays in it, and what ends it ends all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import Unauthenticated

ACCESS_TOKEN_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(days=30)
"""Absolute: a refresh does not prolong it."""
REFRESH_GRACE = timedelta(seconds=10)
"""A reply can get lost: the device of the session may present a token that was replaced again this long."""
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


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in on one device: a family of refresh tokens. ``restaurant_id`` changes by switching.
    ``device_id`` never does: what it was at the log-in (empty for a device without a name) every refresh says
    again.
    """

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
    """What is known of a refresh token. ``replaced_at`` is None while it is the newest of its session;
    ``successor_salt`` (see tokens.successor_of) is None where nobody has exchanged it: it is the newest, or
    a switch has replaced it.
    """

    session_id: UUID
    user_id: UUID
    replaced_at: datetime | None
    successor_salt: bytes | None


class Refresh(StrEnum):
    """What to do with a presented token."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REUSED = "reused"
    WRONG_DEVICE = "wrong_device"


def judge_refresh(session: Session, token: RefreshToken, device_id: str, now: datetime) -> Refresh:
    """Raises SessionEnded or SessionExpired where the session is over, whatever the token.

    The newest token under another name is refused and harms nobody: its session goes on where it belongs. A
    replaced one has two holders, unless its own device repeats itself at once. Clocks may jump either way, so
    a replacement that lies in the future is as far away as one in the past.
    """
    if session.ended_at is not None:
        raise SessionEnded
    if now >= session.expires_at:
        raise SessionExpired
    own_device = device_id == session.device_id
    if token.replaced_at is None:
        return Refresh.ROTATE if own_device else Refresh.WRONG_DEVICE
    at_once = abs(now - token.replaced_at) <= REFRESH_GRACE
    return Refresh.REPEAT if own_device and at_once else Refresh.REUSED


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


REVOKED_ONE_BY_ONE_MAX = 100
"""Above this a person's tokens are revoked altogether; sessions that are not meant just refresh."""


def revocations_of(
    user_id: UUID,
    session_ids: Sequence[UUID],
    *,
    valid_after: datetime,
    reason: str,
    altogether_after: datetime | None = None,
) -> list[Revocation]:
    """What makes the tokens of these sessions of one person die. ``altogether_after``: the instant instead of
    ``valid_after`` where all of the person's tokens are revoked.
    """
    if len(session_ids) > REVOKED_ONE_BY_ONE_MAX:
        return [Revocation(RevocationKind.USER, user_id, altogether_after or valid_after, reason)]
    return [Revocation(RevocationKind.SESSION, one, valid_after, reason) for one in session_ids]
