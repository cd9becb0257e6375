"""Guests who move and tables that become one, over REST: every device sees it, and all is paid once."""

import asyncio
from typing import Any

import pytest

from chassis.ids import new_id
from tests.conftest import People
from tests.e2e.shop import basket, open_till, subscribed
from tests.e2e.test_splits import SECONDS, pay, settled
from tools.api import Device, Refused


async def a_table(owner: Device) -> dict[str, Any]:
    section = await owner.post("/api/v2/floor/sections", {"name": f"Room {new_id().hex[-8:]}"})
    body = {"name": f"T{new_id().hex[-8:]}", "section_id": section["id"], "seats": 4, "shape": "round"}
    table: dict[str, Any] = await owner.post("/api/v2/floor/tables", {**body, "x": 100, "y": 100})
    return table


async def at(device: Device, table: dict[str, Any]) -> dict[str, Any]:
    lines = [{**line, "seat": seat} for seat, line in enumerate(await basket(device), 1)]
    body = {"service_flow": "pay_later", "order_type": "eat_in", "covers": 2, "table_id": table["id"]}
    order: dict[str, Any] = await device.post("/api/v2/orders", {**body, "lines": lines})
    return order


async def pay_refused(device: Device, order: dict[str, Any], session: dict[str, Any]) -> str:
    """Why the bill takes no money any more, once payments has heard of it."""
    async with asyncio.timeout(SECONDS):
        while True:
            with pytest.raises(Refused) as refused:
                # More than any bill: nothing is taken while nobody has heard.
                await pay(device, order, session, amount_minor=10_000_000, tendered_minor=10_000_000)
            if refused.value.problem.get("due_minor") in ("0", 0):
                return refused.value.code
            await asyncio.sleep(0.05)


async def test_a_seat_moves_two_tables_become_one_bill_and_it_is_paid_once(people: People) -> None:
    till, owner = await people.till(), await people.owner()
    session = await open_till(till)
    first, second = [await a_table(owner) for _ in range(2)]
    order = await at(till, first)
    async with subscribed(owner, "floor") as floor:
        moved = await till.post(
            f"/api/v2/orders/{order['id']}/transfer", {"table_id": second["id"], "seats": [2]}
        )
        event = await floor.event("table.updated", id=second["id"])
        assert (event["d"]["state"], event["d"]["order_ids"]) == ("occupied", [moved["id"]])
    left = await till.get(f"/api/v2/orders/{order['id']}")
    due = order["totals"]["total_minor"]
    assert left["totals"]["total_minor"] + moved["totals"]["total_minor"] == due
    assert left["lines"][1]["moved_to"]["order_number"] == moved["number"]
    whole = await till.post(f"/api/v2/orders/{order['id']}/merge", {"order_ids": [moved["id"]]})
    assert (whole["totals"]["total_minor"], whole["merged"][0]["number"]) == (due, moved["number"])
    part = await till.get(f"/api/v2/orders/{moved['id']}")
    assert (part["state"], part["merged_into"]["number"]) == ("merged", order["number"])
    tables = {table["id"]: table for table in (await till.get("/api/v2/floor/tables"))["items"]}
    assert tables[second["id"]]["order_ids"] == [order["id"]]
    assert tables[second["id"]]["joined_table_ids"] == [first["id"]]
    assert await pay_refused(till, moved, session) == "amount_above_balance"
    await paid_in_full(till, whole, session)
    after = await settled(till, whole, due)
    assert (after["payment_state"], after["totals"]["due_minor"]) == ("paid", 0)
    with pytest.raises(Refused) as refused:
        await till.post(f"/api/v2/orders/{order['id']}/unmerge", {})
    assert refused.value.code == "refund_required"


async def paid_in_full(device: Device, order: dict[str, Any], session: dict[str, Any]) -> None:
    """All of it, once payments has heard how much that is."""
    total = order["totals"]["total_minor"]
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await pay(device, order, session, amount_minor=total, tendered_minor=total)
            except Refused as refused:
                if refused.code != "amount_above_balance":
                    raise
                await asyncio.sleep(0.05)
            else:
                return
