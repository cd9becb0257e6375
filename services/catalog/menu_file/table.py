"""The rows of a CSV file, as text."""

import csv
import io

from services.catalog.domain.errors import UnreadableMenuFile
from services.catalog.domain.menu_file.columns import recognised
from services.catalog.domain.menu_file.entries import Row

MAX_ROWS = 5_000
"""Rows below the header, empty ones included."""
MAX_COLUMNS = 50
DELIMITERS = (",", ";", "\t")
"""In the order in which a tie between them is decided."""


def read_csv(content: bytes) -> list[Row]:
    """All rows, the header first. UTF-8, with or without a byte order mark; comma, semicolon or tab.

    Raises UnreadableMenuFile.
    """
    text = _decoded(content)
    delimiter = sniffed(text)
    rows: list[Row] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            check_size(len(rows), len(record))
            rows.append(tuple(cell.strip() for cell in record))
    except csv.Error as error:
        raise UnreadableMenuFile(f"Row {len(rows) + 1} cannot be read: {error}. Check its quotes.") from None
    return rows


def sniffed(text: str) -> str:
    """The delimiter under which the first row has the most known column names."""
    first = text.split("\n", 1)[0].strip("\r")
    return max(DELIMITERS, key=lambda delimiter: (_known(first, delimiter), -DELIMITERS.index(delimiter)))


def check_size(rows_before: int, cells: int) -> None:
    """Raises UnreadableMenuFile for one row too many, or a row with too many cells."""
    if rows_before > MAX_ROWS:
        raise UnreadableMenuFile(f"More than {MAX_ROWS} rows. Split the file.")
    if cells > MAX_COLUMNS:
        raise UnreadableMenuFile(f"Row {rows_before + 1} has more than {MAX_COLUMNS} columns.")


def _known(line: str, delimiter: str) -> int:
    return sum(
        1 for name in next(csv.reader([line], delimiter=delimiter), []) if recognised(name) is not None
    )


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableMenuFile(
            f"The file is not UTF-8 (byte {error.start}). Save it as CSV UTF-8."
        ) from None
    if "\x00" in text:
        raise UnreadableMenuFile("The file is not text. Save it as CSV UTF-8, or send it as XLSX.")
    return text
