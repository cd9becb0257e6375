import asyncio
import contextlib
import json
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from io import StringIO
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.message import Message
from nats.aio.client import Client as NatsClient
from nats.js.errors import NotFoundError

from chassis.clock import FakeClock
from chassis.db import Database, Transaction
from chassis.ids import new_id
from chassis.messaging.inbox import Consumer
from chassis.messaging.relay import Leadership, OutboxRelay, Superseded
from chassis.messaging.stream import STREAM, EventContext, ensure_stream, event_context, subject_of
from chassis.tests.conftest import OpenProbe, connect_nats
from chassis.tests.probe import ThingMade
from deploy.local import places
from deploy.local.embedded import EmbeddedNats, free_port

PATIENCE_SECONDS = 20.0


async def emit(db: Database, tenant: UUID, name: str = "thing") -> None:
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(name=name), subject_id=name, channels=["orders"], command_id="c-1")


async def stream_content(client: NatsClient) -> list[tuple[EventContext, bytes]]:
    """Every message of the stream, in its order."""
    jetstream = client.jetstream()
    try:
        state = (await jetstream.stream_info(STREAM)).state
    except NotFoundError:
        return []
    found = []
    for seq in range(max(1, state.first_seq), state.last_seq + 1):
        try:
            message = await jetstream.get_msg(STREAM, seq, direct=True)
        except NotFoundError:  # purged
            continue
        assert message.headers is not None
        found.append((event_context(message.subject or "", message.headers), message.data or b""))
    return found


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.02)


async def all_published(db: Database) -> bool:
    async with db.transaction(None) as tx:
        waiting: int = await tx.fetchval("SELECT waiting FROM outbox_backlog(1)")
    return waiting == 0


@contextlib.asynccontextmanager
async def running(relay: OutboxRelay) -> AsyncIterator[OutboxRelay]:
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def relay(db: Database, nats_client: NatsClient, fake_clock: FakeClock) -> AsyncIterator[OutboxRelay]:
    async with running(OutboxRelay(db, nats_client, fake_clock)) as relay:
        yield relay


async def of_restaurant(client: NatsClient, tenant: UUID) -> list[tuple[EventContext, bytes]]:
    return [found for found in await stream_content(client) if found[0].restaurant_id == tenant]


async def test_a_committed_event_arrives_with_all_that_is_known_of_it(
    db: Database, relay: OutboxRelay, nats_client: NatsClient
) -> None:
    tenant = new_id()
    await emit(db, tenant, "soup")
    await eventually(lambda: all_published(db))
    [(context, payload)] = await of_restaurant(nats_client, tenant)
    assert ThingMade.FromString(payload) == ThingMade(name="soup")
    assert (context.type, context.subject_id) == ("fynlo.probe.v1.ThingMade", "soup")
    assert (context.source, context.command_id) == ("/services/probe", "c-1")
    assert context.at == db.clock.now()
    assert [(position.channel, position.seq) for position in context.positions] == [("orders", 1)]
    async with db.transaction(tenant) as tx:
        row = await tx.fetchrow(
            "SELECT o.msg_id, n.published_at, n.stream_seq FROM outbox AS o JOIN outbox_numbered AS n"
            " USING (id, created_at) WHERE o.restaurant_id = $1",
            tenant,
        )
    assert row is not None
    assert row["msg_id"] == context.msg_id
    assert row["published_at"] == db.clock.now()
    stored = await nats_client.jetstream().get_msg(STREAM, row["stream_seq"])
    assert (stored.headers or {})["ce-id"] == str(context.msg_id)


async def test_nothing_is_published_before_its_commit_or_after_a_rollback(
    db: Database, relay: OutboxRelay, nats_client: NatsClient
) -> None:
    tenant = new_id()
    async with db.transaction(tenant) as tx:
        tx.emit(ThingMade(name="committed"), subject_id="1")
        await asyncio.sleep(0.5)
        assert await of_restaurant(nats_client, tenant) == []
    with pytest.raises(KeyError):
        async with db.transaction(tenant) as tx:
            tx.emit(ThingMade(name="rolled back"), subject_id="2")
            raise KeyError
    await eventually(lambda: all_published(db))
    await asyncio.sleep(0.3)
    assert [context.subject_id for context, _ in await of_restaurant(nats_client, tenant)] == ["1"]


async def test_the_order_of_each_restaurant_is_kept(
    db: Database, relay: OutboxRelay, nats_client: NatsClient
) -> None:
    tenants = [new_id() for _ in range(6)]

    async def sell(tenant: UUID) -> None:
        for _ in range(40):
            await emit(db, tenant)

    await asyncio.gather(*(sell(tenant) for tenant in tenants))
    await eventually(lambda: all_published(db))
    for tenant in tenants:
        seqs = [context.positions[0].seq for context, _ in await of_restaurant(nats_client, tenant)]
        assert seqs == list(range(1, 41))


async def test_a_commit_wakes_the_relay_also_when_another_replica_leads(
    db: Database, nats_client: NatsClient, fake_clock: FakeClock, open_probe: OpenProbe
) -> None:
    other = await open_probe()
    # They would look by themselves an hour later: what leaves before that was told of.
    leader = OutboxRelay(db, nats_client, fake_clock, poll_seconds=3600)
    async with running(leader):
        await eventually(lambda: _is(leader.leads))
        async with running(OutboxRelay(other, nats_client, fake_clock, poll_seconds=3600)) as follower:
            await asyncio.sleep(0.2)
            assert not follower.leads
            for database in (db, other):
                for _ in range(15):
                    tenant = new_id()
                    await emit(database, tenant)
                    await eventually(lambda tenant=tenant: has_arrived(nats_client, tenant))  # type: ignore[misc]
                    # The leader goes to rest, so that the next one has to wake it.
                    await asyncio.sleep(0.03)


async def test_an_event_after_the_other_is_one_round_trip_each(
    db: Database, nats_client: NatsClient, fake_clock: FakeClock, admin: asyncpg.Connection
) -> None:
    await admin.execute(
        f'ALTER DATABASE "{await admin.fetchval("SELECT current_database()")}" SET track_functions = pl'
    )
    events = 12
    async with running(OutboxRelay(db, nats_client, fake_clock, poll_seconds=3600)) as relay:
        await eventually(lambda: _is(relay.leads))
        for _ in range(events):
            tenant = new_id()
            await emit(db, tenant)
            await eventually(lambda tenant=tenant: has_arrived(nats_client, tenant))  # type: ignore[misc]
    rounds = "SELECT calls FROM pg_stat_user_functions WHERE funcname = 'outbox_next'"

    async def told() -> bool:
        """A backend counts where all can see it when it is idle or ends."""
        await admin.execute("SELECT pg_stat_clear_snapshot()")
        return (await admin.fetchval(rounds) or 0) >= events

    await eventually(told)
    # One more where the leader began with nothing to do.
    assert await admin.fetchval(rounds) <= events + 1


async def _is(value: bool) -> bool:
    return value


async def has_arrived(client: NatsClient, tenant: UUID) -> bool:
    return await of_restaurant(client, tenant) != []


async def test_of_two_relays_one_leads_and_the_other_takes_over_when_its_connection_dies(
    open_probe: OpenProbe, nats_client: NatsClient, fake_clock: FakeClock, admin: asyncpg.Connection
) -> None:
    one, two = await open_probe(), await open_probe()
    first, second = OutboxRelay(one, nats_client, fake_clock), OutboxRelay(two, nats_client, fake_clock)
    async with running(first), running(second):
        await eventually(lambda: _is(first.leads or second.leads))
        await asyncio.sleep(1.5)
        assert first.leads != second.leads
        generation = await admin.fetchval("SELECT generation FROM outbox_state")
        tenant, sold = new_id(), 0
        for kill in range(3):
            holder = await admin.fetchval(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            await asyncio.gather(
                *(emit(one, tenant) for _ in range(10)),
                admin.execute("SELECT pg_terminate_backend($1)", holder),
            )
            sold += 10
            await eventually(lambda: all_published(one))
            assert await admin.fetchval("SELECT generation FROM outbox_state") == generation + kill + 1
    seqs = [context.positions[0].seq for context, _ in await of_restaurant(nats_client, tenant)]
    assert seqs == list(range(1, sold + 1))


async def test_a_superseded_leader_can_neither_mark_nor_number_rows(
    db: Database, admin: asyncpg.Connection, nats_client: NatsClient
) -> None:
    async with db.transaction(None) as tx:
        zombie = Leadership(admin, await tx.fetchval("SELECT outbox_lead()"))
    await emit(db, new_id())
    row_id = await admin.fetchval("SELECT max(id) FROM outbox")
    async with db.transaction(None) as tx:
        await tx.fetchval("SELECT outbox_lead()")
    forbidden: list[tuple[str, tuple[object, ...]]] = [
        ("outbox_mark", ([row_id], [1], db.clock.now())),
        ("outbox_unmark", ([row_id],)),
    ]
    for function, arguments in forbidden:
        with pytest.raises(Superseded):
            await zombie.call(function, *arguments)
    with pytest.raises(Superseded):
        await zombie.next([(row_id, 1)], db.clock.now())
    with pytest.raises(Superseded):
        await zombie.next([], db.clock.now())
    with pytest.raises(Superseded):
        await zombie.call("outbox_number", 1)
    assert await admin.fetchval("SELECT id FROM outbox_unnumbered WHERE id = $1", row_id) == row_id


# -- with a NATS of its own, which the test takes away ---------------------------------------------------


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


@pytest.fixture
async def own_relay(
    db: Database, own_client: NatsClient, fake_clock: FakeClock, admin: asyncpg.Connection
) -> AsyncIterator[OutboxRelay]:
    # What other tests published went to another server.
    await admin.execute("TRUNCATE outbox, outbox_unnumbered, outbox_numbered, outbox_again")
    async with running(OutboxRelay(db, own_client, fake_clock, reconcile_seconds=0.5)) as relay:
        yield relay


async def names_in_stream(client: NatsClient, tenant: UUID) -> list[str]:
    return [context.subject_id for context, _ in await of_restaurant(client, tenant)]


async def test_orders_are_accepted_while_nats_is_down_and_published_when_it_is_back(
    db: Database, own_relay: OutboxRelay, own_nats: EmbeddedNats, own_client: NatsClient
) -> None:
    tenant = new_id()
    await emit(db, tenant, "before")
    await eventually(lambda: all_published(db))
    await own_nats.stop()
    for index in range(20):
        await emit(db, tenant, f"during {index}")
    await asyncio.sleep(0.5)
    assert not await all_published(db)
    await own_nats.start()
    await eventually(lambda: all_published(db))
    names = await names_in_stream(own_client, tenant)
    assert names == ["before", *(f"during {index}" for index in range(20))]


async def test_an_event_that_is_refused_holds_up_its_own_restaurant_only_and_order_is_kept(
    db: Database, own_client: NatsClient, fake_clock: FakeClock, admin: asyncpg.Connection
) -> None:
    await admin.execute("TRUNCATE outbox, outbox_unnumbered, outbox_numbered, outbox_again")
    await ensure_stream(own_client)
    config = (await own_client.jetstream().stream_info(STREAM)).config
    await own_client.jetstream().update_stream(config.evolve(max_msg_size=2_000))
    stuck, other = new_id(), new_id()
    await emit(db, stuck, "large " + "x" * 3_000)
    await emit(db, stuck, "small")
    await emit(db, other, "elsewhere")
    async with running(OutboxRelay(db, own_client, fake_clock)):
        await eventually(lambda: _has_names(own_client, other, ["elsewhere"]))
        await asyncio.sleep(1)
        assert await names_in_stream(own_client, stuck) == []
        await own_client.jetstream().update_stream(config)
        await eventually(lambda: all_published(db))
    assert [name[:5] for name in await names_in_stream(own_client, stuck)] == ["large", "small"]


async def _has_names(client: NatsClient, tenant: UUID, names: list[str]) -> bool:
    return await names_in_stream(client, tenant) == names


async def test_a_stream_that_was_deleted_is_filled_again_from_the_outbox(
    db: Database, own_relay: OutboxRelay, own_nats: EmbeddedNats, own_client: NatsClient
) -> None:
    tenant = new_id()
    for index in range(100):
        await emit(db, tenant, str(index))
    await eventually(lambda: all_published(db))
    await own_nats.stop()
    shutil.rmtree(own_nats.data_dir / "jetstream")
    await own_nats.start()
    await eventually(lambda: _complete(own_client, tenant, 100))


async def test_a_stream_deleted_while_everybody_stays_connected_is_noticed_at_the_next_publish(
    db: Database, own_relay: OutboxRelay, own_client: NatsClient
) -> None:
    tenant = new_id()
    for index in range(30):
        await emit(db, tenant, str(index))
    await eventually(lambda: all_published(db))
    await own_client.jetstream().delete_stream(STREAM)
    await ensure_stream(own_client)
    await emit(db, tenant, "30")
    await eventually(lambda: _complete(own_client, tenant, 31))


async def test_the_tail_that_a_restored_copy_lacks_is_published_again(
    db: Database, own_relay: OutboxRelay, own_nats: EmbeddedNats, own_client: NatsClient, tmp_path: Path
) -> None:
    tenant, store = new_id(), own_nats.data_dir / "jetstream"
    for index in range(50):
        await emit(db, tenant, str(index))
    await eventually(lambda: all_published(db))
    await own_nats.stop()
    shutil.copytree(store, tmp_path / "copy")
    await own_nats.start()
    for index in range(50, 200):
        await emit(db, tenant, str(index))
    await eventually(lambda: all_published(db))
    await own_nats.stop()
    shutil.rmtree(store)
    shutil.copytree(tmp_path / "copy", store)
    await own_nats.start()
    # New sales take sequence numbers that lost ones had.
    for index in range(200, 220):
        await emit(db, tenant, str(index))
    await eventually(lambda: _complete(own_client, tenant, 220))


async def _complete(client: NatsClient, tenant: UUID, count: int) -> bool:
    if not client.is_connected:
        return False
    return {int(name) for name in await names_in_stream(client, tenant)} == set(range(count))


# -- what is purged while everybody runs on --------------------------------------------------------------


def events_logged(lines: StringIO) -> Counter[str]:
    return Counter(json.loads(line)["event"] for line in lines.getvalue().splitlines())


async def sell_to_many(db: Database, count: int) -> list[UUID]:
    """Three restaurants with ``count`` events each, in turn."""
    tenants = [new_id() for _ in range(3)]
    for number in range(count):
        for tenant in tenants:
            await emit(db, tenant, str(number))
    await eventually(lambda: all_published(db))
    return tenants


@pytest.mark.parametrize("what", ["everything", "all but the newest", "one restaurant's"])
async def test_what_is_purged_without_a_restart_is_published_again_and_proven_once(
    db: Database, own_relay: OutboxRelay, own_client: NatsClient, log_lines: StringIO, what: str
) -> None:
    """Inside JetStream's window of duplicates, in which it takes no event of an id that it remembers."""
    tenants = await sell_to_many(db, 150)
    await eventually(lambda: _is(own_relay.leads))
    # A look at the stream as it was, so that only its change can be what is noticed.
    await asyncio.sleep(2)
    jetstream, subject = own_client.jetstream(), subject_of("fynlo.probe.v1.ThingMade", tenants[0])
    if what == "everything":
        await jetstream.purge_stream(STREAM)
    elif what == "all but the newest":
        await jetstream.purge_stream(STREAM, keep=200)
    else:
        await jetstream.purge_stream(STREAM, subject=subject)
    for tenant in tenants:
        await eventually(lambda tenant=tenant: _complete(own_client, tenant, 150))  # type: ignore[misc]
    await eventually(lambda: _is(events_logged(log_lines)["stream_is_whole_again"] == 1))
    await asyncio.sleep(2)
    logged = events_logged(log_lines)
    assert (logged["stream_lost_events"], logged["stream_is_whole_again"]) == (1, 1)
    assert logged["stream_lost_events_again"] == 0
    for tenant in tenants:
        # Each once: nothing that was there is published again.
        assert len(await of_restaurant(own_client, tenant)) == 150


async def test_an_event_that_is_published_again_under_another_id_has_no_second_effect(
    db: Database, own_relay: OutboxRelay, own_client: NatsClient
) -> None:
    tenant, seen = new_id(), Counter[str]()

    async def count(tx: Transaction, event: Message, context: EventContext) -> None:
        seen[context.subject_id] += 1

    consumer = Consumer(db, own_client, durable=f"probe-{tenant}", handlers={ThingMade: count})
    task = asyncio.create_task(consumer.run())
    try:
        for number in range(50):
            await emit(db, tenant, str(number))
        await eventually(lambda: _is(sum(seen.values()) >= 50))
        await own_client.jetstream().purge_stream(STREAM)
        await eventually(lambda: _complete(own_client, tenant, 50))
        await emit(db, tenant, "50")
        await eventually(lambda: _is(seen["50"] == 1))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert seen == {str(number): 1 for number in range(51)}
