"""The orders service over a real database, with stand-ins of its peers behind real gRPC servers."""

from collections.abc import AsyncIterator

import pytest

from chassis.clock import FakeClock
from harness.fixtures import OpenDatabase
from services.orders.tests.stand_ins import world_of
from services.orders.tests.world import World


@pytest.fixture
async def world(service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[World]:
    """A restaurant of its own for each test, with its peers."""
    async with world_of(await service_database("orders"), fake_clock) as made:
        yield made
