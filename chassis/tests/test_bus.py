"""What the log says of the connection to NATS."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chassis.messaging.bus import ServerTooOld, open_nats
from chassis.process.runtime import Service
from deploy.local.embedded import free_port
from deploy.local.servers import EmbeddedNats
from harness.rpc import settings_for_tests

GONE = "NATS is gone; what happens meanwhile waits in the outbox"
WAIT_SECONDS = 30.0


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    """A server of this test, for it gets killed."""
    nats = EmbeddedNats(tmp_path / "nats", free_port())
    await nats.start()
    yield nats
    await nats.stop()


async def until(law: Callable[[], bool]) -> None:
    while not law():  # noqa: ASYNC110 - the client has no event for it
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("way", ["close", "drain"])
async def test_closing_a_connection_ourselves_is_no_loss(server: EmbeddedNats, way: str) -> None:
    with capture_logs() as logs:
        bus = await open_nats(server.url, name="test")
        await getattr(bus, way)()
        async with asyncio.timeout(WAIT_SECONDS):
            await until(lambda: bus.is_closed)
        await asyncio.sleep(0.1)
    assert logs == []


async def test_a_server_that_goes_and_comes_is_told(server: EmbeddedNats) -> None:
    with capture_logs() as logs:
        bus = await open_nats(server.url, name="test")
        await server.stop()
        async with asyncio.timeout(WAIT_SECONDS):
            await until(lambda: any(entry["event"] == GONE for entry in logs))
            await server.start()
            await until(lambda: any(entry["event"] == "NATS is back" for entry in logs))
        await bus.close()
    assert [entry["log_level"] for entry in logs if entry["event"] == GONE] == ["warning"]


@asynccontextmanager
async def claiming(server: EmbeddedNats, version: bytes) -> AsyncIterator[str]:
    """The address of ``server`` through a proxy that changes the version which it says it is."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_server: bool) -> None:
        while chunk := await reader.read(65_536):
            if from_server:
                chunk = re.sub(rb'"version":"[^"]*"', b'"version":"%s"' % version, chunk)
            writer.write(chunk)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(
            pump(reader, upstream, from_server=False), pump(upstream_reader, writer, from_server=True)
        )

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    try:
        yield server.url.replace(f":{server.port}", f":{port}")
    finally:
        proxy.close()


async def test_a_server_older_than_needed_is_refused_and_not_waited_for(server: EmbeddedNats) -> None:
    service = Service(settings_for_tests(dependency_wait_seconds=600))
    try:
        async with claiming(server, b"2.13.9") as url, asyncio.timeout(WAIT_SECONDS):
            with pytest.raises(ServerTooOld, match=r"2\.13; Fynlo needs 2\.14 or newer"):
                await service.wait_for("nats", lambda: open_nats(url, name="test"))
    finally:
        await service.stop()


async def test_the_oldest_server_that_suffices_is_taken(server: EmbeddedNats) -> None:
    async with claiming(server, b"2.14.0") as url:
        bus = await open_nats(url, name="test")
        assert bus.is_connected
        await bus.close()
