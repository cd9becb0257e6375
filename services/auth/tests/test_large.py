"""What auth deletes by itself and asks for at every start, over 10^5 rows of each kind that piles up."""

from datetime import timedelta

import asyncpg
import pytest

from chassis.clock import FakeClock
from chassis.db import connection_options
from harness.fixtures import ModuleDatabases, OpenDatabase
from harness.reads import reading
from services.auth.store import session as store
from services.auth.tests.builders import Town, context, new_town
from services.auth.usecases import housekeeping
from services.auth.usecases.housekeeping import BATCHES_MAX, SWEEP_BATCH

OLD = 60_000
FRESH = 40_000
"""Of each kind; what is old is more than one sweep deletes."""
SWEEP_ROWS = BATCHES_MAX * SWEEP_BATCH
FILL_SECONDS = 300
ROWS = f"generate_series(1, {OLD + FRESH}) AS n"
AT = f"CASE WHEN n <= {OLD} THEN $1::timestamptz - interval '400 days' ELSE $1::timestamptz END"
ID = "md5('row' || n)::uuid"
HASH = "sha256(convert_to('row' || n, 'UTF8'))"
FILL = {
    "session": f"""
INSERT INTO session (id, restaurant_id, user_id, client, device_id, created_at, expires_at)
SELECT {ID}, NULL, $2, 'ios', 'dev-' || n, {AT}, {AT} FROM {ROWS}""",
    "refresh_token": f"""
INSERT INTO refresh_token (token_hash, session_id, user_id, issued_at)
SELECT {HASH}, {ID}, $2, {AT} FROM {ROWS} WHERE $2::uuid IS NOT NULL""",
    "revocation": f"""
INSERT INTO revocation (kind, subject_id, valid_after, reason)
SELECT 'session', {ID}, {AT}, 'logged_out' FROM {ROWS} WHERE $2::uuid IS NOT NULL""",
    "login_failure": f"""
INSERT INTO login_failure (kind, subject_hash, count, last_at)
SELECT 'place', {HASH}, 1, {AT} FROM {ROWS} WHERE $2::uuid IS NOT NULL""",
    "known_device": f"""
INSERT INTO known_device (user_id, secret_hash, first_at, last_at)
SELECT $2, {HASH}, {AT}, {AT} FROM {ROWS}""",
    "link": f"""
INSERT INTO link (token_hash, purpose, subject_id, issued_at, expires_at)
SELECT {HASH}, 'reset', {ID}, {AT}, {AT} FROM {ROWS} WHERE $2::uuid IS NOT NULL""",
    "quota": f"""
INSERT INTO quota (kind, subject_hash, count, since)
SELECT 'reset', {HASH}, 1, {AT} FROM {ROWS} WHERE $2::uuid IS NOT NULL""",
    "local_mail": f"""
INSERT INTO local_mail (id, recipient, subject, text, link, sent_at)
SELECT {ID}, 'a@b.test', 's', 't', 'l', {AT} FROM {ROWS} WHERE $2::uuid IS NOT NULL""",
}


@pytest.fixture
async def town(
    module_databases: ModuleDatabases, service_database: OpenDatabase, fake_clock: FakeClock
) -> Town:
    """A platform on a database of one connection, with a long past."""
    town = await new_town(context(await service_database("auth", pool_size=1)))
    assert module_databases.infrastructure.admin_url is not None
    filler = await asyncpg.connect(
        module_databases.infrastructure.admin_url,
        database=await module_databases.name("auth"),
        **connection_options("auth"),
    )
    try:
        await filler.execute("SET statement_timeout = 0")
        somebody = await filler.fetchval("SELECT id FROM user_account LIMIT 1")
        for statement in FILL.values():
            await filler.execute(statement, fake_clock.now(), somebody, timeout=FILL_SECONDS)
        await filler.execute("ANALYZE", timeout=FILL_SECONDS)
    finally:
        await filler.close()
    return town


async def test_what_nobody_needs_goes_in_batches_that_read_what_they_delete(town: Town) -> None:
    kinds = [kind for kind in FILL if kind != "refresh_token"]
    async with reading(town.ctx.db) as read:
        deleted = await housekeeping.sweep(town.ctx)
    assert deleted == len(kinds) * SWEEP_ROWS
    assert {kind: rows for kind, rows in read.rows.items() if kind in FILL and rows > 6 * SWEEP_ROWS} == {}
    assert set(FILL).isdisjoint(read.scanned), read.scanned
    assert await housekeeping.sweep(town.ctx) == len(kinds) * (OLD - SWEEP_ROWS)
    limit = 1_000
    async with reading(town.ctx.db) as read, town.ctx.db.transaction(None, readonly=True) as tx:
        since = town.ctx.db.clock.now() - timedelta(minutes=30)
        assert len(await store.revocations_since(tx, since, limit)) == limit
    assert read.rows["revocation"] <= limit
