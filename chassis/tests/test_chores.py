"""What the leader does beside publishing ends no lead and holds up no event."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from nats.aio.client import Client as NatsClient

from chassis.clock import FakeClock
from chassis.db import STATEMENT_TIMEOUT_MS, Database
from chassis.ids import new_id
from chassis.messaging.relay import OutboxRelay
from chassis.tests.test_relay import _is, all_published, emit, eventually, running

DUE_ROWS = 60_000
WAITS = """
SELECT EXISTS (SELECT FROM outbox_unnumbered)
    OR EXISTS (SELECT FROM outbox_numbered WHERE published_at IS NULL)
"""
HANGING = {
    "outbox_backlog": "SELECT pg_sleep(3600)",
    "chassis_roll": "DO $x$ BEGIN RAISE EXCEPTION 'no'; END $x$",
    "outbox_page": "SELECT pg_sleep(3600)",
    "chassis_sweep_rows": "SELECT 1 / 0",
}


@pytest.fixture
async def relay(db: Database, nats_client: NatsClient, fake_clock: FakeClock) -> AsyncIterator[OutboxRelay]:
    async with running(OutboxRelay(db, nats_client, fake_clock, reconcile_seconds=0.5)) as relay:
        await eventually(lambda: _is(relay.leads))
        yield relay


async def test_everything_that_is_past_its_time_goes_in_one_round_after_another(
    db: Database, relay: OutboxRelay, admin: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    long_ago = fake_clock.now() - timedelta(days=30)
    await admin.execute(
        "INSERT INTO idempotency SELECT gen_random_uuid(), 's', i::text, 'h', 'r', $1"
        " FROM generate_series(1, $2::int) AS i",
        *(long_ago, DUE_ROWS),
    )
    await admin.execute(
        "INSERT INTO inbox (consumer, msg_id, status, received_at, attempts)"
        " SELECT 'c', gen_random_uuid(), 'handled', $1, 1 FROM generate_series(1, $2::int)",
        *(long_ago, DUE_ROWS),
    )

    async def gone() -> bool:
        return not await admin.fetchval(
            "SELECT (SELECT count(*) FROM idempotency) + (SELECT count(*) FROM inbox)"
        )

    # The round at the start of the lead may be over; the one after it comes within SWEEP_SECONDS.
    async with asyncio.timeout(150):
        while not await gone():
            await emit(db, new_id())
            await asyncio.sleep(0.2)
    await eventually(lambda: all_published(db))


async def test_a_chore_that_hangs_or_fails_ends_no_lead_and_holds_up_no_event(
    db: Database, nats_client: NatsClient, fake_clock: FakeClock, admin: asyncpg.Connection
) -> None:
    for name, body in HANGING.items():
        for row in await admin.fetch(
            "SELECT oid::regprocedure::text AS f FROM pg_proc WHERE proname = $1", name
        ):
            definition = await admin.fetchval("SELECT pg_get_functiondef($1::regprocedure)", row["f"])
            head = definition.split("AS $function$")[0].replace("LANGUAGE sql", "LANGUAGE plpgsql")
            perform = body if body.startswith("DO") else f"PERFORM * FROM ({body}) AS x"
            await admin.execute(f"{head} AS $function$ BEGIN {perform}; END $function$")
    relay = OutboxRelay(db, nats_client, fake_clock, reconcile_seconds=0.5)
    async with running(relay):
        await eventually(lambda: _is(relay.leads))
        generation = await admin.fetchval("SELECT generation FROM outbox_state")
        until = asyncio.get_running_loop().time() + 2 * STATEMENT_TIMEOUT_MS / 1000
        while asyncio.get_running_loop().time() < until:
            await emit(db, new_id())
            await eventually(lambda: _nothing_waits(admin))
            assert relay.leads
    assert await admin.fetchval("SELECT generation FROM outbox_state") == generation


async def _nothing_waits(admin: asyncpg.Connection) -> bool:
    return not await admin.fetchval(WAITS)
