"""The tunnel passes bytes both ways, holds what comes early, and closes one end when the other goes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from chassis.rpc.client_address import network_of
from gateway.connections import Connections
from gateway.http_connection import http_over
from gateway.limits import Limit
from gateway.main import HttpServer
from gateway.tunnel import SocketTunnel, shut_tunnels, tunnel_to

UPGRADE = (
    b"GET %b HTTP/1.1\r\nHost: pos\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Protocol: fynlo.rt.v1\r\n\r\n"
)
SECONDS = 30.0


async def no_http(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Upstream:
    """A realtime service reduced to a socket: remembers what it got, answers with it in capitals."""

    def __init__(self) -> None:
        self.got = b""
        self.gone = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while data := await reader.read(65_536):
            self.got += data
            writer.write(data.upper())
        self.gone.set()


@asynccontextmanager
async def gateway_to(
    address: str, trusted: Sequence[str] = (), sockets: int = 100, burst: int = 100
) -> AsyncIterator[int]:
    connections = Connections(
        in_all=100,
        per_address=100,
        sockets_per_address=sockets,
        new_sockets=Limit("socket", 0.01, burst),
        trusted=tuple(map(network_of, trusted)),
    )
    config = uvicorn.Config(
        no_http,
        host="127.0.0.1",
        port=0,
        http=http_over(connections),
        ws=tunnel_to(address),
        lifespan="off",
        log_config=None,
    )
    server = HttpServer(config)
    serving = asyncio.create_task(server.serve())
    for _ in range(3_000):
        if server.started:
            break
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    await shut_tunnels()
    server.should_exit = True
    async with asyncio.timeout(SECONDS):
        await serving


@asynccontextmanager
async def tunnelled(
    trusted: Sequence[str] = (), sockets: int = 100, burst: int = 100
) -> AsyncIterator[tuple[Upstream, int]]:
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with gateway_to(f"127.0.0.1:{port}", trusted, sockets, burst) as gateway_port:
        yield upstream, gateway_port
    server.close()


async def read_until(reader: asyncio.StreamReader, wanted: bytes) -> bytes:
    got = b""
    async with asyncio.timeout(SECONDS):
        while wanted not in got:
            chunk = await reader.read(65_536)
            if not chunk:
                break
            got += chunk
    return got


async def test_bytes_pass_both_ways_unread() -> None:
    async with tunnelled() as (upstream, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE % b"/api/v2/ws")
        await read_until(reader, b"FYNLO.RT.V1")
        writer.write(b"\x81\x05hello")
        assert b"\x81\x05HELLO" in await read_until(reader, b"HELLO")
        assert upstream.got.startswith(b"GET /api/v2/ws HTTP/1.1\r\n")
        assert upstream.got.endswith(b"\x81\x05hello")
        writer.close()
        async with asyncio.timeout(SECONDS):
            await upstream.gone.wait()


async def test_a_lost_realtime_closes_the_device_so_that_it_reconnects() -> None:
    async with tunnelled() as (upstream, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE % b"/api/v2/ws")
        await read_until(reader, b"FYNLO.RT.V1")
        upstream.writers[0].close()
        async with asyncio.timeout(SECONDS):
            assert await reader.read() == b""
        writer.close()


async def test_no_realtime_is_a_503_at_once() -> None:
    async with gateway_to("127.0.0.1:1") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE % b"/api/v2/ws")
        answer = await read_until(reader, b"Retry-After")
        assert answer.startswith(b"HTTP/1.1 503 ")
        writer.close()


@pytest.mark.parametrize("path", [b"/api/v2/orders", b"/api/v2/ws/more", b"/"])
async def test_other_paths_are_no_sockets(path: bytes) -> None:
    async with tunnelled() as (upstream, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE % path)
        assert (await read_until(reader, b"404")).startswith(b"HTTP/1.1 404 ")
        assert upstream.got == b""
        writer.close()


async def test_closed_tunnels_are_forgotten() -> None:
    before = len(SocketTunnel.open_tunnels)
    async with tunnelled() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE % b"/api/v2/ws")
        await read_until(reader, b"FYNLO.RT.V1")
        assert len(SocketTunnel.open_tunnels) == before + 1
        writer.close()
        for _ in range(1_000):
            if len(SocketTunnel.open_tunnels) == before:
                break
            await asyncio.sleep(0.02)
        assert len(SocketTunnel.open_tunnels) == before


def named(got: bytes) -> list[bytes]:
    """What realtime is told of the client's address, under any name."""
    lines = got.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [line.lower() for line in lines if b"forwarded" in line.lower() or b"real-ip" in line.lower()]


LIES = (
    b"",
    b"X-Forwarded-For: 6.6.6.6\r\n",
    b"X-Forwarded-For: 6.6.6.6\r\nX-FORWARDED-FOR: 7.7.7.7, 8.8.8.8\r\n",
    b"Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-Host: evil\r\n",
    b"x-forwarded-for:6.6.6.6\r\nX-Forwarded-Proto: https\r\n",
)


async def upgraded(port: int, lines: bytes, upstream: Upstream) -> list[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write((UPGRADE % b"/api/v2/ws").replace(b"\r\n\r\n", b"\r\n" + lines + b"\r\n"))
    await read_until(reader, b"FYNLO.RT.V1")
    writer.close()
    return named(upstream.got)


@pytest.mark.parametrize("lie", LIES)
async def test_realtime_learns_the_address_of_the_client_and_nothing_that_the_client_says_of_it(
    lie: bytes,
) -> None:
    async with tunnelled() as (upstream, port):
        assert await upgraded(port, lie, upstream) == [b"x-forwarded-for: 127.0.0.1"]


@pytest.mark.parametrize("lie", LIES)
async def test_behind_a_proxy_of_ours_realtime_learns_what_the_proxy_saw(lie: bytes) -> None:
    async with tunnelled(trusted=["127.0.0.0/8"]) as (upstream, port):
        seen = lie + b"X-Forwarded-For: [2001:db8::5]:4711\r\n"
        assert await upgraded(port, seen, upstream) == [b"x-forwarded-for: 2001:db8::5"]


async def test_an_address_holds_so_many_sockets_and_gets_room_again() -> None:
    async with tunnelled(sockets=2) as (_, port):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in held[:2]:
            writer.write(UPGRADE % b"/api/v2/ws")
            await read_until(reader, b"FYNLO.RT.V1")
        held[2][1].write(UPGRADE % b"/api/v2/ws")
        assert (await read_until(held[2][0], b"rate_limited")).startswith(b"HTTP/1.1 429 ")
        held[0][1].close()
        async with asyncio.timeout(SECONDS):
            while True:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(UPGRADE % b"/api/v2/ws")
                if b"FYNLO.RT.V1" in await read_until(reader, b"\r\n\r\n"):
                    break
        for _, each in [*held, (reader, writer)]:
            each.close()


async def test_a_realtime_that_says_nothing_holds_no_device() -> None:
    released = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with gateway_to(f"127.0.0.1:{server.sockets[0].getsockname()[1]}") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE % b"/api/v2/ws")
        assert (await read_until(reader, b"Retry-After")).startswith(b"HTTP/1.1 503 ")
        writer.close()
        released.set()
    server.close()


async def test_sockets_that_come_back_without_end_are_refused_and_those_of_others_are_not() -> None:
    async with tunnelled(burst=3) as (upstream, port):
        answers = []
        for source in ("127.0.0.2",) * 5 + ("127.0.0.3",):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            writer.write(UPGRADE % b"/api/v2/ws")
            # The stand-in says what it heard in capitals; a refusal says when to come back.
            answers.append(b"FYNLO.RT.V1" in await read_until(reader, b"\r\n\r\n"))
            writer.close()
        assert answers == [True, True, True, False, False, True]
        assert len(upstream.writers) == 4
