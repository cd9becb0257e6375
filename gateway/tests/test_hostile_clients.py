"""Clients that say nothing, drip, flood or never stop: each is told what it did wrong, and none holds on."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from gateway import http_connection
from gateway.admission import Admission
from gateway.connections import Connections
from gateway.edge import Edge
from gateway.http_connection import (
    BODY_GRACE_SECONDS,
    FIELDS_MAX,
    FIRST_BYTE_SECONDS,
    HEAD_BYTES_MAX,
    HEAD_SECONDS,
    KEEP_ALIVE_SECONDS,
    LINGER_SECONDS,
    SEND_SECONDS,
    BoundedHttp,
    http_over,
)
from gateway.limits import Limit
from gateway.main import HttpServer

HOST = "127.0.0.1"
PATIENCE_SECONDS = 60.0
GET = b"GET / HTTP/1.1\r\nHost: pos\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: pos\r\nContent-Length: 10\r\n\r\n"
LONG_ANSWER_BYTES = 32 * 1024 * 1024


@dataclass
class Edged:
    """A gateway's edge over a small application."""

    port: int
    connections: Connections
    admission: Admission
    release: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def open(self, source: str = HOST) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(HOST, self.port, local_addr=(source, 0))

    def pass_time(self, seconds: float) -> None:
        """Lets the deadlines of all waiting connections be looked at as if so much time had passed."""
        now = asyncio.get_running_loop().time() + seconds
        for connection in list(self.connections._waiting):
            connection.check(now)


async def application(edged: Edged, scope: Scope, receive: Receive, send: Send) -> None:
    request, answer = Request(scope, receive), Response()
    if request.url.path == "/echo":
        answer = PlainTextResponse(await request.body())
    elif request.url.path == "/wait":
        edged.arrived.release()
        await edged.release.wait()
    elif request.url.path == "/long":
        answer = PlainTextResponse(b"x" * LONG_ANSWER_BYTES)
    await answer(scope, receive, send)


@asynccontextmanager
async def edge(
    *,
    in_all: int = 1_000,
    per_address: int = 1_000,
    requests: int = 1_000,
    limit: Limit = Limit("address", 100_000, 100_000),
) -> AsyncIterator[Edged]:
    connections = Connections(
        in_all=in_all, per_address=per_address, sockets_per_address=10, new_sockets=Limit("socket", 10, 10)
    )
    edged = Edged(0, connections, Admission(address=limit, requests=requests))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await application(edged, scope, receive, send)

    config = uvicorn.Config(
        Edge(app, edged.admission, tls_terminated=False),
        host=HOST,
        port=0,
        http=http_over(connections),
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = HttpServer(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    edged.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield edged
    finally:
        edged.release.set()
        server.should_exit = True
        await serving


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """One answer."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(first.split(" ")[1]), headers, body


async def refused(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and code of a refusal, after which the connection ends."""
    status, headers, body = await answered(reader)
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    await ended(reader)
    document = json.loads(body)
    assert document["status"] == status
    return status, document["code"]


async def ended(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        with suppress(ConnectionResetError):
            assert await reader.read() == b""


# --- slow -------------------------------------------------------------------------------------------------


async def test_who_says_nothing_is_let_go_after_the_first_byte_time() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        await until(lambda: len(edged.connections) == 1)
        edged.pass_time(FIRST_BYTE_SECONDS - 1)
        assert len(edged.connections) == 1
        edged.pass_time(FIRST_BYTE_SECONDS)
        await ended(reader)
        assert len(edged.connections) == 0
        writer.close()


async def test_empty_lines_are_no_first_byte() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(GET)
        assert (await answered(reader))[0] == 200
        for _ in range(5):
            writer.write(b"\r\n")
            await asyncio.sleep(0.01)
        edged.pass_time(KEEP_ALIVE_SECONDS)
        await ended(reader)
        writer.close()


async def test_a_head_that_drips_is_told_that_it_was_late() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(b"GET / HTTP/1.1\r\nHost: pos\r\n")
        await in_phase(edged, "HEAD")
        edged.pass_time(HEAD_SECONDS - 1)
        for number in range(5):
            writer.write(f"X-{number}: x\r\n".encode())
            await asyncio.sleep(0.01)
        edged.pass_time(HEAD_SECONDS)
        assert await refused(reader) == (408, "request_timeout")
        writer.close()


async def in_phase(edged: Edged, name: str) -> None:
    def reached() -> bool:
        waiting = list(edged.connections._waiting)
        return any(isinstance(one, BoundedHttp) and one._phase.name == name for one in waiting)

    await until(reached)


async def test_a_body_that_drips_is_told_that_it_was_late_and_its_reader_is_freed() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(POST + b"12345")
        await in_phase(edged, "BODY")
        edged.pass_time(BODY_GRACE_SECONDS - 1)
        edged.pass_time(BODY_GRACE_SECONDS + 0.5)
        assert await refused(reader) == (408, "request_timeout")
        await until(lambda: len(edged.connections) == 0)
        writer.close()


async def test_a_long_body_that_keeps_its_pace_may_take_its_time() -> None:
    size = 200_000
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(b"POST /echo HTTP/1.1\r\nHost: pos\r\nContent-Length: %d\r\n\r\n" % size)
        writer.write(b"x" * (size - 1))
        await writer.drain()
        connection = await the_one(edged)
        await until(lambda: connection._body_bytes == size - 1)
        edged.pass_time(BODY_GRACE_SECONDS + size / http_connection.BODY_BYTES_PER_SECOND_MIN - 1)
        writer.write(b"x")
        status, _, body = await answered(reader)
        assert (status, len(body)) == (200, size)
        writer.close()


async def the_one(edged: Edged) -> BoundedHttp:
    await until(lambda: len(edged.connections._waiting) == 1)
    [connection] = edged.connections._waiting
    assert isinstance(connection, BoundedHttp)
    return connection


async def test_no_body_takes_longer_than_a_body_may() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(
            b"POST /echo HTTP/1.1\r\nHost: pos\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 1_000_000
        )
        await writer.drain()
        connection = await the_one(edged)
        await until(lambda: connection._body_bytes == 1_000_000)
        edged.pass_time(http_connection.BODY_SECONDS + 1)
        assert await refused(reader) == (408, "request_timeout")
        writer.close()


async def test_an_idle_connection_is_let_go_after_the_keep_alive_time_and_serves_before_it() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        for _ in range(3):
            writer.write(GET)
            assert (await answered(reader))[0] == 200
            edged.pass_time(KEEP_ALIVE_SECONDS - 1)
        edged.pass_time(KEEP_ALIVE_SECONDS)
        await ended(reader)
        writer.close()


async def test_a_client_that_does_not_take_its_answer_is_cut() -> None:
    async with edge() as edged:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(slow, (HOST, edged.port))
        await asyncio.get_running_loop().sock_sendall(slow, b"GET /long HTTP/1.1\r\nHost: pos\r\n\r\n")
        connection = await the_one(edged)
        await until(lambda: connection._send_deadline > 0)
        edged.pass_time(SEND_SECONDS - 1)
        assert len(edged.connections) == 1
        edged.pass_time(SEND_SECONDS)
        await until(lambda: len(edged.connections) == 0)
        slow.close()


async def test_a_body_that_goes_on_after_its_answer_is_cut() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(b"POST / HTTP/1.1\r\nHost: pos\r\nContent-Length: 1000000\r\n\r\nx")
        assert (await answered(reader))[0] == 200
        await in_phase(edged, "LINGER")
        writer.write(b"x")
        edged.pass_time(LINGER_SECONDS)
        await ended(reader)
        writer.close()


# --- large ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX-Long: " + b"x" * HEAD_BYTES_MAX,
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %b\r\n" % (i, b"x" * 1_000) for i in range(40)),
        b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * (FIELDS_MAX + 2),
        b"GET /" + b"x" * HEAD_BYTES_MAX,
    ],
    ids=["one field", "many fields", "tiny fields", "target"],
)
@pytest.mark.parametrize("whole", [True, False])
async def test_a_head_takes_at_most_32_kb_in_all(head: bytes, whole: bool) -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        if whole:
            writer.write(head + b"\r\n\r\n")
        else:
            for start in range(0, len(head), 5_000):
                writer.write(head[start : start + 5_000])
                await asyncio.sleep(0.005)
        assert await refused(reader) == (431, "headers_too_large")
        writer.close()


async def test_a_flood_of_header_fields_is_stopped_early() -> None:
    meant, sent = 77 * 1024 * 1024, 0
    async with edge() as edged:
        _, writer = await edged.open()
        with suppress(OSError):
            writer.write(b"GET / HTTP/1.1\r\nX-Flood: ")
            while sent < meant:
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        assert sent < meant / 4
        await until(lambda: len(edged.connections) == 0)
        writer.close()


async def test_a_head_just_below_the_limit_is_served() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nX-Long: %b\r\n\r\n" % (b"x" * (HEAD_BYTES_MAX - 100)))
            assert (await answered(reader))[0] == 200
        writer.close()


async def test_trailer_fields_count_like_header_fields() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(b"POST /echo HTTP/1.1\r\nHost: pos\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        writer.write(b"X-Trailer: " + b"x" * 3 * HEAD_BYTES_MAX)
        await asyncio.sleep(0.05)
        with suppress(OSError):
            writer.write(b"x" * 2 * HEAD_BYTES_MAX)
            await writer.drain()
        status, _ = await refused(reader)
        assert status in (413, 431)
        writer.close()


async def test_what_is_no_http_is_told_so() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 5)
        assert await refused(reader) == (400, "malformed_request")
        writer.close()


async def test_requests_in_one_go_are_answered_in_order_and_too_many_of_them_are_not() -> None:
    async with edge() as edged:
        reader, writer = await edged.open()
        writer.write(GET * http_connection.PIPELINED_MAX)
        for _ in range(http_connection.PIPELINED_MAX):
            assert (await answered(reader))[0] == 200
        writer.write(GET * 1_000)
        with suppress(ConnectionResetError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert (await reader.read()).count(b"HTTP/1.1 200") < 1_000
        writer.close()


# --- many -------------------------------------------------------------------------------------------------


async def test_idle_connections_keep_nobody_out() -> None:
    async with edge(in_all=50, per_address=20) as edged:
        idle = [await edged.open(f"127.0.0.{2 + number % 5}") for number in range(150)]
        for source in (HOST, "127.0.0.2"):
            reader, writer = await edged.open(source)
            writer.write(GET)
            assert (await answered(reader))[0] == 200
            writer.close()
        assert len(edged.connections) <= 50
        for _, writer in idle:
            writer.close()


async def test_a_full_address_lets_go_of_the_connection_that_has_waited_longest() -> None:
    async with edge(per_address=3) as edged:
        first, second, third = [await edged.open() for _ in range(3)]
        await until(lambda: len(edged.connections) == 3)
        for reader, writer in (third, first):
            writer.write(GET)
            assert (await answered(reader))[0] == 200
        fourth = await edged.open()
        await ended(second[0])
        for reader, writer in (first, third, fourth):
            writer.write(GET)
            assert (await answered(reader))[0] == 200
        for _, writer in (first, second, third, fourth):
            writer.close()


async def test_who_has_had_an_answer_is_not_pushed_out_by_those_who_say_nothing() -> None:
    async with edge(per_address=5) as edged:
        reader, writer = await edged.open()
        writer.write(GET)
        assert (await answered(reader))[0] == 200
        crowd = [await edged.open() for _ in range(100)]
        for _, silent in crowd[::2]:
            silent.write(b"GET / HTTP/1.1\r\nHost")
        await ended(crowd[0][0])
        writer.write(GET)
        assert (await answered(reader))[0] == 200
        for _, each in [*crowd, (reader, writer)]:
            each.close()


async def test_no_connection_is_cut_while_it_is_served() -> None:
    async with edge(per_address=2) as edged:
        served = [await edged.open() for _ in range(2)]
        for _, writer in served:
            writer.write(b"GET /wait HTTP/1.1\r\nHost: pos\r\n\r\n")
            await edged.arrived.acquire()
        one_more, _ = await edged.open()
        assert await refused(one_more) == (503, "service_unavailable")
        edged.release.set()
        for reader, writer in served:
            assert (await answered(reader))[0] == 200
            writer.close()


async def test_an_address_that_is_full_leaves_the_others_alone() -> None:
    async with edge(per_address=2) as edged:
        neighbour, neighbour_writer = await edged.open("127.0.0.3")
        crowd = [await edged.open("127.0.0.2") for _ in range(20)]
        neighbour_writer.write(GET)
        assert (await answered(neighbour))[0] == 200
        assert len(edged.connections) <= 3
        for _, writer in [*crowd, (neighbour, neighbour_writer)]:
            writer.close()


async def test_requests_are_counted_and_connections_are_not() -> None:
    async with edge(requests=2) as edged:
        idle = [await edged.open() for _ in range(20)]
        running = [await edged.open() for _ in range(2)]
        for _, writer in running:
            writer.write(b"GET /wait HTTP/1.1\r\nHost: pos\r\n\r\n")
            await edged.arrived.acquire()
        reader, writer = await edged.open()
        writer.write(GET)
        status, headers, body = await answered(reader)
        assert (status, json.loads(body)["code"]) == (503, "service_unavailable")
        assert headers["retry-after"] == "1"
        edged.release.set()
        for running_reader, _ in running:
            assert (await answered(running_reader))[0] == 200
        writer.write(GET)
        assert (await answered(reader))[0] == 200
        for _, other_writer in [*idle, *running, (reader, writer)]:
            other_writer.close()


async def test_half_bodies_take_no_room_from_requests() -> None:
    async with edge(requests=2) as edged:
        halves = [await edged.open() for _ in range(10)]
        for _, writer in halves:
            writer.write(POST + b"123")
        await until(lambda: len(edged.connections) == 10)
        reader, writer = await edged.open()
        for _ in range(3):
            writer.write(GET)
            assert (await answered(reader))[0] == 200
        for half_reader, half_writer in halves:
            half_writer.write(b"4567890")
            assert (await answered(half_reader))[2] == b"1234567890"
            half_writer.close()
        writer.close()


async def test_the_limit_of_an_address_is_looked_at_before_anything_else() -> None:
    async with edge(limit=Limit("address", 0.01, 3)) as edged:
        reader, writer = await edged.open()
        statuses = []
        for _ in range(5):
            writer.write(GET)
            status, headers, _ = await answered(reader)
            statuses.append(status)
        assert statuses == [200, 200, 200, 429, 429]
        assert int(headers["retry-after"]) >= 1
        assert headers["x-request-id"]
        other, other_writer = await edged.open("127.0.0.2")
        other_writer.write(GET)
        assert (await answered(other))[0] == 200
        writer.close()
        other_writer.close()


async def test_a_client_that_leaves_is_forgotten_whatever_it_had_begun() -> None:
    async with edge() as edged:
        for said in (b"", b"GET / HT", POST, POST + b"123", GET, b"GET /wait HTTP/1.1\r\nHost: pos\r\n\r\n"):
            _, writer = await edged.open()
            writer.write(said)
            await writer.drain()
            writer.close()
        edged.release.set()
        await until(lambda: len(edged.connections) == 0)
        await until(lambda: edged.admission._count == 0)
        assert not edged.connections._callers
        assert not edged.connections._waiting
