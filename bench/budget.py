"""What one order costs in the database, on the bus and between processes, counted and not timed.

How each figure is counted (all are differences over a run at one client, less those over an idle interval of
the same length, divided by the orders that were answered):

- rows: n_tup_ins + n_tup_upd of pg_stat_user_tables, by table; deletions are apart, for they are sweeps.
- index_entries_at_most: a row inserted, or updated without HOT, makes one entry in every index of its table,
  if no partial index leaves it out.
- server_wal_kb: wal_bytes of pg_stat_wal, full-page images included; these are also apart.
- fsyncs: of write-ahead log, by every process of the server (pg_stat_io, object wal); client_fsyncs: of them
  by those that serve a connection, for whomever.
- transactions: xact_commit of pg_stat_database, those that only read included.
- messages: those that JetStream took (our counter fynlo_outbox_published_total); rpcs: calls served (our
  histogram rpc_server_seconds). Both are read at the admin ports.
- cpu_ms: /proc/<pid>/stat of each process, children included.

Read in the log itself (``bench.wal``), without an idle interval to subtract, since it says who wrote what:

- wal_kb, index_entries: what was written and made, by all transactions that wrote into a table of a service.
- before_the_answer: what the transaction of the order wrote. It is answered when that is on disk: a commit is
  one wait for it. What relay and consumers write comes afterwards.
"""

import asyncio
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import asyncpg

from bench import wal
from bench.bars import Account
from bench.stage import Stage

STATISTICS_SECONDS = 11.0
"""An idle backend reports what it counted within ten seconds (PGSTAT_IDLE_INTERVAL of Postgres)."""
ORDERS = "orders.orders"
METRICS = {"fynlo_outbox_published_total": "messages", "rpc_server_seconds_count": "rpcs"}
_SAMPLE = re.compile(r"^([a-zA-Z_:]+)(?:\{[^}]*\})? ([0-9.eE+-]+)$", re.MULTILINE)
TABLES = """
SELECT s.schemaname || '.' || s.relname AS name, s.n_tup_ins AS inserted, s.n_tup_upd AS updated,
    s.n_tup_hot_upd AS hot, s.n_tup_del AS deleted,
    (SELECT count(*) FROM pg_index AS i WHERE i.indrelid = s.relid) AS indexes
FROM pg_stat_user_tables AS s
"""
SERVER = """
SELECT (SELECT wal_bytes FROM pg_stat_wal)::float8 AS wal_bytes,
    (SELECT wal_fpi FROM pg_stat_wal)::float8 AS full_page_images,
    (SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal')::float8 AS fsyncs,
    (SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal' AND backend_type = 'client backend')::float8
        AS client_fsyncs,
    (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())::float8 AS transactions
"""
Counts = Mapping[str, float]


async def database_counts(url: str) -> Counts:
    """What the server has counted so far. ``url``: an administrator's, of the database in question."""
    connection = await asyncpg.connect(url)
    try:
        server = await connection.fetchrow(SERVER)
        tables = await connection.fetch(TABLES)
    finally:
        await connection.close()
    assert server is not None
    found: Counter[str] = Counter({name: value or 0.0 for name, value in server.items()})
    for table in tables:
        rows = table["inserted"] + table["updated"]
        found[f"rows of {table['name']}"] = rows
        found["rows"] += rows
        found["deleted"] += table["deleted"]
        found["index_entries_at_most"] += table["indexes"] * (rows - table["hot"])
    return found


async def checkpoint(url: str) -> None:
    """Writes down what the server has in memory; the next one is minutes away."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def metric_counts(page: str) -> Counts:
    """The figures of METRICS on a page of metrics, summed over their labels."""
    found: dict[str, float] = dict.fromkeys(METRICS.values(), 0.0)
    for name, value in _SAMPLE.findall(page):
        # A process' own names may carry the project's prefix.
        plain = name.removeprefix("fynlo_") if name.removeprefix("fynlo_") in METRICS else name
        if plain in METRICS:
            found[METRICS[plain]] += float(value)
    return found


def per_order(busy: Counts, idle: Counts, orders: int) -> dict[str, Any]:
    """``busy`` and ``idle``: differences over intervals of one length."""
    each = {name: (value - idle.get(name, 0.0)) / max(1, orders) for name, value in busy.items()}
    tables = {
        name.removeprefix("rows of "): round(value, 2)
        for name, value in each.items()
        if name.startswith("rows of ") and round(value, 2)
    }
    cpu = {
        name.removeprefix("cpu of "): round(value * 1000, 3)
        for name, value in each.items()
        if name.startswith("cpu of ")
    }
    plain = {name: round(value, 2) for name, value in each.items() if " of " not in name}
    plain["server_wal_kb"] = round(plain.pop("wal_bytes", 0.0) / 1024, 2)
    return {"orders": orders, **plain, "rows_by_table": tables, "cpu_ms": cpu}


def since(before: Counts, after: Counts) -> Counts:
    """What was counted in between."""
    return {name: value - before.get(name, 0.0) for name, value in after.items()}


def budget_of_an_order(stage: Stage, work: Callable[[], Account]) -> Account:
    """Lets ``work`` run, then nothing for as long. ``work``: an account with its ``answers``.

    After a checkpoint every page is logged whole once. So there is one now, not in the middle, and the pages
    that an order touches are logged by work that is not counted.
    """
    url = stage.urls["admin_database"]
    asyncio.run(checkpoint(url))
    work()
    time.sleep(STATISTICS_SECONDS)
    start, began, log = _counts(stage), time.monotonic(), asyncio.run(wal.position(url))
    answers = work()["answers"]
    logged = wal.by_transaction(asyncio.run(wal.span(url, log)))
    time.sleep(STATISTICS_SECONDS)
    middle, took = _counts(stage), time.monotonic() - began
    time.sleep(took)
    busy, idle = since(start, middle), since(middle, _counts(stage))
    return (
        per_order(busy, idle, answers)
        | logged_per_order(logged.values(), answers)
        | {
            "seconds": round(took, 1),
            "idle": {name: round(value, 3) for name, value in idle.items() if value},
        }
    )


def logged_per_order(logged: Iterable[wal.Written], orders: int) -> dict[str, Any]:
    """What the log says: index entries of all who wrote, and what the transactions of the orders wrote."""
    everything, before = wal.Written(), wal.Written()
    for one in logged:
        everything.add(one)
        if ORDERS in one.bytes_by_name:
            before.add(one)
    return {
        "index_entries": round(everything.index_entries / max(1, orders), 2),
        "wal_kb": round(everything.bytes / 1024 / max(1, orders), 2),
        "entries_by_index": _each(everything.entries_by_index, orders),
        "before_the_answer": {
            "rows": round(before.rows / max(1, orders), 2),
            "index_entries": round(before.index_entries / max(1, orders), 2),
            "wal_kb": round(before.bytes / 1024 / max(1, orders), 2),
            "commits": round(before.commits / max(1, orders), 2),
            "entries_by_index": _each(before.entries_by_index, orders),
            "bytes_by_name": _each(before.bytes_by_name, orders),
        },
    }


def _each(counted: Counts, orders: int) -> dict[str, float]:
    """The most first; hundredths and less are not worth a line."""
    each = {name: round(value / max(1, orders), 2) for name, value in counted.items()}
    return {name: each[name] for name in sorted(each, key=lambda name: -each[name]) if each[name] >= 0.01}


def in_words(budget: Account) -> str:
    """One line."""
    before = budget["before_the_answer"]
    cpu = ", ".join(f"{name} {value:.2f}" for name, value in budget["cpu_ms"].items() if value >= 0.01)
    return (
        f"{budget['rows']:.1f} rows, {budget['index_entries']:.1f} index entries, "
        f"{budget['wal_kb']:.1f} KB WAL, {budget['fsyncs']:.2f} fsyncs, "
        f"of that before the answer {before['rows']:.1f} rows, {before['index_entries']:.1f} index entries, "
        f"{before['wal_kb']:.1f} KB WAL, {before['commits']:.2f} fsyncs; "
        f"{budget['transactions']:.1f} transactions, {budget.get('rpcs', 0):.1f} RPCs, "
        f"{budget.get('messages', 0):.1f} messages; CPU ms: {cpu}"
    )


def _counts(stage: Stage) -> Counts:
    found: Counter[str] = Counter(asyncio.run(database_counts(stage.urls["admin_database"])))
    for name, port in stage.system.ports.items():
        if name.endswith("-admin"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                found.update(metric_counts(answer.read().decode()))
    found.update({f"cpu of {name}": value for name, value in stage.cpu_seconds().items()})
    return found
