"""A payments service on a real database, with the owners of orders and restaurants on the other side of
gRPC.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from chassis.clock import FakeClock
from harness.fixtures import OpenDatabase
from services.payments.tests.world import World, world_of


@pytest.fixture
async def world(service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[World]:
    """One restaurant whose settings and orders other services own."""
    async with world_of(await service_database("payments", pool_size=20), fake_clock) as made:
        yield made


@pytest.fixture
def restaurant_id(world: World) -> UUID:
    """The restaurant of the test."""
    return world.restaurant_id
