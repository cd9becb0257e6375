"""One cell of a menu file, from text to value. Each function raises BadCell with what to write instead.

Reading a cell takes time in proportion to its length, whatever it says: a pattern is only ever held against a
piece of at most MAX_PIECE_CHARACTERS.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from services.catalog.domain.allergen import Allergen, allergen_named
from services.catalog.domain.item import (
    MAX_OPTION_GROUPS,
    MAX_OPTIONS_PER_GROUP,
    MAX_PRICE_MINOR,
    MAX_WINDOWS,
)
from services.catalog.domain.item_number import one_form
from services.catalog.domain.label import MAX_NAME_CHARACTERS
from services.catalog.domain.menu_file.guard import GUARD
from services.catalog.domain.stock import StockPolicy
from services.catalog.domain.window import MINUTES_PER_DAY, AvailabilityWindow

MAX_CELL_CHARACTERS = 32_767
"""What spreadsheet programs have room for."""
MAX_PIECE_CHARACTERS = MAX_NAME_CHARACTERS + 200
"""The longest name with its numbers and all fourteen allergens, or a window with every weekday."""
THOUSANDS_DIGITS = 3
SHOWN_CHARACTERS = 60
"""How much of a wrong piece an error repeats."""
MAX_UNITS = 1_000_000_000

_PRICE = re.compile(r"([+-]?)(\d{1,9})(?:[.,](\d{1,3}))?", re.ASCII)
_CHOICES = re.compile(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", re.ASCII)
_CLOCK = r"(\d{1,2}):(\d{2})"
_WINDOW = re.compile(rf"(?:(?P<days>[A-Za-z][A-Za-z,\s-]*?)\s+)?{_CLOCK}\s*-\s*{_CLOCK}", re.ASCII)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YES = frozenset({"yes", "y", "true", "1"})
_NO = frozenset({"no", "n", "false", "0"})


_ESCAPES = {"\\\\": "\x01", "\\|": "\x02", "\\;": "\x03", "\\:": "\x04"}
"""While a cell is parted, what stands for an escaped sign: control characters, which no cell has."""
_SIGNS = str.maketrans({hidden: escape[1] for escape, hidden in _ESCAPES.items()})
_ESCAPE = re.compile(r"\\[\\|;:]")
_TO_ESCAPE = re.compile(r"[\\|;:]")
OFF = " off"
"""At the end of an option: it is not to be had."""


class BadCell(Exception):
    """The text is no value of its column; the message says what to write."""


@dataclass(frozen=True, slots=True)
class FileOption:
    """An option as the file names it. ``allergens``, ``available`` None: the file says nothing of them."""

    name: str
    price_delta_minor: int
    allergens: tuple[int, ...] | None = None
    available: bool | None = None


@dataclass(frozen=True, slots=True)
class FileGroup:
    """An option group as the file names it."""

    name: str
    min_choices: int
    max_choices: int
    options: tuple[FileOption, ...]


def price(text: str, digits: int) -> int:
    """Minor units of an amount that is not negative."""
    amount = signed_price(text, digits)
    if amount < 0:
        raise BadCell("write a price that is not negative")
    return amount


def signed_price(text: str, digits: int) -> int:
    """Minor units of an amount in major units, for example 12.50, 12,50 or -0.80."""
    match = _PRICE.fullmatch(text.strip())
    example = "12" if digits == 0 else f"12.{'50'.ljust(digits, '0')}"
    if match is None:
        raise BadCell(f"write an amount such as {example}, without currency or thousands separators")
    sign, whole, fraction = match.group(1), match.group(2), (match.group(3) or "")
    # 12.000 may be twelve or twelve thousand: three digits are decimals only where the currency has three.
    grouped = len(fraction) == THOUSANDS_DIGITS != digits
    if grouped or len(fraction.rstrip("0") if "." in text else fraction) > digits:
        raise BadCell(f"write an amount with at most {digits} decimal places, such as {example}")
    amount = int(Decimal(f"{sign}{whole}.{fraction or '0'}").scaleb(digits))
    if abs(amount) > MAX_PRICE_MINOR:
        raise BadCell(f"write an amount of at most {Decimal(MAX_PRICE_MINOR).scaleb(-digits):f}")
    return amount


def units(text: str) -> int:
    """A whole number that is not negative."""
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MAX_UNITS:
        raise BadCell(f"write a whole number from 0 to {MAX_UNITS}")
    return int(text)


def barcode(text: str) -> str:
    """A barcode in its one form, with or without an apostrophe before it; whether it is one the item says."""
    text = text.removeprefix(GUARD)
    if re.fullmatch(r"[0-9]*", text) is None:
        as_number = (
            " (a spreadsheet has made a number of it: format the column as text)" if "E" in text else ""
        )
        raise BadCell(f"write the digits under the bars and nothing else{as_number}")
    return one_form(text)


def yes_or_no(text: str) -> bool:
    """True for yes."""
    key = text.casefold()
    if key not in _YES | _NO:
        raise BadCell("write yes or no")
    return key in _YES


def policy(text: str) -> StockPolicy:
    """Whether an item that ran out may be ordered."""
    try:
        return StockPolicy(text.casefold())
    except ValueError:
        raise BadCell("write refuse, warn or allow") from None


def allergens(text: str) -> tuple[int, ...]:
    """Numbers of the contract, ascending, each once."""
    found: set[Allergen] = set()
    for name in _pieces(text.replace(";", ","), ",", len(Allergen), "allergens"):
        allergen = allergen_named(name)
        if allergen is None:
            known = ", ".join(each.name.lower().replace("_", " ") for each in Allergen)
            raise BadCell(f"{name[:SHOWN_CHARACTERS]!r} is none of the fourteen allergens: {known}")
        found.add(allergen)
    return tuple(sorted(int(allergen) for allergen in found))


def option_groups(text: str, digits: int) -> tuple[FileGroup, ...]:
    """``Size(1-1): Small=0; Large=1.50 | Extras(0-3): Cheese=0.80[milk] off``; (2) is (2-2), no amount is 0.

    What an option adds to the item's allergens stands in brackets after its amount. A sign that parts groups
    or options stands in a name behind a backslash.
    """
    text = _ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)
    groups = _split(text, "|", MAX_OPTION_GROUPS, "option groups") if text else []
    return tuple(_option_group(group, digits) for group in groups)


def escaped(name: str) -> str:
    """A name as it stands in ``option_groups``."""
    return _TO_ESCAPE.sub(r"\\\g<0>", name)


def _said(text: str) -> str:
    """As a person wrote it, without backslashes."""
    return text.strip().translate(_SIGNS)


def _option_group(text: str, digits: int) -> FileGroup:
    head, colon, tail = text.partition(":")
    name, bracket, choices = head.strip().rpartition("(")
    match = _CHOICES.fullmatch(choices[:-1]) if len(choices) <= MAX_PIECE_CHARACTERS else None
    if match is None or not (colon and bracket and name.strip() and choices.endswith(")")):
        shown = _said(text)[:SHOWN_CHARACTERS]
        raise BadCell(f"write a group such as Size(1-1): Small=0; Large=1.50, not {shown!r}")
    least = int(match[1])
    most = int(match[2]) if match[2] is not None else least
    name = _said(name)
    pieces = _pieces(tail, ";", MAX_OPTIONS_PER_GROUP, "options in a group")
    if not pieces:
        shown = name[:SHOWN_CHARACTERS]
        raise BadCell(f"name the options of {shown!r} after the colon, separated by semicolons")
    return FileGroup(name, least, most, tuple(_option(piece, digits) for piece in pieces))


def _option(text: str, digits: int) -> FileOption:
    available = None
    if text.endswith(OFF) and "=" in text:
        text, available = text.removesuffix(OFF).rstrip(), False
    text, contained = _with_allergens(text)
    name, equals, amount = text.rpartition("=")
    if not equals:
        return FileOption(_said(text), 0, contained)
    if not name.strip():
        raise BadCell(f"write a name before the amount of {_said(text)!r}")
    try:
        return FileOption(_said(name), signed_price(amount.strip(), digits), contained, available)
    except BadCell as error:
        raise BadCell(f"option {_said(name)!r}: {error}") from None


def _with_allergens(text: str) -> tuple[str, tuple[int, ...] | None]:
    """``Pistachio=0.50[nuts, milk]`` without its brackets, and what they say; None without brackets."""
    if not text.endswith("]"):
        return text, None
    rest, bracket, names = text[:-1].rpartition("[")
    if not bracket or not rest.strip():
        raise BadCell(
            f"write an option such as Pistachio=0.50[nuts, milk], not {_said(text)[:SHOWN_CHARACTERS]!r}"
        )
    try:
        return rest.strip(), allergens(names)
    except BadCell as error:
        raise BadCell(f"option {_said(rest)[:SHOWN_CHARACTERS]!r}: {error}") from None


def windows(text: str) -> tuple[AvailabilityWindow, ...]:
    """``Mon-Fri 07:00-11:00; Sat,Sun 08:00-12:00``; over midnight where the end is earlier than the start."""
    return tuple(_window(piece) for piece in _pieces(text, ";", MAX_WINDOWS, "windows"))


def _window(text: str) -> AvailabilityWindow:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise BadCell(f"write a window such as Mon-Fri 07:00-11:00, not {text[:SHOWN_CHARACTERS]!r}")
    days, *clock = match.groups()
    starts, ends = _minutes(clock[0], clock[1]), _minutes(clock[2], clock[3])
    if starts in (MINUTES_PER_DAY, ends):
        raise BadCell(
            f"{text[:SHOWN_CHARACTERS]!r} opens and closes at the same time; leave the cell empty for always"
        )
    return AvailabilityWindow(_weekdays(days or ""), starts, ends)


def _minutes(hours: str, minutes: str) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > MINUTES_PER_DAY:
        raise BadCell(f"{hours}:{minutes} is no time of day; write 00:00 to 24:00")
    return total


def _weekdays(text: str) -> tuple[int, ...]:
    days: set[int] = set()
    for part in text.split(","):
        if not part.strip():
            continue
        first, _, last = part.partition("-")
        start, end = _weekday(first), _weekday(last or first)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(days))


def _split(text: str, separator: str, most: int, what: str) -> list[str]:
    """The parts of a cell, without the spaces around them. Raises BadCell for too many."""
    parts = text.split(separator, most)
    if len(parts) > most:
        raise BadCell(f"write at most {most} {what}")
    return [part.strip() for part in parts]


def _pieces(text: str, separator: str, most: int, what: str) -> list[str]:
    """The parts that say something, each short enough to be held against a pattern."""
    pieces = [part for part in (one.strip() for one in text.split(separator)) if part]
    if len(pieces) > most:
        raise BadCell(f"write at most {most} {what}")
    for piece in pieces:
        if len(piece) > MAX_PIECE_CHARACTERS:
            raise BadCell(f"write at most {MAX_PIECE_CHARACTERS} characters for {piece[:SHOWN_CHARACTERS]!r}")
    return pieces


def _weekday(text: str) -> int:
    key = text.strip().casefold()[:3]
    if key not in DAYS:
        raise BadCell(f"{text.strip()!r} is no weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    return DAYS.index(key)
