"""Reading the stream back: of more than fits, the newest."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chassis.ids import new_id
from services.realtime.feed import read_stream
from services.realtime.tests.running import Running

MESSAGES = 600
MINE_OF_TEN = 3


async def read(running: Running, subject: str, limit: int) -> list[str]:
    since = datetime.now(UTC) - timedelta(hours=1)
    found = read_stream(running.bus, since, subject=subject, limit=limit)
    return [event.message_id async for event, _ in found]


@pytest.mark.parametrize("limit", [1, 40, 10_000])
@pytest.mark.parametrize("spread", ["evenly", "first", "last"])
async def test_of_more_than_fits_the_newest_are_read_without_a_hole(
    running: Running, limit: int, spread: str
) -> None:
    """However one restaurant's messages lie among those of the others."""
    mine, other = running.rid, str(new_id())
    whose = [mine if number % 10 < MINE_OF_TEN else other for number in range(MESSAGES)]
    whose.sort(key={"evenly": lambda _: random.random(), "first": mine.__ne__, "last": mine.__eq__}[spread])
    for rid in whose:
        await running.order_of(rid)
    everything = await read(running, f"fynlo.*.v1.*.{UUID(mine)}", MESSAGES)
    assert len(everything) == MESSAGES * MINE_OF_TEN // 10
    newest = await read(running, f"fynlo.*.v1.*.{UUID(mine)}", limit)
    assert newest == everything[-len(newest) :]
    assert min(limit, len(everything)) / 2 <= len(newest) <= limit
