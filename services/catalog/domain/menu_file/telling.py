"""A menu as the rows of a file: what ``entries.parse`` and ``plan`` read back as the same menu."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.money import minor_digits
from services.catalog.domain.category import Category
from services.catalog.domain.errors import MenuTooLarge
from services.catalog.domain.item import Item
from services.catalog.domain.menu_file.cells import DAYS, MAX_CELL_CHARACTERS
from services.catalog.domain.menu_file.entries import Row
from services.catalog.domain.menu_file.guard import guarded
from services.catalog.domain.menu_file.option_telling import ToldOptions, allergen_name, amount
from services.catalog.domain.search import words_of
from services.catalog.domain.stock import StockLevel
from services.catalog.domain.window import AvailabilityWindow

TOLD = (
    "category",
    "item",
    "price",
    "vat_class",
    "description",
    "allergens",
    "may_contain",
    "options",
    "nested_options",
    "available",
    "availability",
    "position",
    "barcode",
    "plu",
    "stock",
    "reorder_point",
    "stock_policy",
    "image",
)
"""Every column, in the order of the file."""
MAX_FILE_NAME_CHARACTERS = 100
NUMBERS = frozenset({"price", "position", "stock", "reorder_point"})
"""Columns whose cells are numbers, which a workbook can add up."""


@dataclass(frozen=True, slots=True)
class ToldMenu:
    """What a file tells of a menu. A category without items has no row."""

    currency_code: str
    categories: Sequence[Category]
    items: Sequence[Item]
    levels: Mapping[UUID, StockLevel]


def rows_of(menu: ToldMenu) -> Iterator[Row]:
    """The header and a row for each item, by category and in their order.

    Raises MenuTooLarge for an item whose options fit into no cell.
    """
    yield TOLD
    categories = {each.id: each for each in menu.categories}
    names = {each.id: (categories[each.category_id].name, each.name) for each in menu.items}
    options = ToldOptions(minor_digits(menu.currency_code), names)

    def place(item: Item) -> tuple[int, str, int, str]:
        category = categories[item.category_id]
        return category.position, category.name, item.position, item.name

    for item in sorted(menu.items, key=place):
        cells = _cells(item, categories[item.category_id].name, menu.levels.get(item.id), options)
        row = tuple(guarded(cells.get(name, "")) for name in TOLD)
        if max(map(len, row)) > MAX_CELL_CHARACTERS:
            raise MenuTooLarge(
                f"The options of {item.name!r} do not fit into a cell of {MAX_CELL_CHARACTERS} characters."
            )
        yield row


def file_name(restaurant: str, on: date) -> str:
    """``casa-demo-menu-2026-11-27``: in ASCII, without what a file system or a header could take for more."""
    words = [word for word in words_of(restaurant) if word.isascii()]
    return "-".join([*words, "menu", on.isoformat()])[-MAX_FILE_NAME_CHARACTERS:].lstrip("-")


def _cells(item: Item, category: str, level: StockLevel | None, options: ToldOptions) -> dict[str, str]:
    cells = {
        "category": category,
        "item": item.name,
        "price": amount(item.price_minor, options.digits),
        "vat_class": item.vat_class,
        "description": item.description,
        "allergens": ", ".join(map(allergen_name, item.allergens)),
        "may_contain": ", ".join(map(allergen_name, item.may_contain)),
        "options": options.groups(item.option_groups),
        "nested_options": options.nested(item.option_groups),
        "available": "yes" if item.available else "no",
        "availability": "; ".join(map(_window, item.windows)),
        "position": str(item.position),
        "barcode": item.barcode,
        "plu": item.plu,
        "image": item.image.hash if item.image else "",
    }
    if item.stock_tracked and level is not None:
        # What was sold beyond the shelf is nothing on the shelf.
        cells["stock"] = str(max(0, level.on_hand))
        cells["reorder_point"] = str(level.reorder_point)
        cells["stock_policy"] = level.policy.value
    return cells


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
