"""Clients that mean harm: ``python -m bench.generator.hostile``.

Order: {host, port, source, seconds, idle, half_heads, half_bodies, flood_bytes}. ``source`` is the address
that they call from. So many connections say nothing, send a head or a body a little at a time, and one sends
header fields up to ``flood_bytes``. Whoever is thrown out comes back. Reports for each kind how many
connections it made, what they were answered, and how long the longest was borne.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

from bench.generator.account import Effort
from bench.generator.talk import Talk, run

CONNECTS_PER_SECOND = 1_000
DRIP_SECONDS = 1.0
COME_BACK_SECONDS = 3.0
FLOOD_CHUNK_BYTES = 65_536
HALF_HEAD = b"GET /api/v2/menu HTTP/1.1\r\nHost: pos\r\n"
HALF_BODY = (
    b"POST /api/v2/auth/login HTTP/1.1\r\nHost: pos\r\nContent-Type: application/json\r\n"
    b'Content-Length: 10000\r\n\r\n{"email":"'
)
KINDS = {"idle": (b"", b""), "half_heads": (HALF_HEAD, b"X-More: x\r\n"), "half_bodies": (HALF_BODY, b"x")}


class Kind:
    """What all clients of one kind have seen."""

    def __init__(self) -> None:
        self.made = self.ended_by_server = self.refused = 0
        self.statuses: dict[str, int] = {}
        self.longest_seconds = 0.0

    def report(self) -> dict[str, Any]:
        return {
            "made": self.made,
            "ended_by_server": self.ended_by_server,
            "refused": self.refused,
            "statuses": self.statuses,
            "longest_seconds": round(self.longest_seconds, 1),
        }


class Client(asyncio.Protocol):
    """One connection that sends ``first`` and then ``drip`` each second."""

    def __init__(self, kind: Kind, first: bytes, drip: bytes) -> None:
        self._kind = kind
        self._first = first
        self._drip = drip
        self._answered = False
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._kind.made += 1
        self._began = time.monotonic()
        if self._first:
            self.transport.write(self._first)

    def drip(self) -> None:
        """A little more."""
        if self._drip and not self.transport.is_closing():
            self.transport.write(self._drip)

    def data_received(self, data: bytes) -> None:
        if not self._answered:
            self._answered = True
            status = data[9:12].decode(errors="replace")
            self._kind.statuses[status] = self._kind.statuses.get(status, 0) + 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._kind.ended_by_server += not self.gone.is_set()
        self.measure()
        self.gone.set()

    def measure(self) -> None:
        """Notes how long this connection has been borne."""
        self._kind.longest_seconds = max(self._kind.longest_seconds, time.monotonic() - self._began)


class Crowd:
    """All clients of one order."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self.kinds = {name: Kind() for name in KINDS}
        self._turn = 0.0
        self._flooded = 0

    async def harass(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, (first, drip) in KINDS.items():
                for _ in range(self._order[name]):
                    group.create_task(self._persist(self.kinds[name], first, drip))
            if self._order["flood_bytes"]:
                group.create_task(self._flood())

    async def _persist(self, kind: Kind, first: bytes, drip: bytes) -> None:
        while True:
            client = await self._connected(lambda: Client(kind, first, drip))
            if client is None:
                kind.refused += 1
            else:
                await self._linger(client)
            await asyncio.sleep(COME_BACK_SECONDS)

    async def _linger(self, client: Client) -> None:
        try:
            while not client.gone.is_set():
                client.drip()
                try:
                    async with asyncio.timeout(DRIP_SECONDS):
                        await client.gone.wait()
                except TimeoutError:
                    continue
        finally:
            if not client.gone.is_set():
                client.measure()
                client.gone.set()
                client.transport.abort()

    async def _connected(self, made: Callable[[], Client]) -> Client | None:
        loop, now = asyncio.get_running_loop(), time.monotonic()
        self._turn = max(self._turn + 1 / CONNECTS_PER_SECOND, now)
        await asyncio.sleep(self._turn - now)
        try:
            _, client = await loop.create_connection(
                made, self._order["host"], self._order["port"], local_addr=(self._order["source"], 0)
            )
        except OSError:
            return None
        return client

    async def _flood(self) -> None:
        """One head of ``flood_bytes``, sent as fast as it is taken."""
        try:
            _, writer = await asyncio.open_connection(
                self._order["host"], self._order["port"], local_addr=(self._order["source"], 0)
            )
        except OSError:
            return
        try:
            writer.write(HALF_HEAD + b"X-Flood: ")
            while self._flooded < self._order["flood_bytes"]:
                writer.write(b"x" * FLOOD_CHUNK_BYTES)
                await writer.drain()
                self._flooded += FLOOD_CHUNK_BYTES
        except OSError:
            return
        finally:
            writer.close()

    def report(self) -> dict[str, Any]:
        """What became of all."""
        kinds: dict[str, Any] = {name: kind.report() for name, kind in self.kinds.items()}
        return kinds | {"flood": {"bytes_taken": self._flooded, "bytes_meant": self._order["flood_bytes"]}}


async def generate(talk: Talk) -> dict[str, Any]:
    """One order; begins at ``go``, ends after ``seconds``."""
    order = await talk.order()
    crowd, effort = Crowd(order), Effort()
    talk.say("ready")
    await talk.hear("go")
    effort.begin()
    task = asyncio.create_task(crowd.harass())
    await asyncio.wait([task], timeout=order["seconds"])
    if task.done():
        task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return {**crowd.report(), "generator": effort.end()}


if __name__ == "__main__":
    run(generate)
