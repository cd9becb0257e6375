"""Devices that mean harm: each meets its limit, with the right code, and honest devices notice nothing."""

import asyncio
import contextlib
import socket
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
import pytest
from prometheus_client import REGISTRY

from chassis.ids import new_id
from services.realtime.codes import Close
from services.realtime.hub.admission import Arrivals
from services.realtime.hub.session import Phase
from services.realtime.limits import ACCEPTS_BURST_SECONDS, ADDRESSES_MAX, INBOUND_FRAME_BYTES
from services.realtime.tests.running import PATIENCE_SECONDS, Running, until

REQUEST: Final = (
    "GET /api/v2/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: fynlo.rt.v1\r\n\r\n"
)
EACH: Final = 5
SUBS: Final = 100_000
PATIENT_SECONDS: Final = 90.0
"""Limits that are times take up to half a minute; a starved machine gets three times that."""
DRIP_BYTES: Final = 50
DRIP_SECONDS: Final = 0.5
GONE = (ConnectionError, BrokenPipeError, asyncio.IncompleteReadError)


class Raw:
    """A TCP connection that does with WebSockets what it likes."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def connect(self, buffer_bytes: int = 4_096) -> None:
        """Connected, with a small buffer for what the server says."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self.running.engine.sockets.port))
        self.reader, self.writer = await asyncio.open_connection(sock=raw, limit=1_024)

    async def upgrade(self, more: str = "") -> bytes:
        """The handshake is done, with ``more`` header fields; its answer."""
        self.writer.write(f"{REQUEST[:-2]}{more}\r\n".encode())
        return await self.reader.readuntil(b"\r\n\r\n")

    def hello(self, *subs: object, kind: str = "ipad") -> bytes:
        """What an honest device would say first."""
        device = {"id": str(new_id()), "kind": kind}
        content = {"t": "hello", "id": 1, "v": 1, "token": self.running.token(), "device": device}
        return frame(content | {"subs": list(subs)})

    async def code(self) -> int:
        """Reads until the server closes; its close code."""
        while True:
            first, length = await self.reader.readexactly(2)
            if length >= 126:
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
            payload = await self.reader.readexactly(length)
            if first & 0x0F == 8:
                return int.from_bytes(payload[:2], "big")

    def close(self) -> None:
        self.writer.transport.abort()


def frame(content: object, opcode: int = 1) -> bytes:
    """A masked frame of a client."""
    raw = content if isinstance(content, bytes) else orjson.dumps(content)
    if len(raw) < 126:
        length = bytes((0x80 | len(raw),))
    elif len(raw) < 65_536:
        length = bytes((0x80 | 126,)) + len(raw).to_bytes(2, "big")
    else:
        length = bytes((0x80 | 127,)) + len(raw).to_bytes(8, "big")
    return bytes((0x80 | opcode,)) + length + bytes(4) + raw


def piece(raw: bytes, opcode: int) -> bytes:
    """A frame that says that more of its message follows."""
    whole = frame(raw, opcode)
    return bytes((whole[0] & 0x7F,)) + whole[1:]


async def dribbles_its_hello(raw: Raw) -> int:
    """A byte now and then: each is a sign of life, and the hello never comes."""
    await raw.upgrade()
    closed = asyncio.create_task(raw.code())
    with contextlib.suppress(*GONE):
        for byte in raw.hello():
            if closed.done():
                break
            raw.writer.write(bytes((byte,)))
            await asyncio.sleep(0.1)
    return await closed


async def sends_large_frames(raw: Raw) -> int:
    """64 KB, four times what a client may say."""
    await raw.upgrade()
    raw.writer.write(raw.hello())
    raw.writer.write(frame(b"x" * 65_536))
    return await raw.code()


async def sends_a_megabyte(raw: Raw) -> int:
    """Before it has said anything."""
    await raw.upgrade()
    raw.writer.write(frame(b"x" * 1_048_576))
    return await raw.code()


async def sends_a_bomb(raw: Raw) -> int:
    """16 MB of nothing in 16 KB, as permessage-deflate packs it, which it has offered and nobody took up."""
    head = await raw.upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n")
    assert b"permessage-deflate" not in head
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(16 * 1_048_576)) + packer.flush()
    assert len(bomb) < INBOUND_FRAME_BYTES
    raw.writer.write(bytes((0xC1, 0x80 | 126)) + len(bomb).to_bytes(2, "big") + bytes(4) + bomb)
    return await raw.code()


async def sends_pieces_of_nothing(raw: Raw) -> int:
    """A message that never ends and never grows."""
    await raw.upgrade()
    raw.writer.write(raw.hello())
    raw.writer.write(piece(b"", opcode=1) + piece(b"", opcode=0) * 10_000)
    return await raw.code()


async def comes_with_a_wrong_token(raw: Raw) -> int:
    """Made up."""
    await raw.upgrade()
    raw.writer.write(frame({"t": "hello", "id": 1, "v": 1, "token": "eyJhbGciOiJFZERTQSJ9.e30.c2ln"}))
    return await raw.code()


async def floods_with_pings(raw: Raw) -> int:
    """As many as the line takes."""
    await raw.upgrade()
    raw.writer.write(raw.hello())
    raw.writer.write(frame(b"", opcode=9) * 10_000)
    return await raw.code()


async def subscribes_without_end(raw: Raw) -> int:
    """To channels that are none, one after the other."""
    await raw.upgrade()
    raw.writer.write(raw.hello())
    code = asyncio.create_task(raw.code())
    with contextlib.suppress(*GONE):
        for first in range(0, SUBS, 1_000):
            if code.done():
                break
            numbers = range(first, first + 1_000)
            subs = [{"t": "sub", "id": one, "ch": raw.running.channel(f"no{one}")} for one in numbers]
            raw.writer.write(b"".join(map(frame, subs)))
            await raw.writer.drain()
    return await code


async def hangs_half_open(raw: Raw) -> int:
    """Its network is gone: it says nothing, and nobody says so."""
    await raw.upgrade()
    raw.writer.write(raw.hello(raw.running.at("inventory", 1), kind="kds"))
    return await raw.code()


HOSTILE: Final[dict[Callable[[Raw], Awaitable[int]], Close]] = {
    dribbles_its_hello: Close.NO_HELLO,
    sends_large_frames: Close.TOO_BIG,
    sends_a_megabyte: Close.TOO_BIG,
    sends_a_bomb: Close.PROTOCOL,
    sends_pieces_of_nothing: Close.RATE_LIMITED,
    comes_with_a_wrong_token: Close.TOKEN_INVALID,
    floods_with_pings: Close.RATE_LIMITED,
    subscribes_without_end: Close.RATE_LIMITED,
    hangs_half_open: Close.HEARTBEAT,
}


async def honest_and_well(running: Running, work: Awaitable[None], pause: float = 0.05) -> None:
    """While ``work`` goes on, a device gets every event in order and keeps its socket."""
    await running.stock(1)
    device, welcome = await running.hello(running.at("inventory", 1))
    assert welcome["t"] == "welcome"
    going = asyncio.ensure_future(work)
    last = 1
    while not going.done():
        last += 1
        await running.stock(last, name="x" * 500)
        while (said := await device.next("ev", "ping"))["t"] == "ping":
            await device.send(t="pong", n=said["n"])
        assert said["s"] == last
        await asyncio.sleep(pause)
    await going
    assert device.socket.close_code is None


@pytest.mark.parametrize("act", HOSTILE, ids=lambda act: act.__name__)
async def test_a_hostile_device_meets_its_limit_and_honest_ones_stay_well(
    running: Running, act: Callable[[Raw], Awaitable[int]]
) -> None:
    async def attack() -> None:
        raws = [Raw(running) for _ in range(EACH)]
        for raw in raws:
            await raw.connect()
        async with asyncio.timeout(PATIENT_SECONDS):
            assert await asyncio.gather(*(act(raw) for raw in raws)) == [HOSTILE[act]] * EACH
        for raw in raws:
            raw.close()

    await honest_and_well(running, attack())
    await until(lambda: len(running.engine.hub.sessions) <= 1)


def slow_consumers() -> float:
    """How many sockets were closed because they are too slow."""
    return REGISTRY.get_sample_value("realtime_closed_total", {"code": str(int(Close.SLOW_CONSUMER))}) or 0.0


async def test_half_a_handshake_is_ended(running: Running) -> None:
    raw = Raw(running)
    await raw.connect()
    raw.writer.write(REQUEST[:60].encode())
    async with asyncio.timeout(PATIENCE_SECONDS):
        with contextlib.suppress(ConnectionError):
            assert await raw.reader.read() == b""


async def test_a_device_that_drips_is_let_go_although_it_always_takes_something(running: Running) -> None:
    """It reads a hundred bytes a second and answers for the rest: no buffer of it is ever full."""
    raw = Raw(running)

    async def drip() -> None:
        await raw.connect(buffer_bytes=1_024)
        await raw.upgrade()
        raw.writer.write(raw.hello(running.at("inventory", 1)))
        hub = running.engine.hub
        await until(lambda: len(hub.sessions) == 2)
        async with asyncio.timeout(PATIENT_SECONDS):
            while len(hub.sessions) > 1:
                assert all(one.phase is Phase.CLOSED or not one.paused for one in hub.sessions)
                with contextlib.suppress(*GONE):
                    raw.writer.write(frame({"t": "ack"}))
                    await asyncio.wait_for(raw.reader.read(DRIP_BYTES), DRIP_SECONDS)
                await asyncio.sleep(DRIP_SECONDS)

    before = slow_consumers()
    await honest_and_well(running, drip(), pause=0.25)
    await until(lambda: slow_consumers() == before + 1)
    raw.close()


async def test_an_address_that_comes_back_without_end_takes_no_turn_of_another(nats_url: str) -> None:
    limits: dict[str, Any] = {"accepts_per_second": 30, "accepts_per_address": 2, "trusted_proxies": []}
    async with Running(nats_url, **limits) as running:
        admitted = int(2 * ACCEPTS_BURST_SECONDS)
        storm = [await running.open(local_addr=("127.0.0.2", 0)) for _ in range(10 * admitted)]
        codes = [(await device.closed())[0] for device in storm]
        assert codes.count(Close.OVERLOAD) >= len(storm) / 2
        for number in range(admitted):
            device, welcome = await running.hello(local_addr=(f"127.0.0.{3 + number % 2}", 0))
            assert welcome["t"] == "welcome"
            assert device.socket.close_code is None


def test_an_address_has_its_share_of_new_sockets_again_after_a_while() -> None:
    arrivals = Arrivals(per_second=2, burst=3)
    assert [arrivals.take("a", 100.0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert arrivals.take("b", 100.0)
    assert [arrivals.take("a", 101.0) for _ in range(3)] == [True, True, False]


def test_addresses_that_come_once_are_forgotten() -> None:
    arrivals = Arrivals(per_second=1, burst=1)
    assert all(arrivals.take(f"address {number}", 100.0) for number in range(3 * ADDRESSES_MAX))
    assert len(arrivals) == ADDRESSES_MAX
    assert arrivals.take("address 0", 100.0)
    assert not arrivals.take(f"address {3 * ADDRESSES_MAX - 1}", 100.0)
