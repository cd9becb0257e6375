import asyncio
import random
import time
from contextvars import Context
from uuid import UUID

import asyncpg
import pytest

from chassis.db import Database, in_transaction
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.tests.conftest import OpenProbe
from chassis.tests.probe import ThingMade

INSERT = "INSERT INTO thing (restaurant_id, name, count) VALUES ($1, $2, $3)"


async def insert(db: Database, tenant: UUID, name: str, count: int = 1) -> None:
    async with db.transaction(tenant) as tx:
        await tx.execute(INSERT, tenant, name, count)


async def count_of(db: Database, tenant: UUID, name: str) -> int | None:
    async with db.transaction(tenant) as tx:
        found: int | None = await tx.fetchval("SELECT count FROM thing WHERE name = $1", name)
        return found


async def test_the_end_of_the_block_commits(db: Database) -> None:
    tenant = new_id()
    await insert(db, tenant, "kept", 7)
    assert await count_of(db, tenant, "kept") == 7


async def test_an_exception_rolls_back_and_passes_through(db: Database) -> None:
    tenant = new_id()
    with pytest.raises(KeyError):
        async with db.transaction(tenant) as tx:
            await tx.execute(INSERT, tenant, "lost", 1)
            tx.emit(ThingMade(name="lost"), subject_id="lost")
            raise KeyError
    assert await count_of(db, tenant, "lost") is None


async def test_a_cancelled_block_rolls_back_and_gives_its_connection_back(open_probe: OpenProbe) -> None:
    db, tenant = await open_probe(pool_size=1), new_id()

    async def slow() -> None:
        async with db.transaction(tenant) as tx:
            await tx.execute(INSERT, tenant, "cancelled", 1)
            await tx.fetchval("SELECT pg_sleep(4)")

    task = asyncio.create_task(slow())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count_of(db, tenant, "cancelled") is None


async def begin_and_wait(db: Database) -> None:
    async with db.transaction(None):
        await asyncio.Event().wait()


async def test_a_block_cancelled_at_its_beginning_gives_back_a_connection_without_a_transaction(
    open_probe: OpenProbe,
) -> None:
    db, complaints = await open_probe(pool_size=1), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
    for turns in range(1, 20):
        task = asyncio.create_task(begin_and_wait(db))
        # Each turn of the loop is another moment of the beginning, in the end after it.
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
    assert complaints == []


async def test_an_error_that_was_caught_inside_cannot_end_in_a_silent_loss(db: Database) -> None:
    tenant = new_id()
    with pytest.raises(RuntimeError, match="nothing was committed"):
        async with db.transaction(tenant) as tx:
            await tx.execute(INSERT, tenant, "swallowed", 1)
            with pytest.raises(asyncpg.UniqueViolationError):
                await tx.execute(INSERT, tenant, "swallowed", 1)
    assert await count_of(db, tenant, "swallowed") is None


async def test_without_a_tenant_there_are_no_rows_and_no_writes(db: Database) -> None:
    tenant = new_id()
    await insert(db, tenant, "hidden")
    async with db.transaction(None) as tx:
        assert await tx.fetchval("SELECT count(*) FROM thing") == 0
        assert await tx.execute("UPDATE thing SET count = 9") == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(None) as tx:
            await tx.execute(INSERT, tenant, "smuggled", 1)


async def test_a_tenant_cannot_write_rows_of_another(db: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(new_id()) as tx:
            await tx.execute(INSERT, new_id(), "foreign", 1)


async def test_interleaved_tenants_on_five_connections_see_only_their_own(db: Database) -> None:
    tenants = [new_id() for _ in range(2_000)]
    order = random.Random(7)

    async def one(tenant: UUID) -> None:
        if order.random() < 0.1:
            with pytest.raises(KeyError):
                async with db.transaction(tenant) as tx:
                    await tx.execute(INSERT, tenant, "undone", 1)
                    raise KeyError
        await insert(db, tenant, str(tenant))
        async with db.transaction(None) as tx:
            assert await tx.fetch("SELECT * FROM thing") == []
        async with db.transaction(tenant) as tx:
            rows = await tx.fetch("SELECT restaurant_id, name FROM thing")
            assert [(row["restaurant_id"], row["name"]) for row in rows] == [(tenant, str(tenant))]

    waiting = iter(tenants)

    async def worker() -> None:
        for tenant in waiting:
            await one(tenant)

    await asyncio.gather(*(worker() for _ in range(16)))


async def test_the_owner_of_the_tables_is_bound_by_row_security_too(admin: asyncpg.Connection) -> None:
    forced = await admin.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'probe'::regnamespace AND relforcerowsecurity"
    )
    assert {row["relname"] for row in forced} == {
        "thing",
        "idempotency",
        *("outbox", "outbox_unnumbered", "outbox_numbered", "outbox_head", "outbox_run"),
        *("inbox", "inbox_parked"),
        *("audit_record", "audit_head"),
    }


async def test_inside_a_transaction_is_known_and_ends_with_it(db: Database) -> None:
    assert not in_transaction()
    async with db.transaction(None):
        assert in_transaction()
        with pytest.raises(RuntimeError, match="inside a transaction"):
            async with db.transaction(None):
                pass
    assert not in_transaction()


async def test_a_pool_without_a_free_connection_answers_unavailable_after_two_seconds(
    open_probe: OpenProbe,
) -> None:
    db = await open_probe(pool_size=1)
    release = asyncio.Event()

    async def hold() -> None:
        async with db.transaction(None):
            await release.wait()

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0.1)
    started = time.perf_counter()
    with pytest.raises(Unavailable) as caught:
        async with db.transaction(None):
            pass
    assert caught.value.reason == "DATABASE_BUSY"
    # Far below what a request may take: a starved machine is late, but nobody waits for ever.
    assert 1.8 < time.perf_counter() - started < 10
    release.set()
    await holder
    async with db.transaction(None) as tx:
        assert await tx.fetchval("SELECT 1") == 1


@pytest.mark.parametrize("pause", [0, 0.1], ids=["at once", "after the news has arrived"])
async def test_a_lost_connection_is_unavailable_and_the_next_transaction_gets_a_new_one(
    db: Database, admin: asyncpg.Connection, pause: float
) -> None:
    with pytest.raises(Unavailable) as caught:
        async with db.transaction(None) as tx:
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            await admin.execute("SELECT pg_terminate_backend($1)", pid)
            await asyncio.sleep(pause)
            await tx.fetchval("SELECT pg_sleep(1)")
    assert caught.value.reason == "DATABASE_UNAVAILABLE"
    for _ in range(5):
        async with db.transaction(None) as tx:
            assert await tx.fetchval("SELECT 1") == 1


async def test_a_database_that_is_not_there_is_unavailable(probe_url: str, db: Database) -> None:
    nowhere = probe_url.replace(probe_url.rsplit(":", 1)[1].split("/")[0], "1")
    with pytest.raises(Unavailable) as caught:
        await Database.connect(nowhere, schema="probe", clock=db.clock)
    assert caught.value.reason == "DATABASE_UNAVAILABLE"


async def test_a_lost_race_under_repeatable_read_asks_for_another_try(db: Database) -> None:
    tenant = new_id()
    await insert(db, tenant, "contended", 0)
    both_have_read = asyncio.Barrier(2)

    async def increment() -> None:
        async with db.transaction(tenant, isolation="repeatable_read") as tx:
            count = await tx.fetchval("SELECT count FROM thing WHERE name = 'contended'")
            await both_have_read.wait()
            await tx.execute("UPDATE thing SET count = $1 WHERE name = 'contended'", count + 1)

    outcomes = await asyncio.gather(increment(), increment(), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ConcurrentUpdate", "NoneType"]
    assert await count_of(db, tenant, "contended") == 1


async def test_waiting_too_long_for_a_row_lock_is_a_conflict(db: Database) -> None:
    tenant = new_id()
    await insert(db, tenant, "locked", 0)
    async with db.transaction(tenant) as tx:
        await tx.execute("UPDATE thing SET count = 1 WHERE name = 'locked'")

        async def other() -> None:
            async with db.transaction(tenant) as second:
                await second.execute("UPDATE thing SET count = 2 WHERE name = 'locked'")

        with pytest.raises(ConcurrentUpdate):
            # A context of its own: this one is inside its transaction, and knows it.
            await asyncio.get_running_loop().create_task(other(), context=Context())
    assert await count_of(db, tenant, "locked") == 1


async def test_a_readonly_transaction_refuses_to_write(db: Database) -> None:
    tenant = new_id()
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with db.transaction(tenant, readonly=True) as tx:
            await tx.execute(INSERT, tenant, "read", 1)


async def test_json_columns_are_python_values(db: Database) -> None:
    async with db.transaction(None) as tx:
        assert await tx.fetchval("SELECT $1::jsonb || '{\"b\": [2]}'", {"a": 1}) == {"a": 1, "b": [2]}


async def test_a_transaction_that_emits_nothing_sends_begin_its_statements_and_commit(
    open_probe: OpenProbe,
) -> None:
    db, sent = await open_probe(pool_size=1), []
    async with db.transaction(None) as tx:
        tx._connection.add_query_logger(lambda query: sent.append(query.query))
    async with db.transaction(None) as tx:
        await tx.fetchval("SELECT 1")
    begin = next(text for text in sent if text.startswith("BEGIN"))
    assert sent == ["COMMIT", begin, "SELECT 1", "COMMIT"]
