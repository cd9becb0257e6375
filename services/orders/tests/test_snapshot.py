"""What a device that has nothing yet is told."""

import pytest

from services.orders.domain.errors import UnknownChannel
from services.orders.tests.world import World


@pytest.mark.parametrize("channel", ["orders", "kitchen", "floor", "metrics"])
async def test_a_snapshot_says_whose_state_it_is_also_where_there_is_nothing(
    world: World, channel: str
) -> None:
    assert (await world.snapshot(channel)).WhichOneof("state") == channel


async def test_a_channel_of_nobody_has_no_snapshot(world: World) -> None:
    with pytest.raises(UnknownChannel):
        await world.snapshot("nobodys")
