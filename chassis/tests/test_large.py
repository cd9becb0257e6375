"""The loops of a schedule over 10^5 rows and more: each statement within the time-out of its connection.

The tables are filled by SQL. What is measured in the time-out is the loop itself, by the connection that the
relay or the consumer uses.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from nats.aio.client import Client as NatsClient

from chassis.clock import FakeClock
from chassis.db import STATEMENT_TIMEOUT_MS, Database, connection_options
from chassis.db.ddl import SWEPT
from chassis.ids import new_id
from chassis.messaging.aside import DUE_EACH, DUE_ROWS, Aside, Backoff
from chassis.messaging.relay import BATCH_ROWS, Leadership, OutboxRelay
from chassis.messaging.replay import position
from chassis.messaging.stream import ensure_stream
from chassis.process.chores import BACKLOG_ROWS, SWEEP_ROWS
from chassis.process.reconciler import PAGE_ROWS, Reconciler
from chassis.tests.conftest import OpenProbe
from chassis.tests.probe import ThingMade
from chassis.tests.test_relay import eventually, running
from harness.outbox import NUMBER
from harness.reads import reading

ROWS = 200_000
COMMANDS_PER_SECOND = 1_000
"""Rows must go faster than a busy installation makes them."""
SEQ_ABOVE = 10_000_000

_OUTBOX = """
WITH written AS (
    INSERT INTO outbox (id, restaurant_id, type, subject_id, msg_id, payload, positions, created_at,
                        published_at)
    SELECT nextval('outbox_id_seq'), ('00000000-0000-7000-8000-' || lpad((i % 100)::text, 12, '0'))::uuid,
           'fynlo.probe.v1.ThingMade', i::text, gen_random_uuid(), decode(repeat('00', 300), 'hex'), '[]',
           $1::timestamptz, '-infinity'
    FROM generate_series(1, $3::int) AS i
    RETURNING id, restaurant_id, subject_id),
published AS (
    INSERT INTO outbox_numbered (id, created_at, restaurant_id, turn, positions, published_at, stream_seq)
    SELECT id, $1, restaurant_id, id, '[]', $1, $2::bigint + subject_id::int FROM written
    WHERE $2::bigint IS NOT NULL)
INSERT INTO outbox_unnumbered
SELECT id, $1, restaurant_id, 'floor,orders' FROM written WHERE $2::bigint IS NULL
"""
_NUMBERED = """
WITH given AS (DELETE FROM outbox_unnumbered RETURNING id, created_at, restaurant_id)
INSERT INTO outbox_numbered (id, created_at, restaurant_id, turn, positions)
SELECT id, created_at, restaurant_id, id, '[]' FROM given
"""
_SPOKEN_ONE_IN = {"orders": 1, "kitchen": 2, "floor": 10, "staff": 1_000}
_SPOKEN = """
WITH written AS (
    INSERT INTO outbox (id, restaurant_id, type, subject_id, msg_id, payload, positions, created_at,
                        published_at)
    SELECT nextval('outbox_id_seq'), $2, 'fynlo.probe.v1.ThingMade', i::text, gen_random_uuid(),
           decode(repeat('00', 300), 'hex'), '[]', $1::timestamptz, '-infinity'
    FROM (SELECT i FROM generate_series(1, $3::int) AS i ORDER BY i) AS numbered
    RETURNING id, subject_id::int AS i)
INSERT INTO outbox_unnumbered
SELECT id, $1, $2, concat_ws(',', 'orders', CASE WHEN i % 2 = 0 THEN 'kitchen' END,
                             CASE WHEN i % 10 = 0 THEN 'floor' END, CASE WHEN i % 1000 = 0 THEN 'staff' END)
FROM written
"""
_REPLAY = "SELECT * FROM outbox_replay($1, $2, $3, 2000, 1000000000, 512)"
_IDEMPOTENCY = """
INSERT INTO idempotency SELECT gen_random_uuid(), 's', i::text, 'h', 'r', $1
FROM generate_series(1, $2::int) AS i
"""
_INBOX = """
INSERT INTO inbox (consumer, msg_id, status, received_at, attempts)
SELECT 'c', gen_random_uuid(), 'handled', $1, 1 FROM generate_series(1, $2::int) AS i
"""
_PARKED = """
INSERT INTO inbox_parked (consumer, msg_id, subject, headers, payload, attempts, error, parked_at, retry_at)
SELECT 'c', gen_random_uuid(),
       'fynlo.probe.v1.ThingMade.00000000-0000-7000-8000-' || lpad((i % $2::int)::text, 12, '0'),
       '{}', '', 1, 'no', $1, CASE WHEN i % 4 <> 0 THEN now() - make_interval(secs => $4) END
FROM generate_series(1, $3::int) AS i
"""
_EMPTY = """
TRUNCATE outbox, outbox_unnumbered, outbox_numbered, outbox_again, outbox_head, outbox_run, inbox,
    inbox_parked, idempotency
"""


@pytest.fixture
async def filler(admin: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may take its time, over empty tables."""
    await admin.execute("SET statement_timeout = 0")
    await admin.execute(_EMPTY)
    yield admin
    await admin.execute(_EMPTY)


@pytest.fixture
async def leader(probe_url: str, filler: asyncpg.Connection) -> AsyncIterator[Leadership]:
    """A connection as the relay's, with its generation and its time-out."""
    connection = await asyncpg.connect(probe_url, **connection_options("probe"))
    yield Leadership(connection, await connection.fetchval("SELECT outbox_lead()"))
    await connection.close()


async def fill_outbox(filler: asyncpg.Connection, at: datetime, rows: int, first_seq: int | None) -> None:
    await filler.execute(_OUTBOX, at, first_seq, rows, timeout=600)


async def test_a_long_backlog_behind_a_long_past_is_published_page_by_page_and_measured(
    leader: Leadership, filler: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    await fill_outbox(filler, fake_clock.now(), ROWS, SEQ_ABOVE)
    await fill_outbox(filler, fake_clock.now(), ROWS, None)
    acked: list[tuple[int, int]] = []
    seen: list[int] = []
    for _ in range(20):
        rows = await leader.next(acked, fake_clock.now())
        assert len(rows) == BATCH_ROWS
        seen += [row["turn"] for row in rows]
        acked = [(row["turn"], SEQ_ABOVE) for row in rows]
    assert seen == sorted(set(seen))
    row = await leader.connection.fetchrow("SELECT * FROM outbox_backlog($1)", BACKLOG_ROWS)
    assert (row["waiting"], row["oldest"]) == (BACKLOG_ROWS, fake_clock.now())


@pytest.mark.parametrize("counted_as_none", [False, True])
async def test_the_search_for_lost_events_goes_through_every_row_page_by_page(
    leader: Leadership,
    filler: asyncpg.Connection,
    admin: asyncpg.Connection,
    fake_clock: FakeClock,
    counted_as_none: bool,
) -> None:
    """With the unpublished ones on top, among which an earlier search looked for a published one; also where
    the tables were counted while all of it was being written, and the planner takes them for empty.
    """
    async with filler.transaction():
        await fill_outbox(filler, fake_clock.now(), ROWS, SEQ_ABOVE)
        await fill_outbox(filler, fake_clock.now(), ROWS, None)
        await filler.execute(_NUMBERED, timeout=600)
        if counted_as_none:
            await admin.execute("ANALYZE outbox, outbox_numbered")
    # A page that has to make room among the new ones would wait for the disk to take all of them.
    await admin.execute("CHECKPOINT", timeout=600)
    before, pages, published = 2**63 - 1, 0, 0
    since = fake_clock.now() - timedelta(hours=72)
    while rows := await leader.connection.fetch(
        "SELECT * FROM outbox_page($1, $2, $3)", before, PAGE_ROWS, since
    ):
        before, pages = rows[-1]["id"], pages + 1
        published += sum(row["stream_seq"] is not None for row in rows)
    assert (pages, published) == (2 * ROWS // PAGE_ROWS, ROWS)


async def test_a_stream_that_lost_everything_is_handed_back_whole(
    leader: Leadership,
    filler: asyncpg.Connection,
    fake_clock: FakeClock,
    nats_client: NatsClient,
) -> None:
    """No event of these rows was ever in the stream."""
    await ensure_stream(nats_client)
    await fill_outbox(filler, fake_clock.now(), ROWS // 2, SEQ_ABOVE)
    reconciler = Reconciler(nats_client, "probe", fake_clock)
    reconciler.suspect()
    steps = 0
    while await filler.fetchval("SELECT EXISTS (SELECT FROM outbox_numbered WHERE published_at IS NOT NULL)"):
        await reconciler.step(leader)
        steps += 1
        assert steps < ROWS
    assert await leader.connection.fetchval("SELECT waiting FROM outbox_backlog(1)") == 1


async def test_a_page_of_a_replay_reads_what_it_gives_and_not_what_other_channels_said_in_between(
    open_probe: OpenProbe, leader: Leadership, filler: asyncpg.Connection
) -> None:
    """200,000 events of one restaurant, all on one channel, fewer on others, every thousandth on the last;
    their numbers are those that the relay's function gives.
    """
    db, tenant = await open_probe(pool_size=1), new_id()
    await filler.execute(_SPOKEN, db.clock.now(), tenant, ROWS, timeout=600)
    while await filler.fetchval(NUMBER, timeout=600):
        pass
    for channel, every in _SPOKEN_ONE_IN.items():
        count = ROWS // every
        for after in {0, count // 2, max(0, count - 2_000), count - 1}:
            async with db.transaction(tenant, readonly=True) as tx:
                epoch, head = await position(tx, channel)
            assert head == count
            async with reading(db) as read, db.transaction(tenant, readonly=True) as tx:
                rows = await tx.fetch(_REPLAY, channel, epoch, after)
            assert [row["seq"] for row in rows] == list(range(after + 1, min(count, after + 2_000) + 1))
            assert [int(row["subject_id"]) for row in rows] == [every * row["seq"] for row in rows]
            # Each event by its key, and the runs that name them.
            assert sum(read.rows.values()) <= len(rows) * 1.5 + 50
            assert read.scanned == {}


async def test_what_is_past_its_time_goes_faster_than_it_comes(
    leader: Leadership, filler: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    long_ago = fake_clock.now() - timedelta(days=30)
    await filler.execute(_IDEMPOTENCY, long_ago, ROWS, timeout=600)
    await filler.execute(_IDEMPOTENCY, fake_clock.now(), ROWS, timeout=600)
    await filler.execute(_INBOX, long_ago, ROWS, timeout=600)
    await filler.execute(_INBOX, fake_clock.now(), ROWS, timeout=600)
    await fill_outbox(filler, long_ago, ROWS // 2, SEQ_ABOVE)
    deleted, started = 0, time.monotonic()
    for table in SWEPT:
        while count := await leader.connection.fetchval(
            "SELECT chassis_sweep_rows($1, $2, $3)", table, fake_clock.now(), SWEEP_ROWS
        ):
            assert count <= SWEEP_ROWS
            deleted += count
    seconds = time.monotonic() - started
    assert deleted == 2 * ROWS + 2 * (ROWS // 2)
    # Half an hour's commands of the busiest house go in half an hour of nothing but this, with room to spare.
    assert deleted / seconds > COMMANDS_PER_SECOND
    for table in ("idempotency", "inbox"):
        assert await filler.fetchval(f"SELECT count(*) FROM {table}") == ROWS


async def test_whose_turn_it_is_among_many_that_wait_is_shared_out_though_one_has_waited_longest(
    db: Database, filler: asyncpg.Connection, fake_clock: FakeClock
) -> None:
    now = fake_clock.now()
    await filler.execute(_PARKED, now, 20, 100_000, 60, timeout=600)
    await filler.execute(_PARKED, now, 1, DUE_ROWS, 3600, timeout=600)
    aside = Aside(db, "c", Backoff())
    due = await aside.due()
    assert len(due) >= 10
    assert all(0 < len(ids) <= DUE_EACH for ids in due.values())
    assert await aside.next_seconds() is not None
    assert aside.parked == 10_001


async def test_the_leader_keeps_its_lead_and_a_sale_its_pace_over_full_tables(
    open_probe: OpenProbe,
    filler: asyncpg.Connection,
    fake_clock: FakeClock,
    nats_client: NatsClient,
) -> None:
    """All chores at once, as `run` does them: the sale is published while they go on."""
    await ensure_stream(nats_client)
    long_ago = fake_clock.now() - timedelta(days=30)
    await filler.execute(_IDEMPOTENCY, long_ago, ROWS, timeout=600)
    await filler.execute(_INBOX, long_ago, ROWS, timeout=600)
    await filler.execute(_PARKED, fake_clock.now(), 100, ROWS // 2, 60, timeout=600)
    db = await open_probe()
    relay = OutboxRelay(db, nats_client, fake_clock, reconcile_seconds=0.5)
    async with running(relay):
        await eventually(lambda: _is(relay.leads))
        generation = await filler.fetchval("SELECT generation FROM outbox_state")
        until = time.monotonic() + 2 * STATEMENT_TIMEOUT_MS / 1000
        while time.monotonic() < until:
            name = str(new_id())
            async with db.transaction(UUID(name)) as tx:
                tx.emit(ThingMade(name=name), subject_id=name)
            await eventually(lambda name=name: _published(filler, name))  # type: ignore[misc]
            await asyncio.sleep(0.05)
        assert relay.leads
    assert await filler.fetchval("SELECT generation FROM outbox_state") == generation


async def _is(value: bool) -> bool:
    return value


async def _published(filler: asyncpg.Connection, name: str) -> bool:
    return bool(
        await filler.fetchval(
            "SELECT published_at IS NOT NULL FROM outbox_numbered WHERE restaurant_id = $1", UUID(name)
        )
    )
