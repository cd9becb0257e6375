"""An order from the iPad to the kitchen to the till, over the whole running system."""

import asyncio

import pytest

from chassis.ids import new_id
from tests.conftest import People
from tests.e2e.shop import FLOAT_MINOR, open_till, order_body, pay_cash, subscribed
from tools.api import Device, Refused

SECONDS = 20.0
POLLS = 400
POLL_SECONDS = 0.05


async def payment_state(till: Device, order_id: str, wanted: str) -> str:
    """The order's payment state, awaited: the money arrives at orders as an event."""
    for _ in range(POLLS):
        order = await till.get(f"/api/v2/orders/{order_id}")
        if order["payment_state"] == wanted:
            break
        await asyncio.sleep(POLL_SECONDS)
    return str(order["payment_state"])


async def test_an_order_reaches_the_kitchen_is_bumped_paid_and_counted(people: People) -> None:
    till, display = await people.till(), await people.kitchen()
    session = await open_till(till)
    async with asyncio.timeout(SECONDS * 3), subscribed(display, "kitchen") as kitchen:
        assert kitchen.welcome["t"] == "welcome"
        body = await order_body(till)
        order = await till.post("/api/v2/orders", body)
        assert (order["id"], order["payment_state"], order["kitchen_state"]) == (
            body["id"],
            "unpaid",
            "queued",
        )
        accepted = await kitchen.event("order.accepted", order_id=order["id"])
        tickets = accepted["d"]["tickets"]
        assert sorted(line["name"] for ticket in tickets for line in ticket["lines"]) == sorted(
            line["name"] for line in order["lines"]
        )
        for ticket in tickets:
            bumped = await display.post(f"/api/v2/kitchen/tickets/{ticket['id']}/bump", {})
            assert bumped["state"] == "ready"
        assert (await till.get(f"/api/v2/orders/{order['id']}"))["state"] == "ready"
    total = order["totals"]["total_minor"]
    payment = await pay_cash(till, order, session["id"], total + 500)
    assert (payment["status"], payment["amount_minor"], payment["change_minor"]) == ("captured", total, 500)
    assert await payment_state(till, order["id"], "paid") == "paid"
    completed = await till.post(f"/api/v2/orders/{order['id']}/complete", {})
    assert (completed["state"], completed["kitchen_state"]) == ("done", "served")
    closed = await till.post(
        f"/api/v2/till-sessions/{session['id']}/close", {"counted_minor": FLOAT_MINOR + total}
    )
    report = closed["z_report"]
    assert (closed["expected_minor"], closed["variance_minor"]) == (FLOAT_MINOR + total, 0)
    assert report["net_minor"] == total
    assert sum(group["vat_minor"] for group in report["vat"]) == order["totals"]["vat_minor"]
    manager = await people.manager()
    assert await manager.get(f"/api/v2/z-reports/{report['number']}") == report


async def test_a_pay_first_order_is_cooked_only_when_it_is_paid(people: People) -> None:
    till, display = await people.till(), await people.kitchen()
    session = await open_till(till)
    async with asyncio.timeout(SECONDS * 3), subscribed(display, "kitchen") as kitchen:
        order = await till.post("/api/v2/orders", await order_body(till, service_flow="pay_first"))
        tickets = await display.get("/api/v2/kitchen/tickets?limit=200")
        assert all(ticket["order_id"] != order["id"] for ticket in tickets["items"])
        await pay_cash(till, order, session["id"], order["totals"]["total_minor"])
        accepted = await kitchen.event("order.accepted", order_id=order["id"])
        assert accepted["d"]["tickets"]


async def test_the_same_order_sent_again_is_one_order(people: People) -> None:
    till = await people.till()
    body = await order_body(till)
    key = f"key-{body['id']}"
    first = await till.post("/api/v2/orders", body, key=key)
    again = await asyncio.gather(*(till.post("/api/v2/orders", body, key=key) for _ in range(8)))
    assert all(order == first for order in again)
    other_key = await till.post("/api/v2/orders", body)
    assert (other_key["id"], other_key["number"]) == (first["id"], first["number"])


async def test_a_cancelled_order_leaves_the_kitchen(people: People) -> None:
    till, display = await people.till(), await people.kitchen()
    async with asyncio.timeout(SECONDS * 2), subscribed(display, "kitchen", "orders") as socket:
        order = await till.post("/api/v2/orders", await order_body(till))
        cancelled = await till.post(f"/api/v2/orders/{order['id']}/cancel", {"reason": "guest left"})
        assert cancelled["state"] == "cancelled"
        await socket.event("order.updated", id=order["id"], state="cancelled")
    history = await till.get(f"/api/v2/orders/{order['id']}/history")
    assert "guest left" in [change["reason"] for change in history["items"]]
    tickets = await display.get("/api/v2/kitchen/tickets?limit=200")
    assert all(ticket["order_id"] != order["id"] for ticket in tickets["items"])


async def test_a_counted_item_runs_out_and_comes_back(people: People) -> None:
    manager, till = await people.manager(), await people.till()
    category = (await manager.get("/api/v2/menu"))["categories"][0]
    body = {
        "category_id": category["id"],
        "name": f"Special {new_id()}",
        "price_minor": 500,
        "vat_class": "hot_food",
    }
    item = await manager.post("/api/v2/menu/items", body)
    await manager.put(f"/api/v2/stock/{item['id']}", {"on_hand": 1})
    # As tills do, it says which menu it sells from: one that does not show the item as counted may sell it.
    shown = {
        "lines": [{"item_id": item["id"], "quantity": 1}],
        "menu_version": (await till.get("/api/v2/menu"))["version"],
    }
    order = await till.post("/api/v2/orders", await order_body(till, **shown))
    with pytest.raises(Refused) as refused:
        await till.post("/api/v2/orders", await order_body(till, **shown))
    assert (refused.value.status, refused.value.code) == (409, "insufficient_stock")
    await till.post(f"/api/v2/orders/{order['id']}/cancel", {"reason": "changed mind"})
    for _ in range(POLLS):
        levels = (await till.get("/api/v2/stock?limit=200"))["items"]
        level = next(one for one in levels if one["item_id"] == item["id"])
        if level["available"] == 1:
            break
        await asyncio.sleep(POLL_SECONDS)
    assert (level["on_hand"], level["reserved"], level["available"]) == (1, 0, 1)
