"""One cell of a menu file, from text to value. Each function raises BadCell with what to write instead.

Reading a cell takes time in proportion to its length, whatever it says: a pattern is only ever held against a
piece of at most MAX_PIECE_CHARACTERS.
"""

import re
from decimal import Decimal

from services.catalog.domain.allergen import Allergen, allergen_named
from services.catalog.domain.image import HASH_CHARACTERS
from services.catalog.domain.item import MAX_PRICE_MINOR, MAX_WINDOWS
from services.catalog.domain.item_number import one_form
from services.catalog.domain.label import MAX_NAME_CHARACTERS
from services.catalog.domain.menu_file.guard import GUARD
from services.catalog.domain.stock import StockPolicy
from services.catalog.domain.window import MINUTES_PER_DAY, AvailabilityWindow

MAX_CELL_CHARACTERS = 32_767
"""What spreadsheet programs have room for."""
MAX_PIECE_CHARACTERS = 5 * MAX_NAME_CHARACTERS + 400
"""The longest option: its name, those of two items and their categories, numbers, and all allergens."""
THOUSANDS_DIGITS = 3
SHOWN_CHARACTERS = 60
"""How much of a wrong piece an error repeats."""
MAX_UNITS = 1_000_000_000

_PRICE = re.compile(r"([+-]?)(\d{1,9})(?:[.,](\d{1,3}))?", re.ASCII)
_CLOCK = r"(\d{1,2}):(\d{2})"
_WINDOW = re.compile(rf"(?:(?P<days>[A-Za-z][A-Za-z,\s-]*?)\s+)?{_CLOCK}\s*-\s*{_CLOCK}", re.ASCII)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YES = frozenset({"yes", "y", "true", "1"})
_NO = frozenset({"no", "n", "false", "0"})


class BadCell(Exception):
    """The text is no value of its column; the message says what to write."""


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


def units_or_none(text: str) -> int:
    """As units; an empty cell is 0."""
    return units(text) if text else 0


def image(text: str) -> str:
    """The name of a picture; whether there is one of it the restaurant knows."""
    if text and re.fullmatch(rf"[0-9a-f]{{{HASH_CHARACTERS}}}", text) is None:
        raise BadCell(
            "write the name of a picture as an export has it, or nothing; new pictures are uploaded"
        )
    return text


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
    for name in pieces(text.replace(";", ","), ",", len(Allergen), "allergens"):
        allergen = allergen_named(name)
        if allergen is None:
            known = ", ".join(each.name.lower().replace("_", " ") for each in Allergen)
            raise BadCell(f"{name[:SHOWN_CHARACTERS]!r} is none of the fourteen allergens: {known}")
        found.add(allergen)
    return tuple(sorted(int(allergen) for allergen in found))


def windows(text: str) -> tuple[AvailabilityWindow, ...]:
    """``Mon-Fri 07:00-11:00; Sat,Sun 08:00-12:00``; over midnight where the end is earlier than the start."""
    return tuple(_window(piece) for piece in pieces(text, ";", MAX_WINDOWS, "windows"))


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


def split(text: str, separator: str, most: int, what: str) -> list[str]:
    """The parts of a cell, without the spaces around them. Raises BadCell for too many."""
    parts = text.split(separator, most)
    if len(parts) > most:
        raise BadCell(f"write at most {most} {what}")
    return [part.strip() for part in parts]


def pieces(text: str, separator: str, most: int, what: str) -> list[str]:
    """The parts that say something, each short enough to be held against a pattern."""
    found = [part for part in (one.strip() for one in text.split(separator)) if part]
    if len(found) > most:
        raise BadCell(f"write at most {most} {what}")
    for piece in found:
        if len(piece) > MAX_PIECE_CHARACTERS:
            raise BadCell(f"write at most {MAX_PIECE_CHARACTERS} characters for {piece[:SHOWN_CHARACTERS]!r}")
    return found


def _weekday(text: str) -> int:
    key = text.strip().casefold()[:3]
    if key not in DAYS:
        raise BadCell(f"{text.strip()!r} is no weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    return DAYS.index(key)
