"""`python -m services.catalog.menu_file FORMAT CURRENCY`: reads a file from its input, writes what it says.

Run by `reading`.
"""

import sys

from services.catalog.confined import UNREADABLE, confine
from services.catalog.domain.errors import UnreadableMenuFile
from services.catalog.domain.menu_file.entries import parse
from services.catalog.menu_file.json_file import read_json
from services.catalog.menu_file.reading import encoded
from services.catalog.menu_file.table import read_csv
from services.catalog.menu_file.workbook import read_xlsx

READERS = {"csv": read_csv, "xlsx": read_xlsx, "json": read_json}


def main(file_format: str, currency_code: str) -> int:
    """The exit code: 0 with the file as JSON, UNREADABLE with the reason as text."""
    confine()
    try:
        file = parse(READERS[file_format](sys.stdin.buffer.read()), currency_code)
    except UnreadableMenuFile as problem:
        sys.stdout.write(problem.detail)
        return UNREADABLE
    sys.stdout.buffer.write(encoded(file))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
