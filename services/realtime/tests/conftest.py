"""A running realtime service: real sockets, real NATS, a real gRPC server that stands for its peers."""

from collections.abc import AsyncIterator

import pytest

from services.realtime.tests.running import Running


@pytest.fixture
async def running(nats_url: str) -> AsyncIterator[Running]:
    """The service, its peers and a publisher."""
    async with Running(nats_url) as world:
        yield world
