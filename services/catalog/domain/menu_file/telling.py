"""A menu as the rows of a file: what ``entries.parse`` and ``plan`` read back as the same menu."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.money import minor_digits
from services.catalog.domain.category import Category
from services.catalog.domain.errors import MenuTooLarge
from services.catalog.domain.item import Item
from services.catalog.domain.menu_file.cells import MAX_CELL_CHARACTERS
from services.catalog.domain.menu_file.entries import Row
from services.catalog.domain.menu_file.guard import guarded
from services.catalog.domain.menu_file.option_telling import ToldOptions, allergen_name, amount
from services.catalog.domain.menu_file.timed_menu_cells import timed_menus_cell, windows_cell
from services.catalog.domain.search import words_of
from services.catalog.domain.stock import StockLevel
from services.catalog.domain.timed_menu import TimedMenu

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
    "preparation_minutes",
    "stock",
    "reorder_point",
    "stock_policy",
    "category_menus",
    "menus",
    "image",
)
"""Every column, in the order of the file."""
MAX_FILE_NAME_CHARACTERS = 100
NUMBERS = frozenset({"price", "position", "preparation_minutes", "stock", "reorder_point"})
"""Columns whose cells are numbers, which a workbook can add up."""


@dataclass(frozen=True, slots=True)
class ToldMenu:
    """What a file tells of a menu. A category without items has no row, nor a menu by time of day."""

    currency_code: str
    categories: Sequence[Category]
    items: Sequence[Item]
    levels: Mapping[UUID, StockLevel]
    timed_menus: Sequence[TimedMenu] = ()

    def of_item(self, item: Item) -> dict[str, str]:
        """The cells of the menus by time of day that an item and its category are on."""
        category, own = item.category_id, item.id
        return {
            "category_menus": timed_menus_cell(
                one for one in self.timed_menus if category in one.category_ids
            ),
            "menus": timed_menus_cell(one for one in self.timed_menus if own in one.item_ids),
        }


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
        if menu.timed_menus:
            cells |= menu.of_item(item)
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
        "availability": windows_cell(item.windows),
        "position": str(item.position),
        "barcode": item.barcode,
        "plu": item.plu,
        "preparation_minutes": str(item.preparation_minutes or ""),
        "image": item.image.hash if item.image else "",
    }
    if item.stock_tracked and level is not None:
        # What was sold beyond the shelf is nothing on the shelf.
        cells["stock"] = str(max(0, level.on_hand))
        cells["reorder_point"] = str(level.reorder_point)
        cells["stock_policy"] = level.policy.value
    return cells
