"""What the log says of the connection to NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chassis.bus import open_nats
from deploy.local.embedded import free_port
from deploy.local.servers import EmbeddedNats

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
