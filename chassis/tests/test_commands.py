"""A command has its effect once, and tells the process what it did only when that is committed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from io import StringIO
from typing import Any

import asyncpg
import pytest
from google.protobuf.message import Message

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Command, PlatformCommand, answered, begin, execute, in_words
from chassis.db.idempotency import IdempotencyInFlight, IdempotencyKey, IdempotencyKeyReuse
from chassis.errors import InvalidArgument
from chassis.ids import new_id
from chassis.rpc import inbound
from chassis.tests.conftest import OpenProbe
from chassis.tests.probe import ThingMade

Body = Callable[[Transaction], Awaitable[Message]]

THING = in_words(ThingMade)
KEY = IdempotencyKey("orders.Place:device-1", "key-1", b"hash of the body")


def a_command(key: IdempotencyKey = KEY) -> Command:
    return Command(new_id(), key)


def reused(command: Command) -> Command:
    return Command(command.tenant, IdempotencyKey(KEY.scope, KEY.key, b"another body"))


async def count(tx: Transaction) -> int:
    """How often it was called for the restaurant, this time included."""
    made: int = await tx.fetchval(
        "INSERT INTO thing VALUES ($1, 'effects', 1) ON CONFLICT (restaurant_id, name)"
        " DO UPDATE SET count = thing.count + 1 RETURNING count",
        tx.tenant,
    )
    return made


async def make(tx: Transaction) -> Message:
    return ThingMade(number=await count(tx))


async def made(db: Database, command: Command, body: Body = make) -> Any:
    """The answer of a command, whose fields the probe makes up at run time."""
    return await execute(db, command, THING, body)


async def test_a_command_has_one_effect_and_its_replay_is_marked(db: Database) -> None:
    command = a_command()
    with inbound(budget_seconds=9) as first:
        assert (await made(db, command)).number == 1
    with inbound(budget_seconds=9) as again:
        assert (await made(db, command)).number == 1
    assert (first.replayed, again.replayed) == (False, True)
    with pytest.raises(IdempotencyKeyReuse):
        await execute(db, reused(command), THING, make)


async def test_a_command_of_no_restaurant_is_executed_once(db: Database) -> None:
    async def answer(tx: Transaction) -> Message:
        return ThingMade(name=str(new_id()))

    command = PlatformCommand(IdempotencyKey("platform", str(new_id()), b""))
    first = await execute(db, command, THING, answer)
    assert await execute(db, command, THING, answer) == first


async def test_a_command_sends_its_statements_and_two_messages_more(open_probe: OpenProbe) -> None:
    """BEGIN with the claim, COMMIT with everything that the chassis writes. A replay asks why, and ends."""
    db, sent = await open_probe(pool_size=1), []
    async with db.transaction(None) as tx:
        tx._connection.add_query_logger(lambda query: sent.append(query.query.split("(")[0].split()[:2]))

    async def say(tx: Transaction) -> Message:
        tx.emit(ThingMade(name="soup"), subject_id="soup", channels=["kitchen"])
        audit(tx, "orders.order_cancelled")
        return await make(tx)

    await execute(db, a_command(), THING, say)  # the driver looks up what it does not know yet
    command = a_command()
    sent.clear()
    await execute(db, command, THING, say)
    assert sent[0][0] == "BEGIN"
    assert sent[1:] == [["INSERT", "INTO"], ["SELECT", "outbox_commit"]]
    sent.clear()
    await execute(db, command, THING, say)
    assert [words[0] for words in sent] == ["BEGIN", "SELECT", "COMMIT"]


async def test_events_have_the_id_of_their_command_unless_they_are_given_another(
    db: Database, admin: asyncpg.Connection
) -> None:
    async def say(tx: Transaction) -> Message:
        tx.emit(ThingMade(name="a"), subject_id="a")
        tx.emit(ThingMade(name="b"), subject_id="b", command_id="other")
        return ThingMade()

    command = a_command()
    await execute(db, command, THING, say)
    async with db.transaction(command.tenant) as tx:
        tx.emit(ThingMade(name="c"), subject_id="c")
    told = "SELECT subject_id, command_id FROM outbox WHERE restaurant_id = $1"
    rows = await admin.fetch(told, command.tenant)
    assert {tuple(row) for row in rows} == {("a", command.id), ("b", "other"), ("c", None)}


async def test_hooks_are_called_after_the_commit_in_turn_and_not_by_a_replay(db: Database) -> None:
    command, seen = a_command(), []

    async def effects() -> int:
        async with db.transaction(command.tenant) as tx:
            return await tx.fetchval("SELECT count FROM thing WHERE name = 'effects'") or 0

    looks: list[asyncio.Task[int]] = []

    async def say(tx: Transaction) -> Message:
        tx.after_commit(lambda: seen.append("first"))
        tx.after_commit(
            lambda: looks.append(asyncio.get_running_loop().create_task(effects(), context=Context()))
        )
        tx.after_commit(lambda: seen.append("last"))
        assert seen == []
        return await make(tx)

    await execute(db, command, THING, say)
    await execute(db, command, THING, say)
    assert seen == ["first", "last"]
    assert [await look for look in looks] == [1]


async def test_what_is_rolled_back_calls_no_hook(db: Database, admin: asyncpg.Connection) -> None:
    """Refused, caught too late, or ended by the database at its last message."""
    seen: list[str] = []

    async def refused(tx: Transaction) -> Message:
        tx.after_commit(lambda: seen.append("refused"))
        raise InvalidArgument("no")

    async def silent(tx: Transaction) -> Message:
        tx.after_commit(lambda: seen.append("silent"))
        try:
            await tx.execute("SELECT 1 / 0")
        except asyncpg.DivisionByZeroError:
            return ThingMade()
        raise AssertionError("not reached")

    async def ended(tx: Transaction) -> Message:
        tx.after_commit(lambda: seen.append("ended"))
        await admin.execute("SELECT pg_terminate_backend($1)", await tx.fetchval("SELECT pg_backend_pid()"))
        return ThingMade()

    for body in (refused, silent, ended):
        with pytest.raises(Exception):  # noqa: B017 (each has its own; what counts is that it is told)
            await execute(db, a_command(), THING, body)
    assert seen == []


async def test_a_hook_that_fails_is_logged_and_what_is_committed_stands(
    db: Database, log_lines: StringIO
) -> None:
    command, seen = a_command(), []

    def fail() -> None:
        raise ZeroDivisionError

    async def say(tx: Transaction) -> Message:
        tx.after_commit(fail)
        tx.after_commit(lambda: seen.append("next"))
        return await make(tx)

    assert (await made(db, command, say)).number == 1
    assert (await made(db, command, say)).number == 1
    assert seen == ["next"]
    assert "after_commit_failed" in log_lines.getvalue()
    assert "ZeroDivisionError" in log_lines.getvalue()


async def test_an_answer_that_was_given_is_known_before_a_peer_is_asked(db: Database) -> None:
    command = a_command()
    assert await answered(db, command, THING) is None
    first = await execute(db, command, THING, make)
    with inbound(budget_seconds=9) as call:
        assert await answered(db, command, THING) == first
    assert call.replayed
    with pytest.raises(IdempotencyKeyReuse):
        await answered(db, reused(command), THING)


async def test_a_command_of_several_steps_begins_once_and_goes_on_where_it_stands(db: Database) -> None:
    command, taken = a_command(), []

    async def first(tx: Transaction, taken_before: bool) -> int | None:
        taken.append(taken_before)
        tx.emit(ThingMade(name="begun"), subject_id="a")
        return await count(tx)

    with inbound(budget_seconds=9) as call:
        assert await begin(db, command, THING, first) == (None, 1)
        assert await begin(db, command, THING, first) == (None, 2)
        assert not call.replayed  # a step is no answer: what follows is told and recorded
    with pytest.raises(IdempotencyKeyReuse):
        await begin(db, reused(command), THING, first)
    last = await made(db, command)
    assert last.number == 3
    with inbound(budget_seconds=9) as call:
        assert await begin(db, command, THING, first) == (last, None)
    assert call.replayed
    assert taken == [False, True]


async def test_a_step_that_begins_nothing_is_not_remembered(db: Database) -> None:
    command, taken = a_command(), []

    async def nothing(tx: Transaction, taken_before: bool) -> int | None:
        taken.append(taken_before)
        return None

    assert await begin(db, command, THING, nothing) == (None, None)
    assert await begin(db, command, THING, nothing) == (None, None)
    assert taken == [False, False]


async def test_a_step_in_flight_is_told_to_retry_before_any_effect(db: Database) -> None:
    command, claimed, release = a_command(), asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction, taken_before: bool) -> int:
        claimed.set()
        await release.wait()
        return await count(tx)

    running = asyncio.create_task(begin(db, command, THING, slow))
    await claimed.wait()
    with pytest.raises(IdempotencyInFlight):
        await begin(db, command, THING, slow)
    release.set()
    assert await running == (None, 1)
