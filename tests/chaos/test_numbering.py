"""A relay is struck in the middle of numbering, whenever it comes, and nothing else is taken for it."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fynlo.staff.v1.events_pb2 import ShiftStarted

from chassis.clock import SystemClock
from chassis.db import Database, connection_options
from chassis.ids import new_id
from chassis.messaging.bus import open_nats
from chassis.messaging.relay import OutboxRelay
from deploy.local.embedded import free_ports
from deploy.local.state import start_mark
from harness.fixtures import Infrastructure, ModuleDatabases, OpenDatabase
from tools.chaos.faults import KILL_NUMBERING, Faults
from tools.chaos.network import Link, network
from tools.chaos.observe import HEADS

SERVICE = "staff"
PATIENCE_SECONDS = 60.0
LOOKS_SECONDS = 0.5
"""Long enough for some looks at who waits."""
CUT_SECONDS = 1.5
NUMBER = "SELECT * FROM outbox_next((SELECT generation FROM outbox_state), '{}', '{}', now(), 256)"
HELD = "SELECT EXISTS (SELECT FROM pg_locks WHERE granted AND relation = $1::text::regclass AND mode = $2)"


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.02)


@dataclass(slots=True)
class Lives:
    """Processes that stand for a service's: one after another, as a supervisor starts them."""

    url: str
    folder: Path
    run: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        """What run.json would say."""
        if not self.run or self.run[-1].poll() is not None:
            self.run.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
        pid = self.run[-1].pid
        facts = {"pid": pid, "started": start_mark(pid), "state": "ready"}
        urls = {"admin_database": self.url}
        return {"processes": {SERVICE: facts}, "urls": urls, "data_dir": str(self.folder)}


@pytest.fixture
async def admin_url(infrastructure: Infrastructure, module_databases: ModuleDatabases) -> str:
    server = infrastructure.postgres().rsplit("/", 1)[0]
    return f"{server}/{await module_databases.name(SERVICE)}"


@pytest.fixture
async def admin(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": SERVICE})
    yield connection
    await connection.close()


@pytest.fixture
def lives(admin_url: str, tmp_path: Path) -> Iterator[Lives]:
    it = Lives(admin_url, tmp_path)
    yield it
    for process in it.run:
        process.kill()
        process.wait()


@pytest.fixture
async def db(service_database: OpenDatabase) -> Database:
    return await service_database(SERVICE)


async def sell(db: Database) -> None:
    """One event that waits for its number."""
    async with db.transaction(new_id()) as tx:
        tx.emit(ShiftStarted(), subject_id="1")


async def until_held(admin: asyncpg.Connection) -> None:
    """The strike has begun and has looked, in vain."""
    await eventually(lambda: admin.fetchval(HELD, HEADS, "ExclusiveLock"))
    await asyncio.sleep(LOOKS_SECONDS)


@asynccontextmanager
async def relaying(db: Database, nats_url: str) -> AsyncIterator[None]:
    """A relay of the service runs, as in a process that starts now."""
    bus = await open_nats(nats_url, name=SERVICE)
    task = asyncio.create_task(OutboxRelay(db, bus, SystemClock()).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await bus.close()


async def test_a_relay_that_comes_back_after_the_strike_began_is_struck_in_the_middle_of_numbering(
    lives: Lives, db: Database, admin: asyncpg.Connection, nats_url: str
) -> None:
    faults = Faults(lives.state, numbering_seconds=PATIENCE_SECONDS)
    await sell(db)
    assert faults.kill_numbering(SERVICE)
    await until_held(admin)
    async with relaying(db, nats_url):
        await faults.over()
        await eventually(lambda: admin.fetchval("SELECT NOT EXISTS (SELECT FROM outbox_unnumbered)"))
    [strike] = faults.strikes
    assert strike.kind == KILL_NUMBERING
    assert strike.away_seconds is not None, "nobody waited for the one that was struck"


async def test_a_strike_waits_for_postgres_to_come_back_as_often_as_it_goes(
    lives: Lives, db: Database, admin: asyncpg.Connection, nats_url: str
) -> None:
    host, _, rest = lives.url.rpartition("@")[2].partition(":")
    port, _, name = rest.partition("/")
    [listen] = free_ports(1)
    await sell(db)
    with network([Link("nemesis", "postgres", listen, int(port))]) as between:
        lives.url = lives.url.replace(f"{host}:{port}/{name}", f"127.0.0.1:{listen}/{name}")
        between.harm("nemesis", "postgres", "cut", CUT_SECONDS)
        faults = Faults(lives.state, numbering_seconds=PATIENCE_SECONDS)
        assert faults.kill_numbering(SERVICE)
        await until_held(admin)
        between.harm("nemesis", "postgres", "cut", CUT_SECONDS)
        await eventually(lambda: admin.fetchval(f"SELECT NOT ({HELD})", HEADS, "ExclusiveLock"))
        await until_held(admin)
        async with relaying(db, nats_url):
            await faults.over()
    assert [strike.kind for strike in faults.strikes] == [KILL_NUMBERING]


async def test_what_a_dead_process_still_numbers_is_not_taken_for_its_successor(
    lives: Lives, db: Database, admin: asyncpg.Connection
) -> None:
    before = await asyncpg.connect(db.url, **connection_options(SERVICE))
    await asyncio.sleep(LOOKS_SECONDS)
    faults = Faults(lives.state, numbering_seconds=PATIENCE_SECONDS)
    await sell(db)
    assert faults.kill_numbering(SERVICE)
    await until_held(admin)
    with pytest.raises(asyncpg.LockNotAvailableError):
        await before.fetch(NUMBER)
    assert faults.strikes == []
    assert lives.run[-1].poll() is None
    await before.close()
    successor = await asyncpg.connect(db.url, **connection_options(SERVICE))
    await successor.fetch(NUMBER)
    await faults.over()
    await successor.close()
    assert [strike.kind for strike in faults.strikes] == [KILL_NUMBERING]


async def test_a_process_is_aimed_at_once_at_a_time(
    lives: Lives, db: Database, admin: asyncpg.Connection, nats_url: str
) -> None:
    """Of several that wait for the same moment, only the first would strike anything."""
    faults = Faults(lives.state, numbering_seconds=PATIENCE_SECONDS)
    assert faults.kill_numbering(SERVICE)
    assert not faults.kill_numbering(SERVICE)
    await until_held(admin)
    await sell(db)
    async with relaying(db, nats_url):
        await faults.over()
        assert len(faults.strikes) == 1
        assert faults.kill_numbering(SERVICE)
        await until_held(admin)
        await sell(db)
        await faults.over()
    assert [strike.kind for strike in faults.strikes] == [KILL_NUMBERING] * 2


async def test_a_service_that_numbers_nothing_is_killed_in_the_end(
    lives: Lives, admin: asyncpg.Connection
) -> None:
    faults = Faults(lives.state, numbering_seconds=LOOKS_SECONDS)
    assert faults.kill_numbering(SERVICE)
    await faults.over()
    assert [strike.kind for strike in faults.strikes] == ["kill"]
    assert not await admin.fetchval(HELD, HEADS, "ExclusiveLock")
