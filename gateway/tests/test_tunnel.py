"""The tunnel passes bytes both ways, holds what comes early, and closes one end when the other goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

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
async def gateway_to(address: str) -> AsyncIterator[int]:
    config = uvicorn.Config(
        no_http, host="127.0.0.1", port=0, ws=tunnel_to(address), lifespan="off", log_config=None
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
async def tunnelled() -> AsyncIterator[tuple[Upstream, int]]:
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with gateway_to(f"127.0.0.1:{port}") as gateway_port:
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
