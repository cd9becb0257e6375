"""Local times of sale, by the clock on the wall.

A window opens at the first time that the clock shows its start, and closes at the last time that it shows its
end. So an hour that the clock repeats in autumn is one opening and not two; a time that the clock jumps over
in spring is the instant of the jump. The catalog tells tills by the same rule what is sold when.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR
DAYS_AHEAD = 8
"""Every weekday comes at least once."""


@dataclass(frozen=True, slots=True)
class Window:
    """Local times, minutes after midnight. No weekdays (0 = Monday): every day.

    May run over midnight.
    """

    weekdays: frozenset[int]
    from_minutes: int
    until_minutes: int

    def holds(self, local: datetime) -> bool:
        """Whether the local time (aware) lies in it."""
        return self.opened_on(local) is not None

    def opened_on(self, local: datetime) -> date | None:
        """The day on which the window opened that the local time (aware) lies in, the day before for what is
        after midnight; None where it lies in none.
        """
        day = local.date()
        over_midnight = self.until_minutes <= self.from_minutes
        still_open = over_midnight or _is_to_come(self.until_minutes, local)
        if still_open and self.is_for(day) and _has_come(self.from_minutes, local):
            return day
        spills = over_midnight or self.until_minutes == MINUTES_PER_DAY
        before = day - timedelta(days=1)
        if spills and self.is_for(before) and _is_to_come(self.until_minutes % MINUTES_PER_DAY, local):
            return before
        return None

    def is_for(self, day: date) -> bool:
        """Whether it opens on that day."""
        return not self.weekdays or day.weekday() in self.weekdays


WHOLE_DAY = Window(frozenset(), 0, MINUTES_PER_DAY)


@dataclass(frozen=True, slots=True)
class TimedMenu:
    """A menu that is served at its times. Its dates are those of the days on which its windows open, both
    included; without windows it is served all day.
    """

    windows: tuple[Window, ...]
    first_day: date | None
    last_day: date | None
    category_ids: frozenset[UUID]
    item_ids: frozenset[UUID]

    @property
    def open_windows(self) -> tuple[Window, ...]:
        """Those that it is served in."""
        return self.windows or (WHOLE_DAY,)

    def has(self, item_id: UUID, category_id: UUID) -> bool:
        """Whether an item is on it, by itself or with its category."""
        return item_id in self.item_ids or category_id in self.category_ids

    def serves(self, local: datetime) -> bool:
        """Whether it is served at the local time (aware)."""
        return any(self._counts(window.opened_on(local)) for window in self.open_windows)

    def _counts(self, day: date | None) -> bool:
        return (
            day is not None
            and (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )


def first_sale(
    windows: Iterable[Window], local: datetime, is_sold: Callable[[datetime], bool]
) -> datetime | None:
    """The first opening after ``local`` at which something ``is_sold``; None where none comes in the days
    ahead. What opens in the hour that the clock jumps over is told by the time that the clock then shows.
    """
    now = local.astimezone(UTC)
    first_minutes = {0, *(window.from_minutes for window in windows)}
    for offset in range(DAYS_AHEAD + 1):
        midnight = datetime.combine(local.date() + timedelta(days=offset), time(), local.tzinfo)
        for minutes in sorted(first_minutes):
            at = (midnight + timedelta(minutes=minutes)).astimezone(UTC)
            if now < at and is_sold(at.astimezone(local.tzinfo)):
                return at.astimezone(local.tzinfo)
    return None


def _minute(local: datetime) -> int:
    return local.hour * MINUTES_PER_HOUR + local.minute


def _has_come(minutes: int, local: datetime) -> bool:
    """Whether the clock has shown the time today."""
    return _minute(local) >= minutes or (local.fold == 1 and _comes_twice(minutes, local))


def _is_to_come(minutes: int, local: datetime) -> bool:
    """Whether the clock is yet to show the time today, be it for the second time."""
    if _minute(local) < minutes:
        return True
    return local.fold == 0 and _is_first_of_two(local) and _comes_twice(minutes, local)


def _comes_twice(minutes: int, local: datetime) -> bool:
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    return _is_first_of_two((midnight + timedelta(minutes=minutes)).replace(fold=0))


def _is_first_of_two(shown: datetime) -> bool:
    first, second = shown.replace(fold=0).utcoffset(), shown.replace(fold=1).utcoffset()
    return first is not None and second is not None and second < first
