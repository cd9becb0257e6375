"""The rows of a JSON file: ``{"items": [{"category": "Mains", "item": "Soup", "price": "9.50", ...}]}``.

Its members are the columns of a table. A text of it is a text, whatever it begins with: no spreadsheet
program reads it.
"""

import json
from typing import Any

from services.catalog.domain.errors import UnreadableMenuFile
from services.catalog.domain.menu_file.entries import Row
from services.catalog.domain.menu_file.guard import guarded
from services.catalog.menu_file.table import check_size

SHAPE = 'Write {"items": [{"category": "Mains", "item": "Soup", "price": "9.50", "vat_class": "hot_food"}]}.'


def read_json(content: bytes) -> list[Row]:
    """A header of all members and a row for each item. Raises UnreadableMenuFile."""
    try:
        # A number stays as it was written: 9.10 is no double.
        found = json.loads(
            content.decode("utf-8-sig"), parse_int=str, parse_float=str, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        raise UnreadableMenuFile(f"The file is not JSON in UTF-8. {SHAPE}") from None
    items = found.get("items") if isinstance(found, dict) and len(found) == 1 else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnreadableMenuFile(f"The file is not a list of items. {SHAPE}")
    header: dict[str, None] = {}
    for item in items:
        header.update(dict.fromkeys(item))
        check_size(0, len(header))
    rows: list[Row] = [tuple(name.strip() for name in header)]
    for number, item in enumerate(items, start=1):
        check_size(number, len(header))
        rows.append(tuple(_text(item.get(name), number, name) for name in header))
    return rows


def _text(value: Any, number: int, name: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return guarded(value.strip())
        case _:
            raise UnreadableMenuFile(
                f"{name[:40]!r} of item {number} is no text and no number; write it as a cell of a table."
            )


def _refuse(name: str) -> str:
    raise ValueError(name)
