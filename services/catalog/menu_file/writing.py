"""Rows of a menu as a file. The same rows are the same bytes, whenever and wherever they are written."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from xml.sax.saxutils import escape

from services.catalog.domain.errors import MenuTooLarge
from services.catalog.domain.menu_file.entries import Row
from services.catalog.domain.menu_file.guard import GUARD, unguarded
from services.catalog.domain.menu_file.telling import NUMBERS

MAX_FILE_BYTES = 2 * 1024 * 1024
"""What an import takes."""
BYTE_ORDER_MARK = "\ufeff"
"""Spreadsheet programs take a CSV file without it for one of their old code pages."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first day of the clock of ZIP files: a workbook does not say when it was written."""
_NO_XML = {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/relationships/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}/relationships"><sheets>'
    '<sheet name="Menu" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def write_csv(rows: Sequence[Row]) -> bytes:
    """UTF-8 with a byte order mark and commas. A barcode stands behind an apostrophe: where it is a number
    spreadsheet programs round it to 5.01E+12.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    header, *items = rows
    barcode = header.index("barcode")
    writer.writerow(header)
    for row in items:
        marked = f"{GUARD}{row[barcode]}" if row[barcode] else ""
        writer.writerow((*row[:barcode], marked, *row[barcode + 1 :]))
    return (BYTE_ORDER_MARK + file.getvalue()).encode()


def write_json(rows: Sequence[Row]) -> bytes:
    """``{"items": [{"category": "Mains", ...}]}``: texts without guards; what is empty is left out."""
    header, *items = rows
    told = [{name: unguarded(text) for name, text in zip(header, row, strict=True) if text} for row in items]
    return (json.dumps({"items": told}, ensure_ascii=False, indent=1) + "\n").encode()


def write_xlsx(rows: Sequence[Row]) -> bytes:
    """A workbook of one sheet, with numbers where they are numbers and no formula anywhere."""
    numbers = [name in NUMBERS for name in rows[0]]
    lines = "".join(
        f"<row>{''.join(map(_cell, row, numbers if index else [False] * len(row)))}</row>"
        for index, row in enumerate(rows)
    )
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in {**_PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            part = zipfile.ZipInfo(name, LONG_AGO)
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, _HEAD + text)
    return file.getvalue()


def _cell(text: str, is_number: bool) -> str:
    if not text:
        return "<c/>"
    if is_number:
        return f"<c><v>{text}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text.translate(_NO_XML))}</t></is></c>'


WRITERS: Mapping[str, Callable[[Sequence[Row]], bytes]] = MappingProxyType(
    {"csv": write_csv, "xlsx": write_xlsx, "json": write_json}
)
"""By format."""


def written(rows: Sequence[Row], file_format: str) -> bytes:
    """The file. Raises MenuTooLarge where it is larger than an import takes."""
    content = WRITERS[file_format](rows)
    if len(content) > MAX_FILE_BYTES:
        raise MenuTooLarge(f"The file would be larger than {MAX_FILE_BYTES} bytes; export XLSX, which packs.")
    return content
