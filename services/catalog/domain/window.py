"""When an item is on sale, by its own windows and those of its menus, and when that changes next.

A window is turned into instants: it opens at the first time the local clock shows its start and closes at the
last time the local clock shows its end. So an hour that the clock repeats in autumn is one opening, not two,
and a time that the clock jumps over in spring is the instant of the jump.
"""

from collections.abc import Iterable, Iterator, Sequence
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
MIDNIGHT = time()
TIMES_TOLD = 20
"""How many times of sale to come are told of an item."""


@dataclass(frozen=True, slots=True)
class AvailabilityWindow:
    """Local times of sale. Weekdays 0 = Monday, none = every day; over midnight when from > until."""

    weekdays: tuple[int, ...]
    from_minutes: int
    until_minutes: int


@dataclass(frozen=True, slots=True)
class Hours:
    """Windows, and the first and last day on which they open. No windows: the whole day."""

    windows: tuple[AvailabilityWindow, ...] = ()
    first_day: date | None = None
    last_day: date | None = None

    @property
    def is_always(self) -> bool:
        """Whether they leave nothing out."""
        return not self.windows and self.first_day is None and self.last_day is None

    def opens_on(self, day: date) -> bool:
        """Whether it is one of their days."""
        return (self.first_day is None or self.first_day <= day) and (
            self.last_day is None or day <= self.last_day
        )


WHOLE_DAY = (AvailabilityWindow((), 0, MINUTES_PER_DAY),)


@dataclass(frozen=True, slots=True)
class SaleTime:
    """From an instant on, until another, in UTC."""

    opens_at: datetime
    closes_at: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies in it."""
        return self.opens_at <= at < self.closes_at


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
    times = sale_times(Hours(tuple(windows)), (), zone, at)
    return times is None or any(each.holds(at) for each in times)


def next_change(windows: Sequence[AvailabilityWindow], zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first instant after ``at`` (aware) at which ``is_open`` may answer differently, in UTC.

    None without windows. With windows there always is one; for windows that never close it is the end of the
    days that were looked at, so that an answer built on it is looked at again.
    """
    return changes_at(sale_times(Hours(tuple(windows)), (), zone, at), at)


def sale_times(
    own: Hours, menus: Sequence[Hours], zone: ZoneInfo, at: datetime
) -> tuple[SaleTime, ...] | None:
    """The times of the days around ``at`` (aware) that are not over: in the item's ``own`` hours, and in
    those of one of its ``menus`` where it has any. None: always.
    """
    menus_restrict = bool(menus) and not any(each.is_always for each in menus)
    if own.is_always and not menus_restrict:
        return None
    times = _merged(_openings(own, zone, at)) if not own.is_always else None
    if menus_restrict:
        served = _merged(each for hours in menus for each in _openings(hours, zone, at))
        times = served if times is None else list(_common(times, served))
    return tuple(each for each in times or () if at < each.closes_at)


def changes_at(times: Sequence[SaleTime] | None, at: datetime) -> datetime | None:
    """The first instant after ``at`` at which it is sold, or no longer, by ``sale_times``; None: never."""
    if times is None:
        return None
    for each in times:
        if at < each.opens_at:
            return each.opens_at
        if at < each.closes_at:
            return each.closes_at
    return at + timedelta(days=DAYS_AHEAD)


@lru_cache(maxsize=REMEMBERED_ZONES)
def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone. Raises InvalidArgument (UNKNOWN_TIME_ZONE)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidArgument(f"no time zone is called {name!r}", reason="UNKNOWN_TIME_ZONE") from error


def _openings(hours: Hours, zone: ZoneInfo, at: datetime) -> Iterator[SaleTime]:
    today = at.astimezone(zone).date()
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        if not hours.opens_on(day):
            continue
        for window in hours.windows or WHOLE_DAY:
            if window.weekdays and day.weekday() not in window.weekdays:
                continue
            over_midnight = window.from_minutes > window.until_minutes
            opens = _instant(day, window.from_minutes, zone, last=False)
            last_day = day + timedelta(days=1) if over_midnight else day
            closes = _instant(last_day, window.until_minutes, zone, last=True)
            if opens < closes:
                yield SaleTime(opens, closes)


def _merged(openings: Iterable[SaleTime]) -> list[SaleTime]:
    merged: list[SaleTime] = []
    for found in sorted(openings, key=lambda each: (each.opens_at, each.closes_at)):
        if merged and found.opens_at <= merged[-1].closes_at:
            merged[-1] = SaleTime(merged[-1].opens_at, max(merged[-1].closes_at, found.closes_at))
        else:
            merged.append(found)
    return merged


def _common(one: Sequence[SaleTime], other: Sequence[SaleTime]) -> Iterator[SaleTime]:
    """What lies in both; each is sorted and merged."""
    for mine in one:
        for theirs in other:
            opens = max(mine.opens_at, theirs.opens_at)
            closes = min(mine.closes_at, theirs.closes_at)
            if opens < closes:
                yield SaleTime(opens, closes)


def _instant(day: date, minutes: int, zone: ZoneInfo, *, last: bool) -> datetime:
    """The first or last instant at which the clock shows a time; the jump, if it never does."""
    wall = datetime.combine(day, MIDNIGHT) + timedelta(minutes=minutes)
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
