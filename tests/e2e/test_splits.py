"""Guests who split a bill, over REST: every device sees the checks, and at once or not, it is paid once."""

import asyncio
from typing import Any

from tests.conftest import People
from tests.e2e.shop import open_till, order_body, subscribed
from tools.api import Device, Refused

PARTS = ("goods", "discount", "service_charge", "vat", "total")
SECONDS = 60.0
REFUSED = {
    "check_paid",
    "check_not_found",
    "bill_paid",
    "concurrent_update",
    "checks_paid",
    "illegal_transition",
}


async def place(device: Device) -> dict[str, Any]:
    order: dict[str, Any] = await device.post("/api/v2/orders", await order_body(device, order_type="eat_in"))
    return order


async def split(device: Device, order: dict[str, Any], **body: Any) -> list[dict[str, Any]]:
    answer = await device.put(f"/api/v2/orders/{order['id']}/split", body)
    checks: list[dict[str, Any]] = answer["checks"]
    return checks


async def pay(device: Device, order: dict[str, Any], session: dict[str, Any], **body: Any) -> dict[str, Any]:
    asked = {"method": "cash", "till_session_id": session["id"], **body}
    payment: dict[str, Any] = await device.post(f"/api/v2/orders/{order['id']}/payments", asked)
    return payment


async def unless_refused(attempt: Any) -> Any:
    """The answer, or None where another device was first."""
    try:
        return await attempt
    except Refused as refused:
        code = refused.code
    assert code in REFUSED
    return None


def check_sums(order: dict[str, Any]) -> None:
    for part in PARTS:
        name = f"{part}_minor"
        assert sum(check[name] for check in order["split"]["checks"]) == order["totals"][name]


async def settled(device: Device, order: dict[str, Any], paid_minor: int) -> dict[str, Any]:
    """The order once it has heard of so much money."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(SECONDS):
        while not found or found["totals"]["paid_minor"] != paid_minor:
            found = await device.get(f"/api/v2/orders/{order['id']}")
            await asyncio.sleep(0.05)
    return found


async def test_three_guests_pay_a_third_each_and_every_device_sees_it(people: People) -> None:
    till, owner = await people.till(), await people.owner()
    session, order = await open_till(till), await place(till)
    async with subscribed(owner, "orders") as socket:
        checks = await split(till, order, mode="even", ways=3)
        event = await socket.event("order.updated", id=order["id"])
        assert event["d"]["split"]["checks"] == checks
        assert (await till.get(f"/api/v2/orders/{order['id']}/checks")) == {"checks": checks}
        for number, check in enumerate(checks):
            paid = await pay(till, order, session, check_id=check["id"])
            assert (paid["amount_minor"], paid["check_id"]) == (check["total_minor"], check["id"])
            event = await socket.event("payment.processed", id=order["id"])
            states = [one["state"] for one in event["d"]["split"]["checks"]]
            assert states == ["paid"] * (number + 1) + ["open"] * (2 - number)
            check_sums(event["d"])
    assert (await settled(till, order, order["totals"]["total_minor"]))["payment_state"] == "paid"


async def test_devices_that_split_and_pay_at_once_pay_the_order_exactly(people: People) -> None:
    till, manager = await people.till(), await people.manager()
    session, order = await open_till(till), await place(till)
    total, taken = order["totals"]["total_minor"], 0
    checks = await split(till, order, mode="even", ways=4)
    for ways in (4, 3, 5, 2):
        paying = [unless_refused(pay(till, order, session, check_id=check["id"])) for check in checks[:2]]
        again = unless_refused(pay(manager, order, session, check_id=checks[0]["id"]))
        resplit = unless_refused(
            split(manager, order, mode="percentage", groups=[{"percentage_bp": 10_000 // ways}])
        )
        *paid, _ = await asyncio.gather(*paying, again, resplit)
        taken += sum(one["amount_minor"] for one in paid if one)
        after = await settled(till, order, taken)
        check_sums(after)
        assert sum(check["paid_minor"] for check in after["split"]["checks"]) == taken
        checks = [check for check in after["split"]["checks"] if check["due_minor"]]
        if not checks:
            break
    for check in checks:
        taken += (await pay(till, order, session, check_id=check["id"]))["amount_minor"]
    after = await settled(till, order, total)
    assert (taken, after["totals"]["due_minor"]) == (total, 0)
    assert {check["state"] for check in after["split"]["checks"]} == {"paid"}


async def test_who_pays_for_everybody_needs_no_check(people: People) -> None:
    till = await people.till()
    session, order = await open_till(till), await place(till)
    first, *_ = await split(till, order, mode="even", ways=3)
    await pay(till, order, session, check_id=first["id"])
    rest = await pay(till, order, session)
    assert rest["amount_minor"] == order["totals"]["total_minor"] - first["total_minor"]
    after = await settled(till, order, order["totals"]["total_minor"])
    assert [check["due_minor"] for check in after["split"]["checks"]] == [0, 0, 0]
