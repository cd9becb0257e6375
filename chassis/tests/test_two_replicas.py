"""Two of everything: what one relay and one consumer would never show."""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import nats.errors
import pytest
from google.protobuf.message import Message

from chassis.clock import SystemClock
from chassis.db import Database, Transaction
from chassis.db.errors import ConcurrentUpdate
from chassis.errors import Conflict, Unavailable
from chassis.ids import new_id
from chassis.messaging.stream import EventContext
from chassis.tests import probe
from chassis.tests.probe import ThingMade
from chassis.tests.replica import count
from harness.replicas import Probed, TwoReplicas, two_replicas

PATIENCE_SECONDS = 60.0
REPOSITORY = Path(__file__).resolve().parents[2]


class Kitchen:
    """Counts effects; fails as it is told. One for both replicas, so that it sees what both do."""

    def __init__(self) -> None:
        self.tries: Counter[str] = Counter()
        self.fails: Callable[[str, int], Exception | None] = lambda name, attempt: None

    async def on_thing_made(self, tx: Transaction, event: Message, context: EventContext) -> None:
        self.tries[context.subject_id] += 1
        await count(tx, event, context)
        if error := self.fails(context.subject_id, self.tries[context.subject_id]):
            raise error


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


@pytest.fixture
async def world(kitchen: Kitchen) -> AsyncIterator[TwoReplicas]:
    service = Probed(probe.SCHEMA, probe.ROLE, "probe", {ThingMade: kitchen.on_thing_made})
    async with two_replicas(probe.build, service) as world:
        yield world


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with contextlib.suppress(nats.errors.Error, OSError, asyncpg.PostgresError):
            if await condition():
                return
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.1)


async def sell(db: Database, tenant: UUID, name: str) -> None:
    """Until it is committed; a commit of which nobody knows is found by its name."""
    while True:
        try:
            async with db.transaction(tenant) as tx:
                if not await tx.fetchval("SELECT true FROM outbox WHERE subject_id = $1", name):
                    tx.emit(ThingMade(name=name), subject_id=name, channels=["orders"])
                return
        except (Unavailable, ConcurrentUpdate, asyncpg.PostgresError):
            await asyncio.sleep(0.1)


async def effects(world: TwoReplicas) -> dict[str, int]:
    async with world.admin() as admin:
        return {row["name"]: row["count"] for row in await admin.fetch("SELECT name, count FROM thing")}


async def generation(world: TwoReplicas) -> int:
    async with world.admin() as admin:
        found: int = await admin.fetchval("SELECT generation FROM outbox_state")
    return found


async def test_outages_and_failovers_lose_nothing_double_nothing_and_park_nothing(
    world: TwoReplicas, kitchen: Kitchen
) -> None:
    chance, tenants, sold = random.Random(7), [new_id() for _ in range(3)], list[str]()
    over = asyncio.Event()

    def fails(name: str, attempt: int) -> Exception | None:
        return ConcurrentUpdate("somebody else") if chance.random() < 0.2 else None

    kitchen.fails = fails

    async def till(number: int) -> None:
        while not over.is_set():
            name = f"{number}-{len(sold)}"
            await sell(world.replicas[number % 2].db, tenants[number], name)
            sold.append(name)
            await asyncio.sleep(0.02)

    tills = [asyncio.create_task(till(number)) for number in range(3)]
    await asyncio.sleep(1)
    await world.kill_leader()
    await asyncio.sleep(1.5)
    await world.nats.stop()
    await asyncio.sleep(1)
    await world.nats.start()
    await world.restart_postgres()
    await asyncio.sleep(2)
    await world.lose_stream()
    await asyncio.sleep(1)
    await world.kill_leader()
    await asyncio.sleep(1)
    over.set()
    await asyncio.gather(*tills)
    await eventually(world.is_quiet)
    found = await effects(world)
    assert sorted(found) == sorted(sold)
    assert set(found.values()) == {1}
    assert await world.parked() == []
    async with world.admin() as admin:
        rows = await admin.fetch("SELECT msg_id FROM outbox")
    await eventually(lambda: _holds(world, {str(row["msg_id"]) for row in rows}))


async def _holds(world: TwoReplicas, ids: set[str]) -> bool:
    return set(await world.in_stream()) == ids


async def test_a_concurrent_update_is_no_failure_on_any_replica_after_any_restart(
    world: TwoReplicas, kitchen: Kitchen
) -> None:
    def fails(name: str, attempt: int) -> Exception | None:
        if attempt > 14:
            return None
        return Unavailable("away") if attempt <= 12 else ConcurrentUpdate("held")

    kitchen.fails = fails
    tenant = new_id()
    await sell(world.replicas[0].db, tenant, "payment")
    for restarts in (3, 6, 9):
        await eventually(lambda restarts=restarts: _is(kitchen.tries["payment"] >= restarts))  # type: ignore[misc]
        await world.restart_replica(world.replicas[0])
    await eventually(lambda: _has_effect(world, "payment"))
    assert await world.parked() == []


async def test_failures_are_counted_over_replicas_and_restarts(world: TwoReplicas, kitchen: Kitchen) -> None:
    kitchen.fails = lambda name, attempt: Conflict("never") if name == "poison" else None
    tenant = new_id()
    await sell(world.replicas[0].db, tenant, "poison")
    for tries in (3, 5):
        await eventually(lambda tries=tries: _is(kitchen.tries["poison"] >= tries))  # type: ignore[misc]
        await world.restart_replica(world.replicas[0])
    await sell(world.replicas[0].db, tenant, "fine")
    await eventually(world.is_quiet)
    assert len(await world.parked()) == 1
    async with world.admin() as admin:
        assert await admin.fetchval("SELECT failures FROM inbox_parked") == 8
    # A try that a restart cut short, or that both made, came to no count.
    assert kitchen.tries["poison"] >= 8
    assert await effects(world) == {"fine": 1}


async def test_a_parked_event_has_one_effect_though_both_replicas_are_asked(
    world: TwoReplicas, kitchen: Kitchen
) -> None:
    kitchen.fails = lambda name, attempt: Conflict("not yet")
    await sell(world.replicas[0].db, new_id(), "late")
    await eventually(lambda: _are_parked(world, 1))
    kitchen.fails = lambda name, attempt: None
    async with world.admin() as admin:
        assert await admin.fetchval("SELECT count(*) FROM parked_retry(NULL, NULL, 10)") == 1
    await eventually(world.is_quiet)
    assert await effects(world) == {"late": 1}
    assert await world.parked() == []


async def test_clocks_that_jump_move_neither_the_lead_nor_a_retry(
    world: TwoReplicas, kitchen: Kitchen
) -> None:
    kitchen.fails = lambda name, attempt: Conflict("not yet") if attempt <= 4 else None
    await eventually(lambda: _is(any(replica.relay.leads for replica in world.replicas)))
    before, tenant = await generation(world), new_id()
    jumps = [timedelta(minutes=5), timedelta(minutes=-5), timedelta(minutes=-10), timedelta(0)]
    for number, error in enumerate(jumps):
        for replica, sign in zip(world.replicas, (1, -1), strict=True):
            replica.clock.error = sign * error
        await sell(world.replicas[number % 2].db, tenant, f"sale {number}")
        await eventually(lambda number=number: _is(kitchen.tries[f"sale {number}"] >= 2))  # type: ignore[misc]
    started = time.monotonic()
    await eventually(world.is_quiet)
    # Four failures wait less than a second together; a clock that was believed would hold them for minutes.
    assert time.monotonic() - started < PATIENCE_SECONDS
    assert await effects(world) == {f"sale {number}": 1 for number in range(len(jumps))}
    assert await generation(world) == before


async def test_two_that_keep_house_at_once_delete_each_row_once_and_hold_up_no_sale(
    world: TwoReplicas, kitchen: Kitchen
) -> None:
    async with world.admin() as admin:
        await admin.execute(
            "INSERT INTO idempotency SELECT gen_random_uuid(), 's', i::text, 'h', 'r',"
            " now() - interval '2 days' FROM generate_series(1, 20000) AS i"
        )
    tenant = new_id()

    async def sweep(db: Database) -> int:
        deleted = 0
        for _ in range(20):
            async with db.transaction(None) as tx:
                deleted += await tx.fetchval(
                    "SELECT chassis_sweep_rows('idempotency', $1, 1000)", db.clock.now()
                )
        return deleted

    one, two = (replica.db for replica in world.replicas)
    selling = [asyncio.create_task(sell(one, tenant, str(number))) for number in range(20)]
    by_hand = await asyncio.gather(sweep(one), sweep(two))
    await asyncio.gather(*selling)
    await eventually(world.is_quiet)
    assert sum(by_hand) <= 20_000
    async with world.admin() as admin:
        await eventually(lambda: _count(admin, "SELECT count(*) FROM idempotency", 0))
    assert await effects(world) == {str(number): 1 for number in range(20)}


async def _is(value: bool) -> bool:
    return value


async def _count(admin: asyncpg.Connection, sql: str, expected: int) -> bool:
    return bool(await admin.fetchval(sql) == expected)


async def _has_effect(world: TwoReplicas, name: str) -> bool:
    return (await effects(world)).get(name) == 1


async def _are_parked(world: TwoReplicas, count: int) -> bool:
    async with world.admin() as admin:
        return await _count(admin, "SELECT count(*) FROM inbox_parked WHERE retry_at IS NULL", count)


# -- with processes, which can be stopped for a while ----------------------------------------------------


@contextlib.asynccontextmanager
async def process(world: TwoReplicas) -> AsyncIterator[Process]:
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chassis.tests.replica"),
        *(world.database_url, world.nats.url, world.service.durable),
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'protos' / 'python'}"},
        stdout=PIPE,
    )
    try:
        assert running.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while b"started" not in await running.stdout.readline():
                assert running.returncode is None, "the replica ended"
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()


async def test_a_leader_that_was_stopped_past_its_lock_doubles_nothing_and_loses_nothing() -> None:
    tenant, names = new_id(), [f"{number:03}" for number in range(300)]
    service = Probed(probe.SCHEMA, probe.ROLE, "probe", {ThingMade: count})
    async with contextlib.AsyncExitStack() as stack:
        world = await stack.enter_async_context(two_replicas(probe.build, service, inside=0))
        leader = await stack.enter_async_context(process(world))
        await eventually(lambda: _is_led(world, 1))
        await stack.enter_async_context(process(world))
        db = await Database.connect(world.database_url, schema=probe.SCHEMA, clock=SystemClock())
        stack.push_async_callback(db.close)
        selling = asyncio.create_task(_sell_all(db, tenant, names))
        await eventually(lambda: _published(world, 20))
        leader.send_signal(signal.SIGSTOP)
        await world.kill_leader()
        await eventually(lambda: _is_led(world, 2))
        await selling
        await eventually(lambda: _published(world, len(names)))
        leader.send_signal(signal.SIGCONT)
        await sell(db, tenant, "after")
        await eventually(world.is_quiet)
        assert await effects(world) == dict.fromkeys([*names, "after"], 1)
        assert await world.parked() == []
        async with world.admin() as admin:
            rows = await admin.fetch(
                "SELECT msg_id FROM outbox JOIN outbox_numbered USING (id, created_at) ORDER BY turn, id"
            )
        assert list(dict.fromkeys(await world.in_stream())) == [str(row["msg_id"]) for row in rows]


async def _sell_all(db: Database, tenant: UUID, names: list[str]) -> None:
    for name in names:
        await sell(db, tenant, name)


async def _is_led(world: TwoReplicas, by: int) -> bool:
    return await generation(world) >= by


async def _published(world: TwoReplicas, rows: int) -> bool:
    async with world.admin() as admin:
        found = await admin.fetchval("SELECT count(*) FROM outbox_numbered WHERE published_at IS NOT NULL")
    return bool(found >= rows)
