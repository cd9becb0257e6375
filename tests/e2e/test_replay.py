"""A small file of past orders goes the same way as a large one: every penny and ticket is accounted for."""

from pathlib import Path

import httpx

from tests.conftest import People
from tests.system import System
from tools.replay.menu_plan import plan_menu
from tools.replay.orders_file import read_lines
from tools.replay.play import play

SAMPLE = (Path(__file__).parent / "sample_orders.tsv").read_text().splitlines(keepends=True)


async def test_the_sample_is_sold_to_the_penny(
    system: System, http: httpx.AsyncClient, people: People
) -> None:
    lines = read_lines(SAMPLE)
    plan = plan_menu(lines)
    sold: list[None] = []
    result = await play(system.base_url, http, await people.platform(), plan, lambda: sold.append(None))
    assert result.mismatches == []
    assert (result.orders, result.lines, result.units) == (
        len({line.order_id for line in lines}),
        len(lines),
        sum(line.quantity for line in lines),
    )
    assert result.total_minor == result.z_total_minor == sum(line.gross_minor for line in lines)
    assert (result.unseen, result.duplicates, result.bumped) == (0, 0, result.tickets)
    assert len(sold) == result.orders == len(result.latencies)
    assert result.ok
