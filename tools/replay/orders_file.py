"""Reads a file of past orders: tab-separated, one line of an order per row.

Columns: order_id, quantity, item_name, choice_description (options in square brackets, lists may nest, or
NULL) and item_price (of the whole line, a currency sign in front). Pure.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

COLUMNS = ("order_id", "quantity", "item_name", "choice_description", "item_price")
QUANTITY_MAX = 999
CHOICE_DEPTH_MAX = 4


class FileError(Exception):
    """The file cannot be read; says where and why."""


@dataclass(frozen=True, slots=True)
class PastLine:
    """One line. ``gross_minor`` is quantity x unit price with options, in minor units.

    ``choices`` are the options as written: the first list's own entries, then those of its inner lists.
    """

    row: int
    order_id: str
    quantity: int
    item_name: str
    choices: tuple[tuple[int, str], ...]
    gross_minor: int

    @property
    def unit_minor(self) -> int:
        """The price of one, options included."""
        return self.gross_minor // self.quantity


def read_lines(text: Iterable[str]) -> list[PastLine]:
    """All lines in file order. Raises FileError with the row and what is wrong with it."""
    reader = csv.DictReader(text, delimiter="\t")
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise FileError(f"row 1: the columns {', '.join(missing)} are missing (tab-separated)")
    lines = [_line(number, row) for number, row in enumerate(reader, start=2)]
    if not lines:
        raise FileError("the file has no orders")
    return lines


def _line(number: int, row: dict[str, str]) -> PastLine:
    try:
        quantity = int(row["quantity"])
        gross_minor = _minor(row["item_price"])
        choices = tuple(_choices(row["choice_description"]))
    except (ValueError, TypeError, InvalidOperation) as error:
        raise FileError(f"row {number}: {error}") from error
    if not 1 <= quantity <= QUANTITY_MAX or gross_minor < 0:
        raise FileError(f"row {number}: quantity is 1 to {QUANTITY_MAX} and a price is not negative")
    if gross_minor % quantity:
        raise FileError(f"row {number}: {gross_minor} pence are not {quantity} equal prices")
    return PastLine(number, row["order_id"], quantity, row["item_name"].strip(), choices, gross_minor)


def _minor(text: str) -> int:
    """ "$16.98 " -> 1698. Decimal, because a float would be wrong by a penny somewhere."""
    amount = Decimal(text.strip().lstrip("$£€").replace(",", "")) * 100
    if amount != amount.to_integral_value():
        raise ValueError(f"{text.strip()!r} has parts of a penny")
    return int(amount)


def _choices(text: str) -> Iterator[tuple[int, str]]:
    """(depth, name) of every option: "[Salsa, [Rice, Cheese]]" -> (1, Salsa), (2, Rice), (2, Cheese)."""
    if text in ("NULL", ""):
        return
    depth, word = 0, ""
    for char in text:
        if char not in "[],":
            word += char
            continue
        if word.strip():
            yield depth, word.strip()
        word = ""
        depth += {"[": 1, "]": -1}.get(char, 0)
        if not 0 <= depth <= CHOICE_DEPTH_MAX:
            raise ValueError("the brackets of the choices do not match")
    if depth or word.strip():
        raise ValueError("the brackets of the choices do not match")
