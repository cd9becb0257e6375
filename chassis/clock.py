"""The only place that asks what time it is. Every instant is an aware UTC datetime."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.errors import InvalidArgument

BUSINESS_DAY_CUTOFF = time(4)


class Clock(Protocol):
    """What code that needs the time depends on."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class FakeClock:
    """A clock that stands still until told to advance; for tests and simulations."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a fake clock starts at an aware instant")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Moves forward. Raises ValueError for a negative step: time does not run backwards."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self._now += by


def business_date(at: datetime, time_zone: str, cutoff: time = BUSINESS_DAY_CUTOFF) -> date:
    """The trading day an instant belongs to: the local date, or the day before while the local time is before
    ``cutoff`` (04:00). ``at`` must be aware; ``time_zone`` is an IANA name.

    Raises ValueError for a naive instant, InvalidArgument (UNKNOWN_TIME_ZONE) for a name that does not exist.
    """
    if at.tzinfo is None:
        raise ValueError("a business date needs an aware instant")
    local = at.astimezone(_zone(time_zone))
    return local.date() - timedelta(days=1) if local.time() < cutoff else local.date()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidArgument(f"no time zone is called {name!r}", reason="UNKNOWN_TIME_ZONE") from error
