"""Readers that are too slow: conflated, replayed or let go, and nobody else waits for them. Sans-I/O."""

from typing import Any

from services.realtime.codes import Close
from services.realtime.hub.delivery import Delivery
from services.realtime.hub.session import Phase
from services.realtime.tests.world import FakeWire, World, channel


def at(short: str, seq: int) -> dict[str, Any]:
    return {"ch": channel(short), "e": "e1", "s": seq}


def stalled(world: World, *subs: Any) -> FakeWire:
    wire = world.hello(*subs)
    wire.take()
    wire.stalled = True
    return wire


def events(wire: FakeWire, short: str) -> list[int]:
    return [frame["s"] for frame in wire.out if frame["t"] == "ev" and frame["ch"] == channel(short)]


def fill(world: World, count: int, *, items: int = 1, size: int = 2_000) -> None:
    for number in range(count):
        world.stock(number % items, name="x" * size)
    world.deliver()


def big_orders(world: World, count: int) -> None:
    for _ in range(count):
        world.order(1)
        world.orders["o1"].table_name = "x" * 4_000
        world.orders["o1"].table_id = "t1"
    world.deliver()


def test_a_stalled_reader_of_a_keyed_channel_gets_the_newest_per_key_and_is_told() -> None:
    world = World()
    fill(world, 1)
    wire = stalled(world, at("inventory", 1))
    fill(world, 200, items=3)
    assert wire.session in world.hub.delivery.slow
    wire.read_on()
    skips = [frame for frame in wire.out if frame["t"] == "skip"]
    assert [(skip["s"], skip["ch"]) for skip in skips] == [(201, channel("inventory"))]
    after_skip = wire.out[wire.out.index(skips[0]) + 1 :]
    assert [frame["s"] for frame in after_skip] == [199, 200, 201]
    assert {frame["d"]["item_id"] for frame in after_skip} == {"i0", "i1", "i2"}
    assert wire.session not in world.hub.delivery.slow
    fill(world, 1)
    assert events(wire, "inventory")[-1] == 202


def test_a_stalled_reader_of_a_stream_gets_every_event_once_it_reads_again() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = stalled(world, at("orders", 1))
    big_orders(world, 30)
    wire.read_on()
    assert events(wire, "orders") == list(range(2, 32))
    assert not [frame for frame in wire.out if frame["t"] == "skip"]


def test_more_than_the_hard_limit_of_a_stream_ends_the_connection() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wire = stalled(world, at("orders", 1))
    big_orders(world, 80)
    wire.read_on()
    assert wire.closed == 4002
    assert wire.out[-1]["reconnect"] is True


def test_a_reader_that_is_blocked_for_ten_seconds_is_let_go() -> None:
    world = World()
    fill(world, 1)
    wire = stalled(world, at("inventory", 1))
    fill(world, 100)
    world.pass_time(9.4)
    assert not wire.finished
    world.pass_time(1.2)
    assert wire.finished
    wire.read_on()
    assert wire.closed == 4002


def test_a_slow_reader_delays_nobody_else() -> None:
    world = World()
    world.order(1)
    world.deliver()
    stalled(world, at("orders", 1))
    honest = world.hello(at("orders", 1))
    big_orders(world, 80)
    assert events(honest, "orders") == list(range(2, 82))


def test_a_long_replay_does_not_end_its_own_connection() -> None:
    world = World()
    big_orders(world, 300)
    wire = world.hello()
    wire.take()
    wire.stalled = True
    world.send(wire, t="sub", id=1, **at("orders", 0))
    world.carry_out()
    waiting = sum(map(len, wire.held))
    assert waiting < 80_000, "a replay must not be queued ahead of the reader"
    for _ in range(400):
        wire.read_on()
        wire.stalled = True
    wire.read_on()
    assert events(wire, "orders") == list(range(1, 301))
    assert wire.out[-1]["t"] == "synced"
    assert wire.closed is None


def test_events_during_a_replay_follow_it_in_order() -> None:
    world = World()
    big_orders(world, 60)
    wire = world.hello()
    wire.stalled = True
    world.send(wire, t="sub", id=1, **at("orders", 0))
    world.carry_out()
    world.order(1)
    world.deliver()
    for _ in range(20):
        wire.read_on()
    assert events(wire, "orders") == list(range(1, 62))
    assert [frame["s"] for frame in wire.out if frame["t"] == "synced"] == [61]


def test_the_process_wide_limit_sheds_the_largest_first() -> None:
    world = World()
    world.order(1)
    fill(world, 1)
    wires = [stalled(world, at("orders", 1)), stalled(world, at("inventory", 1))]
    fill(world, 60)
    big_orders(world, 40)
    delivery = Delivery(unsent_process_bytes=200_000)
    for name, wire in zip(("orders", "inventory"), wires, strict=True):
        assert wire.session is not None
        delivery.attach(wire.session, world.hub.channels[channel(name)], 1)
        world.hub.channels[channel(name)].syncing.discard(wire.session)
        delivery.paused(wire.session, world.now)
    dropped = [(drop.session, drop.code) for drop in delivery.check_slow(world.now)]
    assert dropped == [(wires[0].session, 4009)]


def test_a_slow_reader_costs_references_and_not_copies() -> None:
    world = World()
    world.order(1)
    world.deliver()
    wires = [stalled(world, at("orders", 1)) for _ in range(50)]
    big_orders(world, 30)
    kept = {id(data) for wire in wires for data in wire.held}
    assert len(kept) < 40
    ring = world.hub.channels[channel("orders")]
    assert len(ring.ring) == 31


def test_rings_keep_what_a_cursor_needs_and_let_go_of_it_later() -> None:
    world = World()
    fill(world, 1, size=10)
    wire = stalled(world, at("inventory", 1))
    fill(world, 40)
    fill(world, 1_500, size=10)
    ring = world.hub.channels[channel("inventory")]
    assert wire.session is not None
    assert len(ring.ring) > 1_000
    assert ring.tail == ring.lagging[wire.session] + 1
    wire.read_on()
    fill(world, 5, size=10)
    assert len(ring.ring) == 1_000
    world.pass_time(606)
    assert len(ring.ring) == 0
    assert (ring.head, ring.tail) == (1_546, 1_547)


def test_a_reader_that_drips_is_judged_by_the_age_of_what_waits() -> None:
    """It never fills its buffer, takes some bytes all the time, and answers: it is ten seconds behind."""
    world = World()
    fill(world, 1, size=10)
    wire = stalled(world, at("inventory", 1))
    assert wire.session is not None
    began = world.now
    while wire.session.phase is not Phase.CLOSED and world.now < began + 60:
        fill(world, 1, size=1_000)
        wire.drip(200)
        world.pass_time(1)
        wire.session.heard_at = world.now
        assert wire.session not in world.hub.delivery.slow
    assert world.hub.dropped == {Close.SLOW_CONSUMER: 1}
    assert 10 < world.now - began < 40


def test_a_slow_reader_that_keeps_up_is_never_let_go() -> None:
    """Something waits whenever one looks, and never for long."""
    world = World()
    fill(world, 1, size=10)
    wire = stalled(world, at("inventory", 1))
    assert wire.session is not None
    for _ in range(90):
        fill(world, 1, size=1_000)
        world.pass_time(1)
        wire.session.heard_at = world.now
        wire.drip(wire.unsent() - 100)
    assert wire.session.phase is Phase.OPEN


def test_a_reader_that_paused_and_caught_up_begins_anew() -> None:
    world = World()
    fill(world, 1, size=10)
    wire = stalled(world, at("inventory", 1))
    assert wire.session is not None
    for _ in range(5):
        fill(world, 3, size=1_000)
        world.pass_time(7)
        wire.session.heard_at = world.now
        wire.read_on()
        wire.stalled = True
        world.pass_time(3)
    assert wire.session.phase is Phase.OPEN
