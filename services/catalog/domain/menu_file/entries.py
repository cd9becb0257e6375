"""From the rows of a file to what it says about items, and which rows say something impossible."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chassis.money import minor_digits
from chassis.text import control_character, holds_card_number
from services.catalog.domain.label import MAX_NAME_CHARACTERS, name_key
from services.catalog.domain.menu_file import cells
from services.catalog.domain.menu_file.cells import BadCell
from services.catalog.domain.menu_file.columns import COLUMNS, REQUIRED, recognised
from services.catalog.domain.menu_file.guard import FORMULA_STARTS, unguarded
from services.catalog.domain.menu_file.option_cells import (
    FileGroup,
    FileNested,
    nested_groups,
    option_groups,
)
from services.catalog.domain.menu_file.timed_menu_cells import FileMenu, timed_menus
from services.catalog.domain.stock import StockPolicy
from services.catalog.domain.window import AvailabilityWindow

HEADER_ROW = 1
MAX_REJECTIONS = 500
"""After so many a file is not read further: whoever mends it starts with these."""
TEXT_COLUMNS = frozenset({"category", "item", "description"})

Row = tuple[str, ...]
"""The cells of a row as text."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """What is wrong with a row (1-based, the header is row 1), in which column, and what to write instead."""

    row: int
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one row says. None: the file says nothing about it."""

    row: int
    category: str
    name: str
    price_minor: int
    vat_class: str
    description: str | None = None
    allergens: tuple[int, ...] | None = None
    may_contain: tuple[int, ...] | None = None
    groups: tuple[FileGroup, ...] | None = None
    nested: tuple[FileNested, ...] | None = None
    available: bool | None = None
    windows: tuple[AvailabilityWindow, ...] | None = None
    position: int | None = None
    barcode: str | None = None
    plu: str | None = None
    preparation_minutes: int | None = None
    stock: int | None = None
    reorder_point: int | None = None
    policy: StockPolicy | None = None
    category_menus: tuple[FileMenu, ...] | None = None
    menus: tuple[FileMenu, ...] | None = None
    image: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What an item is found by again: category and name, without regard to case."""
        return name_key(self.category), name_key(self.name)


@dataclass(slots=True)
class MenuFile:
    """A file that was read."""

    entries: list[Entry] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


def parse(rows: Sequence[Row], currency_code: str) -> MenuFile:
    """Reads every row; prices are in major units of ``currency_code``."""
    found = MenuFile()
    columns, found.rejected = _header(rows)
    if found.rejected:
        return found
    digits = minor_digits(currency_code)
    first_rows: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows[1:], start=HEADER_ROW + 1):
        if not any(row):
            continue
        if len(found.rejected) >= MAX_REJECTIONS:
            break
        entry, rejected = _entry(number, columns, row, digits)
        found.rejected += rejected
        if entry is None:
            continue
        first = first_rows.setdefault(entry.key, number)
        if first != number:
            detail = f"row {first} has the same item in the same category; keep one of them"
            found.rejected.append(Rejection(number, "item", detail))
        found.entries.append(entry)
    if not found.entries and not found.rejected:
        found.rejected.append(Rejection(HEADER_ROW + 1, "item", "the file has no items; add a row for each"))
    del found.rejected[MAX_REJECTIONS:]
    return found


def _header(rows: Sequence[Row]) -> tuple[dict[str, int], list[Rejection]]:
    columns: dict[str, int] = {}
    rejected: list[Rejection] = []
    for index, text in enumerate(rows[0] if rows else ()):
        name = recognised(text)
        if name in columns:
            rejected.append(Rejection(HEADER_ROW, name, "the column is there twice; remove one"))
        elif name is not None:
            columns[name] = index
        elif text:
            known = ", ".join(sorted(COLUMNS))
            rejected.append(Rejection(HEADER_ROW, text[:40], f"no such column; use some of {known}"))
    for name in REQUIRED:
        if name not in columns:
            rejected.append(Rejection(HEADER_ROW, name, "the column is missing; add it to the first row"))
    return columns, rejected


def _entry(
    number: int, columns: Mapping[str, int], row: Row, digits: int
) -> tuple[Entry | None, list[Rejection]]:
    values: dict[str, Any] = {}
    rejected: list[Rejection] = []
    for name, index in columns.items():
        text = row[index] if index < len(row) else ""
        try:
            said = unguarded(text)
            _check_text(name, said, formula=said == text)
            values |= _value(name, said, digits)
        except BadCell as error:
            rejected.append(Rejection(number, name, str(error)))
    if rejected:
        return None, rejected
    return Entry(row=number, **values), []


def _check_text(column: str, text: str, *, formula: bool) -> None:
    """``formula``: a text that begins like one is one."""
    if column in REQUIRED and not text:
        raise BadCell("must not be empty")
    if len(text) > cells.MAX_CELL_CHARACTERS:
        raise BadCell(f"write at most {cells.MAX_CELL_CHARACTERS} characters")
    if formula and (text.startswith("=") or (column in TEXT_COLUMNS and text.startswith(FORMULA_STARTS))):
        raise BadCell("write the value itself, not a formula (a text that starts with = + - or @: '=)")
    if found := control_character(text, lines=column == "description"):
        raise BadCell(f"take out the control character {found}")
    if column in TEXT_COLUMNS and holds_card_number(text):
        raise BadCell("card numbers are not kept: take it out")
    if column in {"category", "item"} and len(text) > MAX_NAME_CHARACTERS:
        raise BadCell(f"write at most {MAX_NAME_CHARACTERS} characters")


def _value(column: str, text: str, digits: int) -> dict[str, Any]:
    """The field of Entry that a cell fills; none, where an empty cell changes nothing."""
    if column in _PLAIN:
        return {_PLAIN[column]: text}
    if column in _ONLY_WHEN_GIVEN and not text:
        return {}
    name, reader = _readers(digits)[column]
    return {name: reader(text)}


_PLAIN = {
    "category": "category",
    "item": "name",
    "vat_class": "vat_class",
    "description": "description",
    "plu": "plu",
}
_ONLY_WHEN_GIVEN = frozenset({"available", "position", "stock", "reorder_point", "stock_policy"})


def _readers(digits: int) -> dict[str, tuple[str, Callable[[str], Any]]]:
    return {
        "price": ("price_minor", partial(cells.price, digits=digits)),
        "allergens": ("allergens", cells.allergens),
        "may_contain": ("may_contain", cells.allergens),
        "options": ("groups", partial(option_groups, digits=digits)),
        "nested_options": ("nested", partial(nested_groups, digits=digits)),
        "available": ("available", cells.yes_or_no),
        "availability": ("windows", cells.windows),
        "position": ("position", cells.units),
        "barcode": ("barcode", cells.barcode),
        "preparation_minutes": ("preparation_minutes", cells.units_or_none),
        "stock": ("stock", cells.units),
        "reorder_point": ("reorder_point", cells.units),
        "stock_policy": ("policy", cells.policy),
        "category_menus": ("category_menus", timed_menus),
        "menus": ("menus", timed_menus),
        "image": ("image", cells.image),
    }
