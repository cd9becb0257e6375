"""What the chassis writes at the end travels with the COMMIT; above a size it goes before it, by parameters.
Either way it is the same rows, the same errors, and all or nothing.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.message import Message

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.audit_chain import verify_chain
from chassis.db.calls import with_literals
from chassis.db.commands import Command, execute, in_words
from chassis.db.idempotency import IdempotencyKey
from chassis.db.transactions import COMMIT_TEXT_MAX_CHARACTERS
from chassis.errors import InvalidArgument, Unavailable
from chassis.ids import new_id
from chassis.tests.conftest import OpenProbe
from chassis.tests.probe import SCHEMA, ThingMade

SMALL, LARGE = 10, 2 * COMMIT_TEXT_MAX_CHARACTERS
EITHER_WAY = pytest.mark.parametrize("characters", [SMALL, LARGE], ids=["with the COMMIT", "before it"])
GATE = 4711
"""The advisory lock for which a commit of the thing ``gated`` waits."""
COMMANDS = 150
SLOWEST_KILL_SECONDS = 0.02
TRIES = 400


def a_command(key: str = "key-1") -> Command:
    return Command(new_id(), IdempotencyKey("orders.Place:device-1", key, b"hash of the body"))


async def make(db: Database, command: Command, characters: int = SMALL, *, name: str = "thing") -> str:
    """A command with an effect, an event and an answer of that size, and an audit record."""

    async def body(tx: Transaction) -> Message:
        await tx.execute("INSERT INTO thing VALUES ($1, $2, 1)", command.tenant, name)
        tx.emit(ThingMade(name="e" * characters), subject_id=name)
        audit(tx, "orders.order_cancelled", note=name)
        return ThingMade(name="a" * characters)

    answer: str = (await execute(db, command, in_words(ThingMade), body)).name  # type: ignore[attr-defined]
    return answer


async def left(admin: asyncpg.Connection, tenant: UUID) -> tuple[int, ...]:
    """How many rows of each kind a restaurant has: effect, event, remembered answer, audit record."""
    tables = ("thing", "outbox", "idempotency", "audit_record")
    counts = ", ".join(f"(SELECT count(*) FROM {one} WHERE restaurant_id = $1)" for one in tables)
    return tuple(await admin.fetchrow(f"SELECT {counts}", tenant))


@pytest.fixture
async def gate(admin: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """Closed: whoever inserts the thing ``gated`` has written everything and waits inside its COMMIT."""
    await admin.execute(
        f"CREATE OR REPLACE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NULL; END $$;"
        " CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON thing DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.name = 'gated') EXECUTE FUNCTION wait_at_the_gate()"
    )
    await admin.execute("SELECT pg_advisory_lock($1)", GATE)
    yield admin
    await admin.execute("SELECT pg_advisory_unlock($1)", GATE)
    await admin.execute("DROP TRIGGER gate ON thing")


async def who_waits(gate: asyncpg.Connection) -> int:
    waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"
    async with asyncio.timeout(30):
        while (pid := await gate.fetchval(waiting, GATE)) is None:  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.01)
    return int(pid)


@EITHER_WAY
async def test_what_is_written_is_the_same_by_either_way(
    open_probe: OpenProbe, admin: asyncpg.Connection, characters: int
) -> None:
    db, command, sent = await open_probe(pool_size=1), a_command(), []
    await make(db, a_command(), characters)  # the driver looks up what it does not know yet
    async with db.transaction(None) as tx:
        tx._connection.add_query_logger(lambda query: sent.append(query.query))
    sent.clear()
    assert await make(db, command, characters) == "a" * characters
    end = sent[2:]
    assert len(end) == (1 if characters == SMALL else 2)
    assert end[0].startswith("SELECT outbox_commit(")
    assert end[-1].endswith("COMMIT")
    assert await make(db, command, characters) == "a" * characters
    [event] = await admin.fetch("SELECT * FROM outbox WHERE restaurant_id = $1", command.tenant)
    assert ThingMade.FromString(event["payload"]) == ThingMade(name="e" * characters)
    assert (event["type"], event["subject_id"]) == ("fynlo.probe.v1.ThingMade", "thing")
    assert (event["command_id"], event["created_at"]) == (command.id, db.clock.now())
    assert await left(admin, command.tenant) == (1, 1, 1, 1)


async def test_the_way_changes_at_the_limit(open_probe: OpenProbe) -> None:
    db, sent = await open_probe(pool_size=1), []

    async def emit(subject: str) -> int:
        async with db.transaction(new_id()) as tx:
            tx.emit(ThingMade(), subject_id=subject)
            return len(with_literals(tx._calls(db.clock)))

    await emit("x" * LARGE)  # the driver looks up what it does not know yet
    around = COMMIT_TEXT_MAX_CHARACTERS - await emit("")
    async with db.transaction(None) as tx:
        tx._connection.add_query_logger(lambda query: sent.append(query.query))
    for characters, messages in ((around, 2), (around + 1, 3)):
        sent.clear()
        assert await emit("x" * characters) == COMMIT_TEXT_MAX_CHARACTERS + messages - 2
        assert len(sent) == messages


@EITHER_WAY
@pytest.mark.parametrize(
    "text",
    ["it's", r"\x00", "'; ROLLBACK; --", "$1", "ключ 🍜", "a, b-c@d:e/f_g.h", 'a\n"b"\\', "{a,NULL}", ""],
)
async def test_a_text_is_data_whatever_is_in_it(
    db: Database, admin: asyncpg.Connection, text: str, characters: int
) -> None:
    command = a_command(key=text)
    await make(db, command, characters, name=text)
    assert await make(db, command, characters, name=text) == "a" * characters
    [event] = await admin.fetch("SELECT * FROM outbox WHERE restaurant_id = $1", command.tenant)
    assert (event["subject_id"], event["command_id"]) == (text, text)
    chain = await verify_chain(admin, SCHEMA, command.tenant)
    assert (chain.records, chain.broken) == (1, None)


@EITHER_WAY
async def test_a_text_that_postgres_does_not_take_is_refused_and_nothing_is_written(
    open_probe: OpenProbe, admin: asyncpg.Connection, characters: int
) -> None:
    db, tenant = await open_probe(pool_size=1), new_id()
    with pytest.raises(InvalidArgument) as caught:
        async with db.transaction(tenant) as tx:
            await tx.execute("INSERT INTO thing VALUES ($1, 'a', 1)", tenant)
            tx.emit(ThingMade(name="x" * characters), subject_id="a\x00; COMMIT")
    assert caught.value.reason == "INVALID_TEXT"
    assert await left(admin, tenant) == (0, 0, 0, 0)
    await make(db, Command(tenant, a_command().key))


@EITHER_WAY
async def test_a_failure_that_was_caught_inside_is_no_silent_loss_of_an_event(
    open_probe: OpenProbe, admin: asyncpg.Connection, characters: int
) -> None:
    db, tenant = await open_probe(pool_size=1), new_id()
    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        async with db.transaction(tenant) as tx:
            await tx.execute("INSERT INTO thing VALUES ($1, 'a', 1)", tenant)
            tx.emit(ThingMade(name="x" * characters), subject_id="a")
            with pytest.raises(asyncpg.DivisionByZeroError):
                await tx.execute("SELECT 1 / 0")
    assert await left(admin, tenant) == (0, 0, 0, 0)
    await make(db, Command(tenant, a_command().key))


async def gated(db: Database, command: Command, characters: int) -> str:
    async with db.transaction(command.tenant, claiming=command.key) as tx:
        await tx.execute("SET LOCAL statement_timeout = 0")
        await tx.execute("SET LOCAL lock_timeout = 0")
        await tx.execute("INSERT INTO thing VALUES ($1, 'gated', 1)", command.tenant)
        tx.emit(ThingMade(name="e" * characters), subject_id="gated")
        audit(tx, "orders.order_cancelled")
        tx.remember(b"a" * characters)
    return "done"


@EITHER_WAY
async def test_a_session_that_ends_between_what_is_written_and_its_commit_leaves_nothing(
    db: Database, gate: asyncpg.Connection, characters: int
) -> None:
    command = a_command()
    task = asyncio.create_task(gated(db, command, characters))
    await gate.execute("SELECT pg_terminate_backend($1)", await who_waits(gate))
    with pytest.raises(Unavailable) as caught:
        await task
    assert caught.value.reason == "DATABASE_UNAVAILABLE"
    assert await left(gate, command.tenant) == (0, 0, 0, 0)
    await make(db, command)
    assert await left(gate, command.tenant) == (1, 1, 1, 1)


@EITHER_WAY
async def test_a_task_cancelled_between_what_is_written_and_its_commit_leaves_nothing(
    open_probe: OpenProbe, gate: asyncpg.Connection, characters: int
) -> None:
    """And gives back a connection without a transaction, which keeps its session."""
    db, command = await open_probe(pool_size=1), a_command()
    task = asyncio.create_task(gated(db, command, characters))
    pid = await who_waits(gate)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await left(gate, command.tenant) == (0, 0, 0, 0)
    await make(db, command)
    assert await left(gate, command.tenant) == (1, 1, 1, 1)
    async with db.transaction(None) as tx:
        assert await tx.fetchval("SELECT pg_backend_pid()") == pid


@EITHER_WAY
async def test_commands_whose_sessions_end_at_any_moment_happen_once_or_not_at_all(
    open_probe: OpenProbe, admin: asyncpg.Connection, characters: int
) -> None:
    db, moments = await open_probe(pool_size=4), random.Random(characters)
    commands, answered, going = [a_command() for _ in range(COMMANDS)], set[UUID](), True
    waiting = iter(commands)

    async def kill() -> None:
        role = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        while going:
            await asyncio.sleep(moments.random() * SLOWEST_KILL_SECONDS)
            await admin.execute(f"{role} AND application_name = 'fynlo-{SCHEMA}' AND pid <> pg_backend_pid()")

    async def work() -> None:
        for command in waiting:
            try:
                await make(db, command, characters)
            except Unavailable:
                continue
            answered.add(command.tenant)

    killer = asyncio.create_task(kill())
    await asyncio.gather(*(work() for _ in range(4)))
    going = False
    await killer
    for command in commands:
        rows = await left(admin, command.tenant)
        assert rows == (1, 1, 1, 1) if command.tenant in answered else rows in {(0, 0, 0, 0), (1, 1, 1, 1)}
    for command in commands:
        for _ in range(TRIES):
            try:
                await make(db, command, characters)
                break
            except Unavailable:
                await asyncio.sleep(0.05)
        assert await left(admin, command.tenant) == (1, 1, 1, 1)
