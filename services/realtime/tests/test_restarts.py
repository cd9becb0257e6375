"""Devices that reconnect by themselves, over real sockets, while processes come and go: nothing missed,
nothing twice.
"""

import asyncio
import contextlib
import random

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from services.realtime.tests.running import Device, Frame, Running

DEVICES = 8
EVENTS = 240
RESTARTS = 3


class Persistent:
    """A device that keeps its position over connections and never asks for anything twice."""

    def __init__(self, running: Running, number: int) -> None:
        self._running = running
        self._rng = random.Random(number)
        self._number = number
        self.seen: list[int] = []
        self.states: list[str] = []
        self.connections = 0

    @property
    def position(self) -> int:
        return self.seen[-1] if self.seen else 0

    async def live(self) -> None:
        """Connects, listens, loses the connection, connects again."""
        while True:
            with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                await self._connection()
            await asyncio.sleep(self._rng.uniform(0.01, 0.1))

    async def _connection(self) -> None:
        sub = self._running.at("orders", self.position)
        device, welcome = await self._running.hello(sub, device_id=f"persistent-{self._number}")
        if welcome["t"] != "welcome":
            return
        self.connections += 1
        self.states.append(welcome["subs"][0]["st"])
        cut_at = self.position + self._rng.randrange(20, 120)
        while self.position < cut_at:
            await self._take(device, await device.next(seconds=30))
        device.socket.transport.abort()

    async def _take(self, device: Device, frame: Frame) -> None:
        if frame["t"] == "ev":
            assert frame["s"] == self.position + 1, f"after {self.position} came {frame['s']}"
            self.seen.append(frame["s"])
        elif frame["t"] == "ping":
            await device.send(t="pong", n=frame["n"])


async def restart(running: Running) -> None:
    """A rolling restart: the new process is up before the old one lets go."""
    old = running.service
    await running.start_service()
    await old.stop()


async def test_devices_miss_nothing_while_processes_are_replaced_under_load(running: Running) -> None:
    devices = [Persistent(running, number) for number in range(DEVICES)]
    lives = [asyncio.create_task(device.live()) for device in devices]
    for number in range(EVENTS):
        await running.order(publish=number % 17 != 5)
        if number % (EVENTS // (RESTARTS + 1)) == EVENTS // (RESTARTS + 1) - 1 and number < EVENTS - 1:
            await restart(running)
        await asyncio.sleep(0.005)
    await running.order()
    async with asyncio.timeout(30):
        while any(device.position < EVENTS + 1 for device in devices):
            done = [life for life in lives if life.done()]
            assert not done, done[0].exception()
            await asyncio.sleep(0.1)
    for life in lives:
        life.cancel()
    for device in devices:
        assert device.seen == list(range(1, EVENTS + 2))
        assert device.connections > RESTARTS
        assert set(device.states) <= {"live", "resumed"}
