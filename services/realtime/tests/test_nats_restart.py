"""NATS goes and comes back; devices lose nothing."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest

from deploy.local import places
from deploy.local.embedded import EmbeddedNats, free_port
from services.realtime.tests.running import Running


@pytest.fixture
async def own_nats() -> AsyncIterator[EmbeddedNats]:
    """A NATS server of this test alone."""
    folder = places.temporary_folder(places.server_account())
    server = EmbeddedNats(folder / "nats", free_port())
    await server.start()
    yield server
    await server.stop()
    shutil.rmtree(folder)


async def republish(running: Running) -> None:
    """What the relay does: what was not acknowledged is published until it is."""
    while not running.bus.is_connected:  # noqa: ASYNC110 - the client's state has no event
        await asyncio.sleep(0.05)
    await running.flush_unpublished()


async def test_nothing_is_lost_while_nats_restarts(own_nats: EmbeddedNats) -> None:
    async with Running(own_nats.url) as running:
        await running.order()
        device, _ = await running.hello(running.at("orders", 1))
        for _ in range(5):
            await running.order()
        assert [frame["s"] for frame in await device.events(5)] == [2, 3, 4, 5, 6]
        await own_nats.stop()
        for _ in range(5):
            await running.order(publish=False)
        await own_nats.start()
        await republish(running)
        await running.order()
        assert [frame["s"] for frame in await device.events(6)] == [7, 8, 9, 10, 11, 12]
        await device.quiet(0.3)


async def test_what_was_published_while_only_we_were_away_is_read_back(own_nats: EmbeddedNats) -> None:
    async with Running(own_nats.url) as running:
        await running.order()
        device, _ = await running.hello(running.at("orders", 1))
        for subscription in running.feed._subscriptions:
            await subscription.unsubscribe()
        await running.order()
        await device.quiet(0.3)
        assert [frame["s"] for frame in await device.events(1)] == [2]
        await running.order()
        assert [frame["s"] for frame in await device.events(1)] == [3]
