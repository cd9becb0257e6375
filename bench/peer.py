"""Runs the plain program of ``bench.typical`` on the system's Postgres, and audits what it stored."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg

from bench.typical.app import engine_of
from bench.typical.tables import Base
from deploy.local.embedded import free_port
from tests.system import ROOT

DATABASE = "bench_typical"
PRICE_MINOR = 750
START_SECONDS = 60.0
STOP_SECONDS = 15.0


class PeerLied(Exception):
    """The peer answered for orders that it does not hold: its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A running peer."""

    port: int
    pid: int
    database: str

    async def stored(self) -> tuple[int, int]:
        """Orders and lines that it holds."""
        connection = await asyncpg.connect(self.database)
        try:
            row = await connection.fetchrow(
                "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_lines)"
            )
        finally:
            await connection.close()
        assert row is not None
        return row[0], row[1]


@contextmanager
def running(
    admin_url: str, public_key: Mapping[str, Any], menus: Mapping[str, Iterable[str]]
) -> Iterator[Peer]:
    """The peer in a database of its own, dropped afterwards. ``menus``: restaurant id -> item ids."""
    database = urlunsplit(urlsplit(admin_url)._replace(path=f"/{DATABASE}"))
    asyncio.run(_fresh(admin_url, database, menus))
    port = free_port()
    words = [database, str(port), json.dumps(dict(public_key))]
    process = subprocess.Popen([sys.executable, "-m", "bench.typical", *words], cwd=ROOT)
    try:
        _wait(process, port)
        yield Peer(port, process.pid, database)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        asyncio.run(_drop(admin_url))


def audit(
    before: tuple[int, int], after: tuple[int, int], answers: int, lines_each: int, unsure: int = 0
) -> None:
    """Raises PeerLied unless so many answers left so many orders, each with its lines. ``unsure``: requests
    without a good answer, which may have left an order.
    """
    orders, lines = after[0] - before[0], after[1] - before[1]
    if not answers <= orders <= answers + unsure or lines != orders * lines_each:
        raise PeerLied(f"{answers} orders were answered, {orders} with {lines} lines were stored")


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the plain program did not start (exit code {process.poll()})")


async def _fresh(admin_url: str, database: str, menus: Mapping[str, Iterable[str]]) -> None:
    await _drop(admin_url)
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await admin.close()
    engine = engine_of(database)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
    finally:
        await engine.dispose()
    rows = [
        (UUID(item), UUID(restaurant), f"Dish {number}", PRICE_MINOR)
        for restaurant, items in menus.items()
        for number, item in enumerate(items)
    ]
    inside = await asyncpg.connect(database)
    try:
        await inside.executemany(
            "INSERT INTO products (id, restaurant_id, name, price_minor) VALUES ($1, $2, $3, $4)", rows
        )
        await inside.execute("ANALYZE")
    finally:
        await inside.close()


async def _drop(admin_url: str) -> None:
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    finally:
        await admin.close()
