"""When an item is on sale, and when that changes next.

A window is turned into instants: it opens at the first time the local clock shows its start and closes at the
last time the local clock shows its end. So an hour that the clock repeats in autumn is one opening, not two,
and a time that the clock jumps over in spring is the instant of the jump.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.errors import FieldError, InvalidArgument

DAYS_BACK = 2
"""A window of yesterday may still be open, also where the clock moved."""
DAYS_AHEAD = 9
"""Every weekday comes at least once; a change that lies further away is not looked for."""
REMEMBERED_ZONES = 64
MINUTES_PER_DAY = 24 * 60
DAYS_PER_WEEK = 7


@dataclass(frozen=True, slots=True)
class AvailabilityWindow:
    """Local times of sale. Weekdays 0 = Monday, none = every day; over midnight when from > until."""

    weekdays: tuple[int, ...]
    from_minutes: int
    until_minutes: int


def window_errors(path: str, window: AvailabilityWindow) -> Iterator[FieldError]:
    """Every rule that a window breaks, which stands at ``path``."""
    if not 0 <= window.from_minutes < MINUTES_PER_DAY:
        yield FieldError(f"{path}.from_minutes", "out_of_range", f"0 to {MINUTES_PER_DAY - 1}")
    if not 0 <= window.until_minutes <= MINUTES_PER_DAY:
        yield FieldError(f"{path}.until_minutes", "out_of_range", f"0 to {MINUTES_PER_DAY}")
    if window.from_minutes == window.until_minutes:
        yield FieldError(f"{path}.until_minutes", "empty_window", "not the same as from_minutes")
    if any(not 0 <= day < DAYS_PER_WEEK for day in window.weekdays):
        yield FieldError(f"{path}.weekdays", "out_of_range", "0 (Monday) to 6 (Sunday)")
    if len(set(window.weekdays)) != len(window.weekdays):
        yield FieldError(f"{path}.weekdays", "repeated", "each day once")


def is_open(windows: Sequence[AvailabilityWindow], zone: ZoneInfo, at: datetime) -> bool:
    """Whether the instant ``at`` (aware) lies in a window. No window at all: always."""
    if not windows:
        return True
    return any(opens <= at < closes for opens, closes in _openings(windows, zone, at))


def next_change(windows: Sequence[AvailabilityWindow], zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first instant after ``at`` (aware) at which ``is_open`` may answer differently, in UTC.

    None without windows. With windows there always is one; for windows that never close it is the end of the
    days that were looked at, so that an answer built on it is looked at again.
    """
    if not windows:
        return None
    merged = _merged(_openings(windows, zone, at))
    for opens, closes in merged:
        if at < opens:
            return opens
        if at < closes:
            return closes
    return at + timedelta(days=DAYS_AHEAD)


@lru_cache(maxsize=REMEMBERED_ZONES)
def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone. Raises InvalidArgument (UNKNOWN_TIME_ZONE)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidArgument(f"no time zone is called {name!r}", reason="UNKNOWN_TIME_ZONE") from error


def _openings(
    windows: Sequence[AvailabilityWindow], zone: ZoneInfo, at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    today = at.astimezone(zone).date()
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        for window in windows:
            if window.weekdays and day.weekday() not in window.weekdays:
                continue
            over_midnight = window.from_minutes > window.until_minutes
            opens = _instant(day, window.from_minutes, zone, last=False)
            last_day = day + timedelta(days=1) if over_midnight else day
            closes = _instant(last_day, window.until_minutes, zone, last=True)
            if opens < closes:
                yield opens, closes


def _merged(openings: Iterator[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in sorted(openings):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def _instant(day: date, minutes: int, zone: ZoneInfo, *, last: bool) -> datetime:
    """The first or last instant at which the clock shows a time; the jump, if it never does."""
    wall = datetime.combine(day, time(0)) + timedelta(minutes=minutes)
    before = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if before <= after:
        return after if last else before
    # The wall time does not exist: the offset before the jump gives the later instant.
    return _jump(after, before, zone)


def _jump(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
