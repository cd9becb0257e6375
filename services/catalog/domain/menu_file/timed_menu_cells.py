"""The cells of a menu file that tell menus by time of day and hours of sale, from text to values and back.

As ``cells``: reading raises BadCell with what to write instead.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.catalog.domain.label import MAX_NAME_CHARACTERS
from services.catalog.domain.menu_file.cells import DAYS, SHOWN_CHARACTERS, BadCell, split, windows
from services.catalog.domain.menu_file.option_cells import escaped, hidden, plain_name
from services.catalog.domain.timed_menu import TIMED_MENUS_MAX, TimedMenu
from services.catalog.domain.window import AvailabilityWindow, Hours

ALWAYS = "always"
"""For the hours of a menu that is served all day."""
_DATES = re.compile(r"(?:from (\d{4}-\d\d-\d\d))? ?(?:until (\d{4}-\d\d-\d\d))?", re.ASCII)
_DATES_BEGIN = re.compile(r"(?:^| )(?:from|until) \d", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileMenu:
    """A menu by time of day as the file names it. No hours: the file says nothing of them."""

    name: str
    hours: Hours | None = None


def timed_menus(text: str) -> tuple[FileMenu, ...]:
    """``Lunch: Mon-Fri 12:00-15:00 | Feast: always from 2026-12-31 until 2026-12-31 | Dinner``."""
    text = hidden(text)
    parts = split(text, "|", TIMED_MENUS_MAX, "menus by time of day") if text else []
    return tuple(_timed_menu(part) for part in parts)


def timed_menus_cell(menus: Iterable[TimedMenu]) -> str:
    """What ``timed_menus`` reads back as these menus, by name."""
    return " | ".join(
        f"{escaped(menu.name)}: {_hours_cell(menu.hours)}" for menu in sorted(menus, key=lambda one: one.name)
    )


def windows_cell(found: Iterable[AvailabilityWindow]) -> str:
    """What ``cells.windows`` reads back as these windows."""
    return "; ".join(map(_window, found))


def _timed_menu(part: str) -> FileMenu:
    head, colon, tail = part.partition(":")
    name = plain_name(head)
    if not name or len(name) > MAX_NAME_CHARACTERS:
        raise BadCell(f"write a menu such as Lunch: Mon-Fri 12:00-15:00, not {part[:SHOWN_CHARACTERS]!r}")
    return FileMenu(name, _hours(tail.strip()) if colon else None)


def _hours(text: str) -> Hours:
    begin = _DATES_BEGIN.search(text)
    clock, dates = (text, "") if begin is None else (text[: begin.start()], text[begin.start() :].strip())
    match = _DATES.fullmatch(dates)
    if match is None:
        raise BadCell(
            f"write dates such as from 2026-12-01 until 2026-12-31, not {dates[:SHOWN_CHARACTERS]!r}"
        )
    found = () if clock.strip() in ("", ALWAYS) else windows(clock)
    return Hours(found, _date(match[1]), _date(match[2]))


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadCell(f"{text} is no day of the calendar; write it as 2026-12-31") from None


def _hours_cell(hours: Hours) -> str:
    first = "" if hours.first_day is None else f" from {hours.first_day.isoformat()}"
    last = "" if hours.last_day is None else f" until {hours.last_day.isoformat()}"
    return f"{windows_cell(hours.windows) or ALWAYS}{first}{last}"


def _window(window: AvailabilityWindow) -> str:
    clock = f"{_clock(window.from_minutes)}-{_clock(window.until_minutes)}"
    return f"{_weekdays(window.weekdays)} {clock}" if window.weekdays else clock


def _weekdays(days: Sequence[int]) -> str:
    first, last = days[0], days[-1]
    if len(days) > 1 and list(days) == list(range(first, last + 1)):
        return f"{DAYS[first].title()}-{DAYS[last].title()}"
    return ",".join(DAYS[day].title() for day in days)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
