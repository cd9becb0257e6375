"""What a crash of Postgres may take back: a commit that said so, and only with all that came after it."""

import asyncio
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.tests import probe
from deploy.local import places
from deploy.local.embedded import free_port
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.provision import ROLES, provision

PASSWORDS = {role: secrets.token_urlsafe(16) for role in ROLES}
CLIENTS = 4
ENOUGH = 100
TAKE = (
    "INSERT INTO thing VALUES ($1, 'last', 1) ON CONFLICT (restaurant_id, name)"
    " DO UPDATE SET count = thing.count + 1 RETURNING count"
)


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    made = places.temporary_folder(places.server_account())
    yield made
    shutil.rmtree(made)


async def connect(server: EmbeddedPostgres, clock: FakeClock) -> Database:
    url = server.database_url(probe.ROLE, PASSWORDS[probe.ROLE], probe.SCHEMA)
    return await Database.connect(url, schema=probe.SCHEMA, clock=clock)


async def test_a_number_taken_without_waiting_for_the_disk_is_never_behind_what_has_it(
    folder: Path, fake_clock: FakeClock
) -> None:
    """Number and what is numbered are two commits, of which the second waits; nothing answered is lost."""
    tenant, answered, enough = new_id(), list[int](), asyncio.Event()
    server = EmbeddedPostgres(folder / "postgres", free_port())
    await server.start()
    await provision(server.url, probe.SCHEMA, PASSWORDS)
    await probe.build(server.database_url("fynlo_owner", PASSWORDS["fynlo_owner"], probe.SCHEMA))
    db = await connect(server, fake_clock)

    async def sell() -> None:
        while True:
            async with db.transaction(tenant, durable=False) as tx:
                number = await tx.fetchval(TAKE, tenant)
            async with db.transaction(tenant) as tx:
                await tx.execute("INSERT INTO thing VALUES ($1, $2, $3)", tenant, f"order {number}", number)
            answered.append(number)
            if len(answered) >= ENOUGH:
                enough.set()

    selling = [asyncio.create_task(sell()) for _ in range(CLIENTS)]
    await enough.wait()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGQUIT)  # every process at once, nothing is flushed
    for outcome in await asyncio.gather(*selling, return_exceptions=True):
        assert isinstance(outcome, Unavailable | asyncpg.PostgresError)
    await db.close()
    await server.stop()
    again = EmbeddedPostgres(folder / "postgres", free_port())
    await again.start()
    db = await connect(again, fake_clock)
    async with db.transaction(tenant) as tx:
        last = await tx.fetchval("SELECT count FROM thing WHERE name = 'last'")
        kept = [row["count"] for row in await tx.fetch("SELECT count FROM thing WHERE name <> 'last'")]
    await db.close()
    await again.stop()
    assert set(answered) <= set(kept)
    assert len(set(kept)) == len(kept)
    assert max(kept) <= last
