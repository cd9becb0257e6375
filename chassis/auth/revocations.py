"""Revocations: from when on tokens of a user, session, device or restaurant count.

A token issued before that instant is refused. The table is fed by auth's events and warmed from its list at
start; it needs to remember a revocation only as long as an access token may live.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.auth.principal import Principal
from chassis.auth.tokens import CLOCK_LEEWAY, TOKEN_LIFE_MAX
from chassis.clock import Clock
from chassis.errors import Problem, Unauthenticated
from chassis.telemetry import get_logger

ENTRIES_MAX = 50_000
LISTENERS_MAX = 16
AHEAD_MAX = timedelta(seconds=10)
"""A revocation reaches no further than this beyond the receiver's clock, which covers the clocks of processes
that run apart and what auth adds for them. Whoever says more than that would lock people out for good.
"""
REWARM_SECONDS = 30.0
RETRY_FIRST_SECONDS = 0.5
"""After a failure, then doubled up to the usual pause: what was revoked meanwhile is not known here."""
RETRY_MAX_SECONDS = 5.0
FAILING_MAX_SECONDS = 10.0
"""Failing longer is worth a warning; processes that start side by side find each other sooner."""

_log = get_logger("auth")


class RevokedKind(StrEnum):
    """What a revocation names."""

    USER = "user"
    SESSION = "session"
    DEVICE = "device"
    RESTAURANT = "restaurant"


@dataclass(frozen=True, slots=True)
class Revocation:
    """Tokens of this user, session, device or restaurant issued before ``valid_after`` are refused."""

    kind: RevokedKind
    id: str
    valid_after: datetime

    def covers(self, principal: Principal) -> bool:
        """Whether a token of ``principal`` is refused by this revocation."""
        return principal.issued_at < self.valid_after and (self.kind, self.id) in principal.names


class Revocations:
    """The table. Bounded: what has to be dropped raises a floor below which every token is refused."""

    def __init__(self, clock: Clock, *, entries_max: int = ENTRIES_MAX) -> None:
        self._clock = clock
        self._entries_max = entries_max
        self._valid_after: dict[tuple[str, str], datetime] = {}
        self._beyond: dict[tuple[str, str], datetime] = {}
        """What was said where it lay too far ahead, so that hearing it again does not move it on."""
        self._floor: datetime | None = None
        self._listeners: list[Callable[[Revocation], None]] = []

    def __len__(self) -> int:
        return len(self._valid_after)

    def listen(self, listener: Callable[[Revocation], None]) -> None:
        """Calls ``listener`` with every revocation that is new, for instance to close sockets at once."""
        if len(self._listeners) >= LISTENERS_MAX:
            raise RuntimeError("too many listeners for revocations")
        self._listeners.append(listener)

    def apply(self, revocation: Revocation) -> None:
        """Takes in one revocation. Repeated and older ones change nothing; what lies more than AHEAD_MAX
        ahead of this process's clock counts as if it said just that.
        """
        key = (revocation.kind.value, revocation.id)
        if self._beyond.get(key) == revocation.valid_after:
            return
        latest = self._clock.now() + AHEAD_MAX
        counted = min(revocation.valid_after, latest)
        known = self._valid_after.get(key)
        if known is not None and known >= counted:
            return
        self._valid_after[key] = counted
        if revocation.valid_after > latest:
            self._beyond[key] = revocation.valid_after
            _log.warning(
                "a revocation lies in the future", kind=key[0], valid_after=str(revocation.valid_after)
            )
        if len(self._valid_after) > self._entries_max:
            self._make_room()
        for listener in self._listeners:
            listener(replace(revocation, valid_after=counted))

    def check(self, principal: Principal) -> None:
        """Raises Unauthenticated (TOKEN_REVOKED) where the principal's token has been revoked."""
        if self._floor is not None and principal.issued_at < self._floor:
            raise _revoked()
        for name in principal.names:
            valid_after = self._valid_after.get(name)
            if valid_after is not None and principal.issued_at < valid_after:
                raise _revoked()

    def _make_room(self) -> None:
        """Forgets what no living token can be older than; failing that, the older half, raising the floor."""
        oldest_living = self._clock.now() - TOKEN_LIFE_MAX - CLOCK_LEEWAY
        self._valid_after = {key: at for key, at in self._valid_after.items() if at > oldest_living}
        self._beyond = {key: at for key, at in self._beyond.items() if key in self._valid_after}
        if len(self._valid_after) <= self._entries_max:
            return
        newest_first = sorted(self._valid_after.items(), key=lambda entry: entry[1], reverse=True)
        keep = self._entries_max // 2
        self._floor = max(newest_first[keep][1], self._floor or newest_first[keep][1])
        self._valid_after = dict(newest_first[:keep])
        self._beyond = {key: at for key, at in self._beyond.items() if key in self._valid_after}
        _log.warning("more revocations than fit: every older token is refused", floor=self._floor.isoformat())


async def keep_warm(
    fetch: Callable[[], Awaitable[Iterable[Revocation]]],
    into: Revocations,
    *,
    every_seconds: float = REWARM_SECONDS,
    failing_max_seconds: float = FAILING_MAX_SECONDS,
) -> None:
    """Background work: takes in auth's whole list again and again, for a message is lost while NATS is away.

    Ends by cancellation only. A list that cannot be had (a Problem) is tried again soon. When that has gone
    on for ``failing_max_seconds``, a warning tells of it.
    """
    retry, due_at = RETRY_FIRST_SECONDS, time.monotonic()
    while True:
        pause = every_seconds
        try:
            for revocation in await fetch():
                into.apply(revocation)
            retry, due_at = RETRY_FIRST_SECONDS, time.monotonic() + every_seconds
        except Problem as problem:
            if time.monotonic() - due_at >= failing_max_seconds:
                _log.warning("the list of revocations cannot be had", reason=problem.reason)
            pause = min(retry, RETRY_MAX_SECONDS, every_seconds)
            retry *= 2
        await asyncio.sleep(pause)


def _revoked() -> Unauthenticated:
    return Unauthenticated("the session has been ended", reason="TOKEN_REVOKED")
