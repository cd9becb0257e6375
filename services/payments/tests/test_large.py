"""Tills, reports and lists over 2 * 10^5 payments and their ledger: each reads its own rows and no others'.

The tables are filled by SQL, once, with the past of two restaurants, and one drawer that has been open for
very long.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from fynlo.payments.v1 import payments_pb2

from chassis.clock import FakeClock
from chassis.db import connection_options, prepare_connection
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases, OpenDatabase
from harness.reads import reading
from services.payments.domain.till import DrawerKind
from services.payments.tests import pages
from services.payments.tests.world import World, world_of
from services.payments.usecases.ledger import get_trial_balance
from services.payments.usecases.payment import list_payments
from services.payments.usecases.report import get_z_report, list_z_reports, verify_z_reports
from services.payments.usecases.till import list_till_sessions, tills_snapshot

EACH = 100_000
"""Payments of each of two restaurants."""
LONG = 20_000
"""Of them those of the session that is open still."""
SESSIONS = 500
ENTRIES = 3
PAGE = 50
FILL_SECONDS = 300
BIG = {"payment", "ledger_transaction", "ledger_entry", "drawer_event", "bill"}
BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)

# Rows like those that one real payment left; $1 the restaurant, $2 its payment's id, $3 how many.
SESSION = f"""CASE WHEN n <= {LONG} THEN t.till_session_id
              ELSE md5($1::uuid::text || 'session' || n % {SESSIONS})::uuid END"""
TRANSACTION = "md5($1::uuid::text || 'booked' || n)::uuid"
PAID = "md5($1::uuid::text || 'payment' || n)::uuid"
ORDER = "md5($1::uuid::text || 'order' || n)::uuid"
AT = "t.created_at - make_interval(mins => n)"
DAY = "t.business_date - n / 150"
FROM = {
    "bill": "t.order_id = (SELECT order_id FROM payment WHERE restaurant_id = $1 AND id = $2)",
    "payment": "t.id = $2",
    "drawer_event": "t.payment_id = $2",
    "ledger_transaction": "t.payment_id = $2",
    "ledger_entry": """t.transaction_id = (
        SELECT id FROM ledger_transaction WHERE restaurant_id = $1 AND payment_id = $2)""",
    "till_session": "t.id = (SELECT till_session_id FROM payment WHERE restaurant_id = $1 AND id = $2)",
}
CHANGED = {
    "bill": {"order_id": ORDER, "order_number": "n"},
    "payment": {
        "id": PAID,
        "order_id": ORDER,
        "order_number": "n",
        "till_session_id": SESSION,
        "created_at": AT,
        "business_date": DAY,
    },
    "drawer_event": {"id": "gen_random_uuid()", "payment_id": PAID, "till_session_id": SESSION},
    "ledger_transaction": {
        "id": TRANSACTION,
        "payment_id": PAID,
        "till_session_id": SESSION,
        "business_date": DAY,
    },
    "ledger_entry": {"transaction_id": TRANSACTION, "till_session_id": SESSION, "business_date": DAY},
    "till_session": {
        "id": f"md5($1::uuid::text || 'session' || n % {SESSIONS})::uuid",
        "state": "'closed'",
        "opened_at": "t.opened_at - make_interval(hours => n)",
        "closed_at": "t.opened_at - make_interval(hours => n - 1)",
    },
}
COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
"""
ANY_ORDER = "SELECT order_id FROM payment WHERE restaurant_id = $1 ORDER BY created_at LIMIT 1"
Session = payments_pb2.TillSession


@pytest.fixture
async def world(service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[World]:
    """Payments on a database of one connection, whose counters say what it has read."""
    async with world_of(await service_database("payments", pool_size=1), fake_clock) as made:
        yield made


_filled: dict[str, tuple[UUID, Session]] = {}
"""Database -> the restaurant with a past, and the session that is open there."""


@pytest.fixture
async def past(module_databases: ModuleDatabases, world: World) -> Session:
    """The session that is open in a restaurant with a long past."""
    name = await module_databases.name("payments")
    world.clock.advance(max(timedelta(0), BEGAN - world.clock.now()))
    if name not in _filled:
        assert module_databases.infrastructure.admin_url is not None
        filler = await asyncpg.connect(
            module_databases.infrastructure.admin_url, database=name, **connection_options("payments")
        )
        try:
            await prepare_connection(filler)
            # The ledger's balance is checked row by row at the commit; these rows balance as their template.
            await filler.execute("SET statement_timeout = 0; SET session_replication_role = replica")
            for _ in range(2):
                world.restaurant_id = new_id()
                world.settings()
                _filled[name] = world.restaurant_id, await fill(filler, world)
            await filler.execute("ANALYZE", timeout=FILL_SECONDS)
        finally:
            await filler.close()
    world.restaurant_id, session = _filled[name]
    world.settings()
    return session


async def fill(filler: asyncpg.Connection, world: World) -> Session:
    """EACH payments like one that was really taken, with bill, drawer and ledger."""
    session = await world.open_till()
    paid = (await world.pay(world.order(), tip=100, tendered=12_000, till=session.id)).payment
    for table, changed in CHANGED.items():
        names = [row["attname"] for row in await filler.fetch(COLUMNS, table)]
        values = ", ".join(changed.get(name, f"t.{name}") for name in names)
        count = SESSIONS if table == "till_session" else EACH
        await filler.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {values}"
            f" FROM {table} AS t, generate_series(1, $3::int) AS n"
            f" WHERE t.restaurant_id = $1 AND {FROM[table]} AND $2::uuid IS NOT NULL",
            world.restaurant_id,
            UUID(paid.id),
            count,
            timeout=FILL_SECONDS,
        )
    return session


LISTS = {"all": "", "of a till": "till", "of an order": "order", "of both": "both"}


@pytest.mark.parametrize("narrowed", LISTS.values(), ids=LISTS)
async def test_a_page_of_payments_costs_a_page_at_either_end(
    world: World, past: Session, narrowed: str
) -> None:
    order = UUID(
        bytes=(await world.fetchval(f"SELECT {ORDER.replace('n)', '77)')}", world.restaurant_id)).bytes
    )
    late = BEGAN - timedelta(minutes=0.9 * EACH), UUID(int=0)
    for cursor in ("", pages.payments().cursor(late)):
        async with reading(world.db) as read:
            await list_payments(
                world.db,
                world.peers,
                world.restaurant_id,
                pages.payments(PAGE, cursor),
                order_id=order if narrowed in ("order", "both") else None,
                session_id=UUID(past.id) if narrowed in ("till", "both") else None,
            )
        assert read.rows["payment"] <= PAGE + 1
        assert BIG.isdisjoint(read.scanned)


async def test_a_sale_costs_its_own_rows_and_a_drawer_event_those_beside_the_sales(
    world: World, past: Session
) -> None:
    async with reading(world.db) as read:
        await world.pay(world.order(), tendered=12_000, till=past.id)
        await world.move(past, DrawerKind.PAID_IN, 500)
        await world.move(past, DrawerKind.NO_SALE, 0)
    assert sum(read.rows[table] for table in BIG) <= 100
    assert BIG.isdisjoint(read.scanned)


async def test_the_report_of_a_till_reads_the_rows_of_that_till(world: World, past: Session) -> None:
    async with reading(world.db) as read:
        report = await world.x_report(past)
    assert report.order_count > LONG
    assert read.rows["payment"] <= LONG + 100
    assert read.rows["drawer_event"] <= 2 * LONG + 100
    assert read.rows["ledger_entry"] <= (ENTRIES + 1) * LONG + 100
    assert BIG.isdisjoint(read.scanned)


async def test_a_till_is_closed_beside_a_long_past_and_its_z_report_read_and_verified(
    world: World, past: Session
) -> None:
    session = await world.open_till("Back")
    await world.pay(world.order(), tendered=12_000, till=session.id)
    async with reading(world.db) as read:
        closed = await world.close(session, session.expected_minor + 10_000)
        await get_z_report(world.db, world.restaurant_id, closed.report.number)
        await verify_z_reports(world.db, world.restaurant_id)
        await list_z_reports(world.db, world.restaurant_id, pages.reports(PAGE), day=None)
    assert sum(read.rows[table] for table in BIG) <= 100
    assert BIG.isdisjoint(read.scanned)


async def test_sessions_are_listed_by_page_and_open_ones_found_among_many(
    world: World, past: Session
) -> None:
    for open_only in (False, True):
        async with reading(world.db) as read:
            await list_till_sessions(world.db, world.restaurant_id, pages.sessions(PAGE), open_only=open_only)
        assert read.rows["till_session"] <= 2 * PAGE
    async with reading(world.db) as read:
        snapshot = await tills_snapshot(world.db, world.restaurant_id, "tills")
    assert past.id in {str(one.id) for one in snapshot.sessions}
    assert read.rows["till_session"] <= PAGE


async def test_the_trial_balance_of_a_day_reads_that_day_and_that_of_all_time_comes_in_time(
    world: World, past: Session
) -> None:
    day = await world.fetchval(
        "SELECT business_date - 30 FROM till_session WHERE restaurant_id = $1 AND id = $2",
        world.restaurant_id,
        UUID(past.id),
    )
    async with reading(world.db) as read:
        of_day = await get_trial_balance(world.db, world.restaurant_id, day)
    assert of_day
    assert read.rows["ledger_entry"] <= 1_000
    for balance in (of_day, await get_trial_balance(world.db, world.restaurant_id, None)):
        assert sum(one.debit_minor - one.credit_minor for one in balance) == 0
