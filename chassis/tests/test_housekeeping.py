import asyncio
from datetime import timedelta

import asyncpg
import pytest

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.ddl import ROLLED, SWEPT
from chassis.db.idempotency import IdempotencyKey
from chassis.ids import new_id
from chassis.tests.probe import ThingMade
from harness.outbox import number_events

PARTITIONS = (
    "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
    " WHERE inhparent = $1::text::regclass ORDER BY 1"
)


async def sweep(db: Database) -> None:
    for parent in ROLLED:
        async with db.transaction(None) as tx:
            await tx.execute("SELECT chassis_roll($1, $2)", parent, db.clock.now())
    for table in SWEPT:
        async with db.transaction(None) as tx:
            await tx.execute("SELECT chassis_sweep_rows($1, $2, 1000)", table, db.clock.now())


async def test_a_fresh_schema_has_days_from_today_on(admin: asyncpg.Connection) -> None:
    today = await admin.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    for parent in ROLLED:
        names = {row["relname"] for row in await admin.fetch(PARTITIONS, parent)}
        # One day less is enough, should midnight fall between migration and test.
        assert {f"{parent}_{today + timedelta(days=ahead):%Y%m%d}" for ahead in range(3)} <= names


async def test_days_are_made_ahead_and_today_is_left_to_its_writers(
    db: Database, fake_clock: FakeClock, admin: asyncpg.Connection
) -> None:
    fake_clock.advance(timedelta(days=400))
    await sweep(db)
    names = {row["relname"] for row in await admin.fetch(PARTITIONS, "outbox")}
    days = [f"outbox_{fake_clock.now() + timedelta(days=ahead):%Y%m%d}" for ahead in range(4)]
    assert names & set(days) == set(days[1:])
    for clock_days in (0, 1):
        fake_clock.advance(timedelta(days=clock_days))
        async with db.transaction(new_id()) as tx:
            tx.emit(ThingMade(), subject_id=f"day {clock_days}", channels=["orders"])
    assert await admin.fetchval("SELECT count(*) FROM outbox_default WHERE subject_id = 'day 0'") == 1
    assert await admin.fetchval(f"SELECT subject_id FROM {days[1]}") == "day 1"
    await sweep(db)  # again: only one more day
    assert len(await admin.fetch(PARTITIONS, "outbox")) == len(names) + 1


async def test_a_day_past_its_72_hours_goes_once_everything_in_it_is_published(
    db: Database, fake_clock: FakeClock, admin: asyncpg.Connection
) -> None:
    fake_clock.advance(timedelta(days=800))
    await sweep(db)
    fake_clock.advance(timedelta(days=1))
    day = f"outbox_{fake_clock.now():%Y%m%d}"
    async with db.transaction(new_id()) as tx:
        tx.emit(ThingMade(), subject_id="old", channels=["orders"])
    fake_clock.advance(timedelta(days=5))
    await sweep(db)
    assert await admin.fetchval("SELECT to_regclass($1::text)", day) is not None
    await number_events(db)
    await sweep(db)
    assert await admin.fetchval("SELECT to_regclass($1::text)", day) is not None
    await admin.execute("UPDATE outbox_numbered SET published_at = now(), stream_seq = 1")
    await sweep(db)
    assert await admin.fetchval("SELECT to_regclass($1::text)", day) is None
    assert await admin.fetchval("SELECT count(*) FROM outbox WHERE subject_id = 'old'") == 0


async def test_rows_in_the_default_partition_go_too_when_published_and_old(
    db: Database, fake_clock: FakeClock, admin: asyncpg.Connection
) -> None:
    fake_clock.advance(timedelta(days=20))
    for subject in ("done", "waiting"):
        async with db.transaction(new_id()) as tx:
            tx.emit(ThingMade(), subject_id=subject)
    await number_events(db)
    async with db.transaction(new_id()) as tx:
        tx.emit(ThingMade(), subject_id="unnumbered")
    await admin.execute(
        "UPDATE outbox_numbered SET published_at = now()"
        " WHERE id IN (SELECT id FROM outbox WHERE subject_id = 'done')"
    )
    fake_clock.advance(timedelta(days=4))
    await sweep(db)
    kept = await admin.fetch(
        "SELECT subject_id FROM outbox WHERE subject_id IN ('done', 'waiting', 'unnumbered') ORDER BY id"
    )
    assert [row["subject_id"] for row in kept] == ["waiting", "unnumbered"]


@pytest.mark.parametrize(("hours", "kept"), [(23, 1), (25, 0)])
async def test_idempotency_keys_live_for_24_hours(
    db: Database, fake_clock: FakeClock, admin: asyncpg.Connection, hours: int, kept: int
) -> None:
    tenant = new_id()
    async with db.transaction(tenant, claiming=IdempotencyKey("s", "k", b"h")) as tx:
        tx.remember(b"reply")
    fake_clock.advance(timedelta(hours=hours))
    await sweep(db)
    assert await admin.fetchval("SELECT count(*) FROM idempotency WHERE restaurant_id = $1", tenant) == kept


async def test_writers_and_housekeeping_do_not_wait_for_each_other_in_a_circle(
    db: Database, fake_clock: FakeClock
) -> None:
    done = asyncio.Event()

    async def write() -> None:
        tenant = new_id()
        while not done.is_set():
            async with db.transaction(tenant) as tx:
                tx.emit(ThingMade(), subject_id="silent")
                tx.emit(ThingMade(), subject_id="loud", channels=["orders"])

    writers = [asyncio.create_task(write()) for _ in range(3)]
    for _ in range(25):
        fake_clock.advance(timedelta(days=1))
        await sweep(db)
    done.set()
    assert await asyncio.gather(*writers) == [None] * 3
