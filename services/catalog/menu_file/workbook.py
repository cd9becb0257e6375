"""The rows of an XLSX file's first sheet, as text.

A workbook is a zip of XML from somebody else's computer: sizes are checked before anything is unpacked,
document types are refused, and formulas are neither computed nor trusted.
"""

import io
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from xml.etree.ElementTree import ParseError

from services.catalog.domain.errors import UnreadableMenuFile
from services.catalog.domain.menu_file.entries import Row
from services.catalog.menu_file.table import MAX_COLUMNS, MAX_ROWS, check_size

MAX_UNPACKED_BYTES = 32 * 1024 * 1024
MAX_PARTS = 200
MAX_RATIO = 200
"""A part that shrinks more than this is a bomb; sheets of repeated text shrink about fifty times."""
RATIO_FREE_BYTES = 1024 * 1024
"""Parts below this size may shrink as they like."""
FORMULA = "=formula"
"""What stands for a formula that is no text."""


def read_xlsx(content: bytes) -> list[Row]:
    """All rows of the first sheet, the header first. A formula stays a text that starts with ``=``.

    Raises UnreadableMenuFile.
    """
    # Imported here: a tenth of a second of start-up for something that a process may never be asked.
    from openpyxl.utils.exceptions import InvalidFileException

    _check_archive(content)
    try:
        return _rows(content)
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        OSError,
    ) as error:
        raise UnreadableMenuFile(
            f"The workbook cannot be read ({type(error).__name__}). Save it again as XLSX."
        ) from error


def _rows(content: bytes) -> list[Row]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    try:
        sheet = book.worksheets[0]
        rows: list[Row] = []
        # The size that a sheet states is not to be believed: bounds of our own replace it.
        for cells in sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS + 1, values_only=True):
            row = tuple(_text(value) for value in cells)
            width = max((index + 1 for index, text in enumerate(row) if text), default=0)
            check_size(len(rows), width)
            rows.append(row[:width])
        return rows
    finally:
        book.close()


def _text(value: object) -> str:
    """What a person would have typed. Numbers are doubles in a workbook: their shortest decimal is what was
    meant.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case float():
            return f"{Decimal(repr(value)).normalize():f}"
        case str():
            return value.strip()
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return FORMULA


def _check_archive(content: bytes) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise UnreadableMenuFile("The file is not an XLSX workbook.") from None
    with archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
            raise UnreadableMenuFile("The workbook is too large when unpacked.")
        for part in parts:
            if part.file_size > RATIO_FREE_BYTES and part.file_size > MAX_RATIO * max(part.compress_size, 1):
                raise UnreadableMenuFile("The workbook is packed too tightly to be a menu.")
            _check_part(archive, part)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Reads a part as far as it says it goes, which also proves its checksum."""
    try:
        data = archive.read(part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnreadableMenuFile(f"A part of the workbook cannot be unpacked: {error}") from None
    if part.filename.endswith((".xml", ".rels")) and (b"<!DOCTYPE" in data or b"<!ENTITY" in data):
        raise UnreadableMenuFile("The workbook holds a document type, which no spreadsheet program writes.")
