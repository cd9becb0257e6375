"""A deed is told once, with its facts and the place it belongs to."""

import json
from io import StringIO

from chassis.clock import FakeClock
from chassis.rpc import inbound, mark_replayed
from chassis.telemetry.deeds import deed
from chassis.tests.conftest import logs_to
from harness.fixtures import START
from harness.rpc import TokenMint


def test_a_deed_is_told_with_its_facts_and_not_again_when_its_answer_is_replayed() -> None:
    principal = TokenMint(FakeClock(START)).principal(device_id="ipad-7")
    with logs_to(StringIO()) as lines, inbound(budget_seconds=1, principal=principal):
        deed("orders.order_placed", number=12, total_minor=2940)
        mark_replayed()
        deed("orders.order_placed", number=12, total_minor=2940)
    [line] = [json.loads(text) for text in lines.getvalue().splitlines()]
    assert (line["part"], line["event"], line["number"]) == ("deed", "orders.order_placed", 12)
    assert line["restaurant_id"] == str(principal.restaurant_id)
