"""Displays that were away for long, before a real owner's outbox: resumed or a snapshot, never refused."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse
from fynlo.realtime.v1.channel_source_service_pb2_grpc import (
    add_ChannelSourceServiceServicer_to_server,
)

from chassis.auth import Revocations, ServiceIdentity, TokenVerifier
from chassis.clock import FakeClock, SystemClock
from chassis.db import Database, connection_options, prepare_connection
from chassis.ids import new_id
from chassis.messaging.channel_source import ChannelSource
from chassis.messaging.replay import position
from chassis.rpc import RpcServer
from harness.fixtures import ModuleDatabases, OpenDatabase
from harness.outbox import NUMBER
from harness.rpc import settings_for_tests
from services.realtime.tests.running import Device, Frame, Running

LINES = 8
EVENT_BYTES = 3_300
EVENTS = 50_001
SPOKEN = """
WITH numbered AS (SELECT n, nextval('outbox_id_seq') AS id FROM generate_series(1, $4::bigint) AS n),
written AS (
    INSERT INTO outbox
        (id, restaurant_id, msg_id, type, subject_id, payload, positions, created_at, published_at)
    SELECT id, $1, gen_random_uuid(), $2, 'x', $3, '[]', now(), now() FROM numbered RETURNING id, created_at)
INSERT INTO outbox_unnumbered SELECT id, created_at, $1, 'kitchen' FROM written
"""


_spoken: dict[str, tuple[str, str]] = {}
"""Database -> the restaurant that has said everything there, and the epoch."""


class Log(ChannelSource):
    """An owner whose channel has a long past."""

    channels = frozenset({"kitchen"})

    async def snapshot(self, tenant: UUID, channel: str) -> GetSnapshotResponse:
        """Only where it stands: what is on the tickets is not looked at here."""
        async with self._db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
            epoch, seq = await position(tx, channel)
        return GetSnapshotResponse(epoch=epoch, seq=seq)


def order_of_eight_lines() -> orders_events.OrderPlaced:
    """About 3.3 KB, as they are in a restaurant."""
    order = orders_pb2.Order(id=str(new_id()), restaurant_id=str(new_id()), number=7, currency_code="GBP")
    ticket = orders_pb2.Ticket(id=str(new_id()), order_id=order.id, order_number=7, revision=1)
    ticket.state = orders_pb2.KITCHEN_STATE_PREPARING
    for number in range(LINES):
        line = order.lines.add(id=str(new_id()), item_id=str(new_id()), category_id=str(new_id()), quantity=1)
        line.name, line.note = f"Grilled vegetables with rice, number {number}", "sauce aside"
        line.options.add(option_id=str(new_id()), name="Extra cheese", quantity=1, price_delta_minor=150)
        cooked = ticket.lines.add(id=line.id, name=line.name, quantity=1, note=line.note)
        cooked.options.add(option_id=str(new_id()), name="Extra cheese", quantity=1)
    return orders_events.OrderPlaced(order=order, tickets=[ticket])


async def speak(admin_url: str, database: str, rid: str, count: int) -> str:
    """The kitchen channel of a restaurant has said ``count`` events; its epoch."""
    event = order_of_eight_lines()
    assert abs(event.ByteSize() - EVENT_BYTES) < 150
    admin = await asyncpg.connect(admin_url, database=database, **connection_options("orders"))
    await prepare_connection(admin)
    await admin.execute("SET statement_timeout = 0")  # a starved machine is slow, not wrong
    try:
        name = event.DESCRIPTOR.full_name
        await admin.execute(SPOKEN, UUID(rid), name, event.SerializeToString(), count, timeout=240)
        await admin.fetchval(NUMBER, timeout=240)
        await admin.execute("ANALYZE outbox; ANALYZE outbox_run")
        return str(await admin.fetchval("SELECT epoch FROM outbox_state"))
    finally:
        await admin.close()


@pytest.fixture
async def owner_database(service_database: OpenDatabase) -> Database:
    """The outbox of the service that owns the kitchen channel."""
    return await service_database("orders", clock=SystemClock())


@pytest.fixture
async def running(nats_url: str, owner_database: Database, fake_clock: FakeClock) -> AsyncIterator[Running]:
    """The realtime service; the owner of its kitchen channel answers from a real outbox."""
    world = Running(nats_url)
    settings = settings_for_tests(service_name="orders", nats_url=nats_url)
    identity = ServiceIdentity.of(settings, world.clock)
    verifier = TokenVerifier(world.mint.fetch_keys, world.clock)
    orders = RpcServer(
        settings,
        verifier=verifier,
        revocations=Revocations(world.clock),
        identity=identity,
        clock=world.clock,
    )
    orders.add(add_ChannelSourceServiceServicer_to_server, Log(owner_database))
    world.overrides["orders_address"] = f"127.0.0.1:{await orders.start()}"
    async with world:
        yield world
    await orders.stop(0)


@pytest.fixture
async def epoch(running: Running, module_databases: ModuleDatabases) -> str:
    """The restaurant's kitchen channel has said EVENTS events of 8-line orders; the same for all tests."""
    admin_url, database = module_databases.infrastructure.admin_url, await module_databases.name("orders")
    assert admin_url is not None
    if database not in _spoken:
        _spoken[database] = running.rid, await speak(admin_url, database, running.rid, EVENTS)
    running.rid, epoch = _spoken[database]
    return epoch


def away(running: Running, epoch: str, gap: int) -> Frame:
    """The position of a display that has missed the last ``gap`` events."""
    return {"ch": running.channel("kitchen"), "e": epoch, "s": EVENTS - gap}


async def replayed(device: Device) -> list[int]:
    """The positions that come until the display is told that it has everything."""
    seqs = []
    while (frame := await device.next("ev", "synced", "ping"))["t"] != "synced":
        if frame["t"] == "ping":
            await device.send(t="pong", n=frame["n"])
        else:
            seqs.append(frame["s"])
    assert frame["s"] == EVENTS
    return seqs


@pytest.mark.parametrize(
    ("gap", "state"),
    [(10, "resumed"), (1_250, "resumed"), (1_900, "resumed"), (2_500, "snapshot"), (50_000, "snapshot")],
)
async def test_a_display_that_was_away_is_resumed_or_takes_a_snapshot(
    running: Running, epoch: str, gap: int, state: str
) -> None:
    display, welcome = await running.hello(away(running, epoch, gap), kind="kds")
    [entry] = welcome["subs"]
    assert (entry["st"], entry["s"]) == (state, EVENTS)
    if state == "resumed":
        assert await replayed(display) == list(range(EVENTS - gap + 1, EVENTS + 1))
    else:
        await display.send(t="sub", id=2, ch=entry["ch"], e=entry["e"], s=entry["s"])
        assert (await display.next("sub_ok"))["st"] == "live"


async def test_displays_with_small_gaps_are_resumed_beside_one_with_a_large_gap(
    running: Running, epoch: str
) -> None:
    gaps = [50_000, 3, 40, 2_500, 1_900, 0]
    came = await asyncio.gather(
        *(running.hello(away(running, epoch, gap), kind="kds", device_id=f"kds-{gap}") for gap in gaps)
    )
    states = {gap: welcome["subs"][0]["st"] for gap, (_, welcome) in zip(gaps, came, strict=True)}
    assert states == {
        0: "live", 3: "resumed", 40: "resumed", 1_900: "resumed", 2_500: "snapshot", 50_000: "snapshot",
    }  # fmt: skip
    for gap, (display, _) in zip(gaps, came, strict=True):
        if states[gap] == "resumed":
            assert await replayed(display) == list(range(EVENTS - gap + 1, EVENTS + 1))
