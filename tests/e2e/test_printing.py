"""From an order to paper: the till asks for it, an agent takes it, and the printer gets the bytes."""

import pytest

from tests.conftest import People
from tests.e2e.walk.shop import Shop, unique
from tests.system import System
from tools.api import http_client
from tools.print_agent import ASK_STATUS, Address, Agent, Patience
from tools.tests.test_print_agent import Paper, listening

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_bill_and_a_ticket_come_out_of_their_printers(system: System) -> None:
    async with http_client() as http:
        people = People(system, http)
        shop = Shop(await people.owner(), system.data_dir)
        ticket = await shop.ticket()
        bar = await shop.new_printer()
        body = {"name": unique("Pass"), "kind": "kitchen", "width": 32, "station_id": ticket["station_id"]}
        kitchen = await shop.owner.post("/api/v2/printers", body)
        till = await people.till()
        bill = await till.post(
            "/api/v2/print-jobs", {"order_id": ticket["order_id"], "printer_id": bar["id"]}
        )
        slip = await till.post("/api/v2/print-jobs", {"ticket_id": ticket["id"]})
        assert slip["printer_id"] == kitchen["id"]
        papers = {bar["name"]: Paper(), kitchen["name"]: Paper()}
        async with listening(papers[bar["name"]]) as one, listening(papers[kitchen["name"]]) as two:
            where: dict[str, Address] = {bar["name"]: one, kitchen["name"]: two}
            agent = Agent(till, where, Patience())
            ids = await agent.printer_ids()
            for name, printer_id in ids.items():
                while await agent.print_next(printer_id, where[name]) is not None:
                    pass
        printed = bytes(papers[bar["name"]].got)
        assert f"Bill {ticket['order_number']}".encode() in printed
        assert printed.endswith(ASK_STATUS)
        assert f"Order {ticket['order_number']}".encode() in bytes(papers[kitchen["name"]].got)
        for job, printer in ((bill, bar), (slip, kitchen)):
            page = await till.get(f"/api/v2/print-jobs?printer_id={printer['id']}")
            assert [(one["id"], one["state"]) for one in page["items"]] == [(job["id"], "printed")]
