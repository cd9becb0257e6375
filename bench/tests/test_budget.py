"""What an order costs is counted, and what the machine does besides is taken out."""

import asyncio
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bench.budget import Counts, database_counts, metric_counts, per_order, since
from harness.fixtures import Infrastructure

DATABASE = "bench_budget_test"
COUNTED_SECONDS = 60


@pytest.fixture(scope="module")
def admin_url(infrastructure: Infrastructure) -> str:
    return infrastructure.postgres()


async def _counted(url: str, before: Counts, rows: float) -> Counts:
    """What was counted since ``before``, awaited: backends report at their end, not at their commit."""
    async with asyncio.timeout(COUNTED_SECONDS):
        while True:
            found = since(before, await database_counts(url))
            if found["rows"] >= rows:
                return found
            await asyncio.sleep(0.1)


async def test_rows_and_index_entries_of_a_transaction_are_counted(admin_url: str) -> None:
    admin = await asyncpg.connect(admin_url)
    url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{DATABASE}"))
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    try:
        connection = await asyncpg.connect(url)
        await connection.execute(
            "CREATE TABLE sale (id int PRIMARY KEY, number int, note text); CREATE INDEX ON sale (number);"
            "CREATE TABLE bare (id int)"
        )
        await connection.close()
        before = await database_counts(url)
        connection = await asyncpg.connect(url)
        async with connection.transaction():
            await connection.execute("INSERT INTO sale SELECT n, n, 'x' FROM generate_series(1, 4) AS n")
            await connection.execute("INSERT INTO bare VALUES (1)")
        await connection.execute("UPDATE sale SET note = 'y' WHERE id = 1")
        await connection.execute("UPDATE sale SET number = 9 WHERE id = 2")
        await connection.close()
        found = await _counted(url, before, 7)
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await admin.close()
    # Four rows in two indexes; the update of a column that no index holds is HOT, the other one is not.
    assert (found["rows"], found["rows of public.sale"], found["rows of public.bare"]) == (7, 6, 1)
    assert found["index_entries_at_most"] == 4 * 2 + 2
    assert found["wal_bytes"] > 0
    assert found["transactions"] >= 3


def test_background_work_is_taken_out_and_the_rest_divided_by_the_orders() -> None:
    busy = {
        "rows": 110.0,
        "wal_bytes": 20480.0 + 1024,
        "rows of s.t": 110.0,
        "cpu of orders": 1.0,
        "rpcs": 40.0,
    }
    idle = {"rows": 10.0, "wal_bytes": 1024.0, "rows of s.t": 10.0, "cpu of orders": 0.5}
    found = per_order(busy, idle, 10)
    assert found["rows"] == 10
    assert found["server_wal_kb"] == 2
    assert found["rpcs"] == 4
    assert found["rows_by_table"] == {"s.t": 10}
    assert found["cpu_ms"] == {"orders": 50.0}


def test_a_page_of_metrics_is_summed_over_its_labels() -> None:
    page = (
        "# TYPE rpc_server_seconds histogram\n"
        'rpc_server_seconds_bucket{service="a",le="1.0"} 7.0\n'
        'rpc_server_seconds_count{service="a",method="m",code="ok"} 7.0\n'
        'rpc_server_seconds_count{service="b",method="m",code="ok"} 5.0\n'
        'fynlo_outbox_published_total{schema="orders"} 3.0\n'
        'fynlo_outbox_published_created{schema="orders"} 1.7e+09\n'
    )
    assert metric_counts(page) == {"rpcs": 12.0, "messages": 3.0}
