"""Socket clients that mean harm: ``python -m bench.generator.hostile_sockets``.

Order: {host, port, source, seconds, clients: {kind: count}, hellos: [...]}. ``source`` is the address that
they call from, ``hellos`` what devices of some restaurant would say, taken in turn. Whoever is thrown out
comes back. Reports for each kind how many sockets it made, with which close codes or HTTP statuses they
ended, and how long the longest was borne.
"""

import asyncio
import contextlib
import itertools
import json
import socket
import time
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

from bench.generator import frames
from bench.generator.account import Effort
from bench.generator.talk import Talk, run

CONNECTS_PER_SECOND: Final = 300
"""Of all kinds together: more would measure this process."""
COME_BACK_SECONDS: Final = 3.0
STORM_COME_BACK_SECONDS: Final = 0.05
DRIP_SECONDS: Final = 0.5
FLOOD_SECONDS: Final = 0.02
FLOOD_FRAMES: Final = 100
READ_BYTES: Final = 4_096
ALIVE_SECONDS: Final = 1.0
CLOSE: Final = 8
LARGE: Final = b"\x81\xff" + (1_048_576).to_bytes(8, "big") + bytes(4) + b"x" * 1_048_576
PINGS: Final = b"\x89\x80\0\0\0\0" * FLOOD_FRAMES
PIECE_FIRST: Final = b"\x01\x80\0\0\0\0"
PIECES: Final = b"\x00\x80\0\0\0\0" * FLOOD_FRAMES
ALIVE: Final = frames.masked_text(b'{"t":"ack"}')
SUBSCRIPTIONS: Final = b"".join(
    frames.masked_text(b'{"t":"sub","id":1,"ch":"restaurant:x:%d"}' % number)
    for number in range(FLOOD_FRAMES)
)
_DEFLATE = zlib.compressobj(9, zlib.DEFLATED, -15)
_BOMB = _DEFLATE.compress(bytes(16 * 1_048_576)) + _DEFLATE.flush()
BOMB: Final = bytes((0xC1, 0xFE)) + len(_BOMB).to_bytes(2, "big") + bytes(4) + _BOMB
"""16 MB of nothing in 16 KB, marked as compressed (RFC 7692)."""
WRONG: Final = {
    "t": "hello",
    "id": 1,
    "v": 1,
    "token": "eyJhbGciOiJFZERTQSJ9.e30.c2ln",
    "device": {"id": "x", "kind": "kds"},
}
GONE = (OSError, EOFError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


class Kind:
    """What all clients of one kind have seen."""

    def __init__(self) -> None:
        self.made = 0
        self.ends: Counter[str] = Counter()
        self.longest_seconds = 0.0

    def report(self) -> dict[str, Any]:
        return {"made": self.made, "ends": dict(self.ends), "longest_seconds": round(self.longest_seconds, 1)}


class Client:
    """One socket. ``end``: the close code, the HTTP status that it was refused with, or "cut"."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self.hello = hello
        self.end = "cut"

    async def upgraded(self, request: bytes) -> bool:
        """Asks for a socket. False: there is none."""
        await self.send(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if head[9:12] != b"101":
            self.end = head[9:12].decode()
        return head[9:12] == b"101"

    async def send(self, data: bytes) -> None:
        """Returns when it is taken. Raises OSError."""
        if self._writer.is_closing():
            # uvloop would raise RuntimeError, as for a mistake of ours.
            raise ConnectionResetError
        self._writer.write(data)
        await self._writer.drain()

    async def read(self) -> None:
        """Reads until the server ends it."""
        buffer = b""
        while data := await self._reader.read(READ_BYTES):
            buffer += data
            consumed = 0
            for opcode, start, stop in frames.split(buffer):
                consumed = stop
                if opcode == CLOSE:
                    self.end = str(int.from_bytes(buffer[start : start + 2], "big"))
                    return
            buffer = buffer[consumed:]


async def idle(client: Client) -> None:
    """Says nothing."""


async def drips(client: Client) -> None:
    """A hello, a byte at a time."""
    for byte in client.hello:
        await client.send(bytes((byte,)))
        await asyncio.sleep(DRIP_SECONDS)


async def storms(client: Client) -> None:
    """A wrong token, and again at once."""
    await client.send(frames.masked_text(json.dumps(WRONG).encode()))


async def pings(client: Client) -> None:
    """Signed in; pings without end."""
    await client.send(client.hello)
    while True:
        await client.send(PINGS)
        await asyncio.sleep(FLOOD_SECONDS)


async def subscribes(client: Client) -> None:
    """Signed in; asks for channels without end."""
    await client.send(client.hello)
    while True:
        await client.send(SUBSCRIPTIONS)
        await asyncio.sleep(FLOOD_SECONDS)


async def pieces(client: Client) -> None:
    """Signed in; a message in pieces of nothing, without end."""
    await client.send(client.hello)
    await client.send(PIECE_FIRST)
    while True:
        await client.send(PIECES)
        await asyncio.sleep(FLOOD_SECONDS)


async def large(client: Client) -> None:
    """A frame of a megabyte."""
    await client.send(LARGE)


async def bombs(client: Client) -> None:
    """Much in little."""
    await client.send(BOMB)


async def never_reads(client: Client) -> None:
    """Signed in; takes nothing of what it asked for, and says that it is there."""
    await client.send(client.hello)
    while True:
        await asyncio.sleep(ALIVE_SECONDS)
        await client.send(ALIVE)


ACTS: Final[dict[str, Callable[[Client], Awaitable[None]]]] = {
    act.__name__: act for act in (idle, drips, storms, pings, subscribes, pieces, large, bombs, never_reads)
}


class Crowd:
    """All clients of one order."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        asked = frames.upgrade_request(order["host"], order["port"], "/api/v2/ws", frames.SUBPROTOCOL)
        self._request = asked[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        self._hellos = itertools.cycle(frames.masked_text(one.encode()) for one in order["hellos"])
        self._turn = 0.0
        self.kinds = {name: Kind() for name in ACTS}

    async def harass(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, count in self._order["clients"].items():
                for _ in range(count):
                    group.create_task(self._persist(name, next(self._hellos)))

    async def _persist(self, name: str, hello: bytes) -> None:
        pause = STORM_COME_BACK_SECONDS if name == storms.__name__ else COME_BACK_SECONDS
        while True:
            await self._wait_for_turn()
            with contextlib.suppress(OSError):
                reader, writer = await self._open()
                try:
                    await self._act(name, Client(reader, writer, hello))
                finally:
                    writer.transport.abort()
            await asyncio.sleep(pause)

    async def _wait_for_turn(self) -> None:
        now = time.monotonic()
        self._turn = max(self._turn + 1 / CONNECTS_PER_SECOND, now)
        await asyncio.sleep(self._turn - now)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raw = socket.socket()
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_BYTES)
            raw.setblocking(False)
            raw.bind((self._order["source"], 0))
            await asyncio.get_running_loop().sock_connect(raw, (self._order["host"], self._order["port"]))
            return await asyncio.open_connection(sock=raw, limit=READ_BYTES)
        except BaseException:
            raw.close()
            raise

    async def _act(self, name: str, client: Client) -> None:
        kind, began = self.kinds[name], time.monotonic()
        kind.made += 1
        tasks: list[asyncio.Task[None]] = []
        try:
            if await client.upgraded(self._request):
                acting = asyncio.create_task(_quietly(ACTS[name](client)))
                tasks.append(acting)
                if name != never_reads.__name__:
                    tasks.append(asyncio.create_task(_quietly(client.read())))
                await tasks[-1]
        except GONE:
            pass
        finally:
            for task in tasks:
                task.cancel()
            kind.ends[client.end] += 1
            kind.longest_seconds = max(kind.longest_seconds, time.monotonic() - began)

    def report(self) -> dict[str, Any]:
        """What became of all, by kind."""
        return {name: kind.report() for name, kind in self.kinds.items() if kind.made}


async def _quietly(work: Awaitable[None]) -> None:
    with contextlib.suppress(*GONE):
        await work


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
    return {"kinds": crowd.report(), "generator": effort.end()}


if __name__ == "__main__":
    run(generate)
