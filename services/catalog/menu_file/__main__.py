"""`python -m services.catalog.menu_file FORMAT CURRENCY`: reads a file from its input, writes what it says.

Run by `reading`. It limits itself before it looks at the file.
"""

import os
import resource
import sys

from services.catalog.domain.errors import UnreadableMenuFile
from services.catalog.domain.menu_file.entries import parse
from services.catalog.menu_file.json_file import read_json
from services.catalog.menu_file.reading import UNREADABLE, encoded
from services.catalog.menu_file.table import read_csv
from services.catalog.menu_file.workbook import read_xlsx

MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_CPU_SECONDS = 10
NICE = 10
"""Selling comes first."""
READERS = {"csv": read_csv, "xlsx": read_xlsx, "json": read_json}


def main(file_format: str, currency_code: str) -> int:
    """The exit code: 0 with the file as JSON, UNREADABLE with the reason as text."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    try:
        file = parse(READERS[file_format](sys.stdin.buffer.read()), currency_code)
    except UnreadableMenuFile as problem:
        sys.stdout.write(problem.detail)
        return UNREADABLE
    sys.stdout.buffer.write(encoded(file))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
