"""Lists of time cards over 2 * 10^5 of them: a page costs a page, whatever is asked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from chassis.clock import FakeClock
from chassis.db import Database, connection_options
from harness.fixtures import ModuleDatabases, OpenDatabase
from harness.reads import reading
from services.staff.domain.time_card import CardFilter
from services.staff.store import time_card as store

RESTAURANTS = 2
EMPLOYEES = 50
EACH = 100_000
PAGE = 50
FILL_SECONDS = 300
NEWEST = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLACE = UUID("00000000-0000-7000-8000-000000000001")
SOMEBODY = UUID("00000000-0000-7000-8000-000000000007")
_PLACE = "('00000000-0000-7000-8000-' || lpad(place::text, 12, '0'))::uuid"
_EMPLOYEE = "('00000000-0000-7000-8000-' || lpad(employee::text, 12, '0'))::uuid"
PEOPLE = f"""
INSERT INTO employee (restaurant_id, id, name, job, hourly_rate_minor, currency_code, active, version,
    created_at)
SELECT {_PLACE}, {_EMPLOYEE}, 'Employee ' || employee, 'server', 1200, 'GBP', true, 1, $3::timestamptz
FROM generate_series(1, $1::int) AS place, generate_series(1, $2::int) AS employee
"""
CARDS = f"""
INSERT INTO timecard (restaurant_id, id, employee_id, employee_name, clocked_in_at, clocked_out_at, time_zone,
    business_date, flags, version)
SELECT {_PLACE}, gen_random_uuid(), {_EMPLOYEE}, 'Employee ' || employee,
    $3::timestamptz - make_interval(hours => n),
    CASE WHEN n > 1 THEN $3::timestamptz - make_interval(hours => n - 8) END, 'UTC',
    ($3::timestamptz - make_interval(hours => n))::date, '{{}}', 1
FROM generate_series(1, $1::int) AS place, generate_series(1, $2::int) AS employee,
     generate_series(1, {EACH // EMPLOYEES}) AS n
"""
FILTERS = {
    "all": CardFilter(),
    "of one": CardFilter(employee_id=SOMEBODY),
    "of nobody": CardFilter(employee_id=UUID(int=1)),
    "open": CardFilter(open_only=True),
    "open of one": CardFilter(employee_id=SOMEBODY, open_only=True),
    "of a week": CardFilter(from_time=NEWEST - timedelta(days=60), until_time=NEWEST - timedelta(days=53)),
    "of one in a week": CardFilter(
        SOMEBODY, from_time=NEWEST - timedelta(days=60), until_time=NEWEST - timedelta(days=53)
    ),
}


@pytest.fixture
async def db(
    module_databases: ModuleDatabases, service_database: OpenDatabase, fake_clock: FakeClock
) -> Database:
    """Of one connection, filled when the first test asks."""
    db = await service_database("staff", pool_size=1)
    assert module_databases.infrastructure.admin_url is not None
    filler = await asyncpg.connect(
        module_databases.infrastructure.admin_url,
        database=await module_databases.name("staff"),
        **connection_options("staff"),
    )
    try:
        await filler.execute("SET statement_timeout = 0")
        if not await filler.fetchval("SELECT EXISTS (SELECT FROM timecard)"):
            for statement in (PEOPLE, CARDS):
                await filler.execute(statement, RESTAURANTS, EMPLOYEES, NEWEST, timeout=FILL_SECONDS)
            await filler.execute("ANALYZE", timeout=FILL_SECONDS)
    finally:
        await filler.close()
    return db


@pytest.mark.parametrize("which", FILTERS.values(), ids=FILTERS)
async def test_a_page_of_time_cards_costs_a_page_at_either_end_of_a_long_past(
    db: Database, which: CardFilter
) -> None:
    async with db.transaction(PLACE, readonly=True) as tx:
        every = CardFilter(until_time=NEWEST - timedelta(hours=0.9 * EACH / EMPLOYEES))
        [deep] = await store.cards(tx, every, before=None, limit=1)
    for before in (None, deep.id):
        async with reading(db) as read, db.transaction(PLACE, readonly=True) as tx:
            await store.cards(tx, which, before=before, limit=PAGE)
        assert read.rows["timecard"] <= 2 * PAGE + 2
        assert "timecard" not in read.scanned
