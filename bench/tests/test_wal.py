"""What an order writes is read in the log: by whom, how many rows, and the index entries that were made."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bench import wal
from bench.budget import logged_per_order
from harness.fixtures import Infrastructure

DATABASE = "bench_wal_test"


@pytest.fixture(scope="module")
def admin_url(infrastructure: Infrastructure) -> str:
    return infrastructure.postgres()


@pytest.fixture
async def url(admin_url: str) -> AsyncIterator[str]:
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    yield urlunsplit(urlsplit(admin_url)._replace(path=f"/{DATABASE}"))
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.close()


async def test_the_log_tells_what_each_transaction_wrote(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "CREATE SCHEMA orders; SET search_path = orders;"
        "CREATE TABLE orders (id int PRIMARY KEY, state text, note text);"
        "CREATE INDEX hanging ON orders (id) WHERE state = 'hangs';"
        "CREATE TABLE other (id int PRIMARY KEY)"
    )
    start = await wal.position(url)
    async with connection.transaction():
        await connection.execute("INSERT INTO orders SELECT n, 'x', 'x' FROM generate_series(1, 4) AS n")
        await connection.execute("INSERT INTO other VALUES (1)")
    await connection.execute("UPDATE orders SET note = 'y' WHERE id = 1")
    await connection.execute("UPDATE orders SET state = 'hangs' WHERE id = 2")
    await connection.execute("INSERT INTO other SELECT n FROM generate_series(2, 9) AS n")
    await connection.close()
    first, hot, moved, strange = wal.by_transaction(await wal.span(url, start)).values()
    assert (first.rows, first.commits, first.entries_by_index["orders.hanging"]) == (5, 1, 0)
    assert first.index_entries == 5
    assert (hot.rows, hot.index_entries) == (1, 0)
    assert moved.entries_by_index == {"orders.orders_pkey": 1, "orders.hanging": 1}
    assert (strange.rows, strange.index_entries) == (8, 8)
    assert 0 < first.bytes_by_name["orders.orders"] < first.bytes
    found = logged_per_order([first, hot, moved, strange], 2)
    assert found["index_entries"] == (5 + 2 + 8) / 2
    assert found["wal_kb"] == round(sum(one.bytes for one in (first, hot, moved, strange)) / 1024 / 2, 2)
    before = found["before_the_answer"]
    assert (before["rows"], before["index_entries"], before["commits"]) == (3.5, 3.5, 1.5)
