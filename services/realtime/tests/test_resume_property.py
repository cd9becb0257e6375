"""Snapshot and frames equal a fresh snapshot, whatever is lost, repeated, delayed, killed or restored on
the way.
"""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.realtime.tests.world import ModelClient, World

CHANNELS = ("orders", "kitchen", "inventory")
ACTIONS = (
    "order",
    "order",
    "stock",
    "stock",
    "lost order",
    "lost stock",
    "deliver",
    "deliver one",
    "repeat",
    "swap",
    "connect",
    "disconnect",
    "stall",
    "read on",
    "step",
    "tick",
    "owner down",
    "owner up",
    "restart",
    "new epoch",
    "forget log",
    "big burst",
)
Move = tuple[str, int]


class History:
    """A world with three devices, moved by a list of moves."""

    def __init__(self) -> None:
        self.world = World(seed=1)
        self.clients = [ModelClient(self.world, *CHANNELS) for _ in range(3)]
        self.last: list[Any] = []

    def move(self, action: str, number: int) -> None:
        world, client = self.world, self.clients[number % len(self.clients)]
        if action in ("order", "lost order"):
            world.order(number, deliver=action == "order")
        elif action in ("stock", "lost stock"):
            world.stock(number, deliver=action == "stock")
        elif action == "deliver":
            self.last = list(world.feed[-1:]) or self.last
            world.deliver()
        elif action == "deliver one" and world.feed:
            event, positions = world.feed.pop(0)
            world.hub.publish(event, positions, world.now)
        elif action == "repeat" and self.last:
            event, positions = self.last[0]
            world.hub.publish(event, positions, world.now)
        elif action == "swap" and len(world.feed) > 1:
            world.feed[0], world.feed[1] = world.feed[1], world.feed[0]
        elif action == "connect" and client.wire is None:
            client.connect()
        elif action == "disconnect":
            client.disconnect()
        elif action == "stall" and client.wire is not None:
            client.wire.stalled = True
        elif action == "read on" and client.wire is not None and not client.wire.broken:
            client.wire.read_on()
        elif action == "owner down":
            world.owner_down = True
        elif action == "owner up":
            world.owner_down = False
        elif action == "restart":
            world.restart()
        elif action == "new epoch":
            world.new_epoch()
        elif action == "forget log":
            world.forget_log()
        elif action == "big burst":
            for index in range(80):
                world.stock(index % 7, name="x" * 2_000)
        elif action == "tick":
            world.pass_time(0.5, step=0.25)
        elif action == "step":
            world.carry_out()
            for one in self.clients:
                one.step()

    def settle(self) -> None:
        """Everything works again and every device has the time it needs."""
        world = self.world
        world.owner_down = False
        for short in (0, 1):
            world.order(90 + short)
            world.stock(90 + short)
        for _ in range(12):
            for client in self.clients:
                client.step()
                if client.wire is None:
                    client.connect()
                elif client.wire.stalled:
                    client.wire.read_on()
            world.deliver()
            world.pass_time(2.0, step=0.5)
            for client in self.clients:
                client.step()
                client.retry()
                world.carry_out()
                client.step()

    def check(self) -> None:
        for client in self.clients:
            for short in CHANNELS:
                epoch, head, state = self.world.truth(short)
                assert client.kept[short] == (epoch, head), (short, client.kept[short], (epoch, head))
                assert client.state[short] == state, short
        for channel in self.world.hub.channels.values():
            assert set(channel.ring) == set(range(channel.tail, channel.head + 1)), channel


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5)), max_size=60))
def test_snapshot_and_frames_equal_a_fresh_snapshot(moves: list[Move]) -> None:
    history = History()
    for client in history.clients:
        client.connect()
    for action, number in moves:
        history.move(action, number)
    history.settle()
    history.check()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS[:14]), st.integers(0, 5)), max_size=60))
def test_without_restores_and_stalls_no_device_misses_or_repeats_a_position(moves: list[Move]) -> None:
    history = History()
    for client in history.clients:
        client.connect()
    for action, number in [(one, number) for one, number in moves if one not in ("stall", "restart")]:
        history.move(action, number)
    history.settle()
    for client in history.clients:
        for short in CHANNELS:
            seen = [seq for name, _, seq in client.applied if name == short]
            assert seen == sorted(set(seen))
            if client.snapshots <= len(CHANNELS) and seen:
                assert seen == list(range(seen[0], seen[-1] + 1))
