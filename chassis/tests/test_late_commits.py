"""Commits that come late and relays that come and go: what a device hears is contiguous, and heard once."""

import asyncio
import contextlib
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient

from chassis.clock import FakeClock
from chassis.db import Database, Transaction, connection_options
from chassis.ids import new_id
from chassis.messaging.inbox import Consumer
from chassis.messaging.relay import OutboxRelay
from chassis.messaging.stream import STREAM, EventContext, ensure_stream
from chassis.tests.conftest import OpenProbe, connect_nats
from chassis.tests.probe import SCHEMA, ThingMade
from chassis.tests.test_numbering import EMPTY
from chassis.tests.test_relay import all_published, eventually, running, stream_content
from deploy.local import places
from deploy.local.embedded import EmbeddedNats, free_port
from harness.fixtures import ModuleDatabases

WRITERS = 32
SLOWEST_SECONDS = 2.0
ROLLED_BACK = 0.2
CHANNELS = tuple(f"channel{chr(ord('a') + number // 5)}{chr(ord('a') + number % 5)}" for number in range(25))
TENANTS = 2
"""With CHANNELS they make 50 channels."""
WINDOW_SECONDS = 1.0
"""JetStream's window of duplicates, for a relay that is away for longer."""


class Device:
    """What one device knows of every channel: it applies the next number and drops what it has."""

    def __init__(self) -> None:
        self.heard: dict[tuple[UUID | None, str], list[UUID]] = defaultdict(list)
        self.skipped: list[EventContext] = []
        self.again: list[EventContext] = []

    def take(self, context: EventContext) -> None:
        for place in context.positions:
            heard = self.heard[context.restaurant_id, place.channel]
            if place.seq == len(heard) + 1:
                heard.append(context.msg_id)
            elif place.seq > len(heard) or heard[place.seq - 1] != context.msg_id:
                self.skipped.append(context)
            else:
                self.again.append(context)


@pytest.fixture
async def own_nats() -> AsyncIterator[EmbeddedNats]:
    folder = places.temporary_folder(places.server_account())
    server = EmbeddedNats(folder / "nats", free_port())
    await server.start()
    yield server
    await server.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def own_client(own_nats: EmbeddedNats) -> AsyncIterator[NatsClient]:
    client = await connect_nats(own_nats.url)
    yield client
    await client.close()


@pytest.fixture(autouse=True)
async def empty(admin: asyncpg.Connection) -> None:
    """What other tests left went to another server."""
    await admin.execute(EMPTY)


@pytest.fixture
async def second_admin(module_databases: ModuleDatabases) -> AsyncIterator[asyncpg.Connection]:
    """For what looks on all the time."""
    connection = await asyncpg.connect(
        module_databases.infrastructure.admin_url,
        database=await module_databases.name(SCHEMA),
        **connection_options(SCHEMA),
    )
    yield connection
    await connection.close()


HOLDER = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@contextlib.asynccontextmanager
async def fought_over(admin: asyncpg.Connection) -> AsyncIterator[None]:
    """Whichever relay leads loses its connection, again and again."""

    async def fight() -> None:
        while True:
            await asyncio.sleep(0.7)
            await admin.execute(HOLDER)

    fighting = asyncio.create_task(fight())
    try:
        yield
    finally:
        fighting.cancel()
        await asyncio.gather(fighting, return_exceptions=True)


async def poll_naively(admin: asyncpg.Connection, done: asyncio.Event) -> set[int]:
    """Asks for what is newer than the newest that it has seen."""
    seen, last = set[int](), 0
    while not done.is_set():
        rows = await admin.fetch("SELECT id FROM outbox WHERE id > $1 ORDER BY id", last)
        seen.update(row["id"] for row in rows)
        last = max([last, *seen])
        await asyncio.sleep(0.005)
    return seen


async def write(db: Database, tenant: UUID, chance: random.Random) -> tuple[list[str], int]:
    """The channels and the number of events of a transaction that draws its ids, takes its time, and commits
    or not.
    """
    channels, events = chance.sample(CHANNELS, chance.randint(1, 3)), chance.randint(1, 3)
    fails, pause = chance.random() < ROLLED_BACK, chance.random() * SLOWEST_SECONDS
    with contextlib.suppress(KeyError):
        async with db.transaction(tenant) as tx:
            for _ in range(events):
                tx.emit(ThingMade(), subject_id="x", channels=channels)
            await tx._write_records(tx._calls(db.clock))
            tx._events.clear()
            await tx.fetchval("SELECT pg_sleep($1)", pause)
            if fails:
                raise KeyError
        return channels, events
    return channels, 0


async def test_devices_hear_all_that_32_slow_writers_commit_without_a_hole_while_relays_come_and_go(
    open_probe: OpenProbe,
    own_client: NatsClient,
    fake_clock: FakeClock,
    admin: asyncpg.Connection,
    second_admin: asyncpg.Connection,
) -> None:
    """What asks for ids above the last, as a control, loses some of the same rows."""
    db, watcher = await open_probe(pool_size=WRITERS), await open_probe(pool_size=1)
    relays = [OutboxRelay(await open_probe(pool_size=1), own_client, fake_clock) for _ in range(2)]
    tenants, chance = [new_id() for _ in range(TENANTS)], random.Random(11)
    kept, done = Counter[tuple[UUID | None, str]](), asyncio.Event()

    async def go_on() -> None:
        for _ in range(5):
            tenant = chance.choice(tenants)
            channels, events = await write(db, tenant, chance)
            kept.update({(tenant, channel): events for channel in channels if events})

    naive = asyncio.create_task(poll_naively(second_admin, done))
    async with running(relays[0]), running(relays[1]):
        async with fought_over(admin):
            await asyncio.gather(*(go_on() for _ in range(WRITERS)))
        await eventually(lambda: all_published(watcher))
    done.set()
    seen = await naive
    stored = {row["id"] for row in await admin.fetch("SELECT id FROM outbox")}
    device = Device()
    for context, _ in await stream_content(own_client):
        device.take(context)
    assert not device.skipped
    assert {channel: len(heard) for channel, heard in device.heard.items()} == dict(kept)
    assert stored - seen, "the naive poller was expected to lose rows"


async def test_after_a_pause_longer_than_the_window_of_duplicates_two_relays_that_fight_repeat_no_effect(
    db: Database,
    open_probe: OpenProbe,
    own_client: NatsClient,
    fake_clock: FakeClock,
    admin: asyncpg.Connection,
) -> None:
    """One relay numbered and published, and died before it marked anything."""
    await ensure_stream(own_client)
    config = (await own_client.jetstream().stream_info(STREAM)).config
    await own_client.jetstream().update_stream(config.evolve(duplicate_window=WINDOW_SECONDS))
    tenant, effects = new_id(), list[int]()

    async def apply(tx: Transaction, event: Message, context: EventContext) -> None:
        effects.append(int(context.subject_id))

    consumer = Consumer(db, own_client, durable=f"probe-{tenant}", handlers={ThingMade: apply})
    consuming = asyncio.create_task(consumer.run())
    numbers = iter(range(1, 1000))

    async def sell(count: int) -> None:
        for number in [next(numbers) for _ in range(count)]:
            async with db.transaction(tenant) as tx:
                tx.emit(ThingMade(number=number), subject_id=str(number), channels=["orders", "floor"])

    try:
        await sell(20)
        died = OutboxRelay(await open_probe(pool_size=1), own_client, fake_clock)
        async with died._leadership() as leadership:
            for row in await leadership.next([], fake_clock.now()):
                await died._publish(row)
        await sell(10)
        await asyncio.sleep(1.5 * WINDOW_SECONDS)
        relays = [OutboxRelay(await open_probe(pool_size=1), own_client, fake_clock) for _ in range(2)]
        async with running(relays[0]), running(relays[1]):
            async with fought_over(admin):
                for _ in range(10):
                    await sell(5)
                    await asyncio.sleep(0.2)
            await eventually(lambda: all_published(db))
        await eventually(lambda: _has(effects, 80))
    finally:
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)
    device = Device()
    for context, _ in await stream_content(own_client):
        device.take(context)
    assert len(device.again) >= 20, "nothing was published twice"
    assert not device.skipped
    assert effects == list(range(1, 81))


async def _has(effects: list[int], count: int) -> bool:
    return len(effects) >= count
