"""What a piece of work reads, by the server's own counters: for laws about tables of any length.

    async with reading(db) as read:
        await sweep(shop)
    assert read.rows["ticket"] <= 500
    assert read.scanned == {}

Counters are those of the whole database: nobody else may use it meanwhile. ``db`` has one connection, which
hands in its counts when it is told to.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from chassis.db import Database

_HAND_IN = "SELECT pg_stat_force_next_flush()"
_COUNTED = """
SELECT t.relname AS name, t.seq_tup_read AS scanned, coalesce(i.entries, 0)::bigint AS entries
FROM pg_stat_user_tables AS t LEFT JOIN (
    SELECT relid, sum(idx_tup_read) AS entries FROM pg_stat_user_indexes GROUP BY relid
) AS i USING (relid) WHERE t.schemaname = $1
"""


@dataclass(slots=True)
class Read:
    """Rows by table, and those of them that were read by going through the whole table."""

    rows: dict[str, int] = field(default_factory=dict)
    scanned: dict[str, int] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def reading(db: Database) -> AsyncIterator[Read]:
    """Filled in when the block is over."""
    before, read = await _counted(db), Read()
    yield read
    for name, (scanned, entries) in (await _counted(db)).items():
        scanned, entries = scanned - before[name][0], entries - before[name][1]
        read.rows[name] = scanned + entries
        if scanned:
            read.scanned[name] = scanned


async def _counted(db: Database) -> dict[str, tuple[int, int]]:
    async with db.transaction(None, readonly=True) as tx:
        await tx.fetchval(_HAND_IN)
    async with db.transaction(None, readonly=True) as tx:
        rows = await tx.fetch(_COUNTED, db.schema)
    return {row["name"]: (row["scanned"], row["entries"]) for row in rows}
