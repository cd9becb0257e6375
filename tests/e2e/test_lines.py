"""Lines of an order that was sent, over REST: paid again, voided with an approval, changed by two."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from chassis.ids import new_id
from tests.conftest import People
from tests.e2e.shop import basket, open_till, order_body, pay_cash
from tools.api import Device, Refused

SECONDS = 60.0


async def level(device: Device, item_id: str) -> dict[str, Any]:
    """How an item is counted now."""
    levels: list[dict[str, Any]] = (await device.get("/api/v2/stock?limit=200"))["items"]
    return next(one for one in levels if one["item_id"] == item_id)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Asks again until it holds."""
    give_up_at = time.monotonic() + SECONDS
    while not await holds():
        assert time.monotonic() < give_up_at, "did not happen"
        await asyncio.sleep(0.05)


async def counted(device: Device, item_id: str, **figures: int) -> None:
    """Waits until stock has heard of it."""

    async def heard() -> bool:
        now = await level(device, item_id)
        return all(now[name] == figure for name, figure in figures.items())

    await until(heard)


async def counted_line(manager: Device, *, on_hand: int) -> dict[str, Any]:
    """A line of an item that nobody else sells."""
    category = (await manager.get("/api/v2/menu"))["categories"][0]
    dish = {
        "category_id": category["id"],
        "name": f"Special {new_id()}",
        "price_minor": 500,
        "vat_class": category["items"][0]["vat_class"],
    }
    item = await manager.post("/api/v2/menu/items", dish)
    await manager.put(f"/api/v2/stock/{item['id']}", {"on_hand": on_hand})
    return {"item_id": item["id"], "quantity": 1}


async def due(device: Device, order_id: str, due_minor: int) -> None:
    """Waits until the money that was taken is on the order."""

    async def booked() -> bool:
        order = await device.get(f"/api/v2/orders/{order_id}")
        return bool(order["totals"]["due_minor"] == due_minor)

    await until(booked)


async def pay_when_heard(
    till: Device, order: dict[str, Any], session_id: str, due_minor: int
) -> dict[str, Any]:
    """Pays the balance once payments has heard that there is one again."""
    taken: list[dict[str, Any]] = []

    async def paid() -> bool:
        with suppress(Refused):
            taken.append(await pay_cash(till, order, session_id, due_minor))
        return bool(taken)

    await until(paid)
    return taken[0]


async def test_a_paid_order_that_gains_a_line_is_paid_again_to_the_penny(people: People) -> None:
    till = await people.till()
    session = await open_till(till)
    order = await till.post("/api/v2/orders", await order_body(till))
    first = await pay_cash(till, order, session["id"], order["totals"]["total_minor"])
    await due(till, order["id"], 0)
    [line] = await basket(till, 1)
    path = f"/api/v2/orders/{order['id']}"
    more = await till.post(f"{path}/lines", {"lines": [line], "base_version": 1})
    assert more["payment_state"] == "part_paid"
    left = more["totals"]["due_minor"]
    assert left == more["lines"][-1]["gross_minor"] > 0
    second = await pay_when_heard(till, order, session["id"], left)
    assert first["amount_minor"] + second["amount_minor"] == more["totals"]["total_minor"]
    assert second["bill"] == {"paid_minor": more["totals"]["total_minor"], "due_minor": 0}
    await due(till, order["id"], 0)
    assert (await till.get(path))["payment_state"] == "paid"


async def test_what_is_voided_after_fire_is_approved_and_wasted_and_before_it_free_again(
    people: People,
) -> None:
    till, manager = await people.till(), await people.manager()
    line = await counted_line(manager, on_hand=100)
    menu_version = (await till.get("/api/v2/menu"))["version"]
    before = await level(till, line["item_id"])
    lines = [{**line, "quantity": 3}, {**line, "quantity": 2, "hold": True}]
    body = await order_body(till, lines=lines, menu_version=menu_version)
    order = await till.post("/api/v2/orders", body)
    fired, held = (f"/api/v2/orders/{order['id']}/lines/{one['id']}/void" for one in order["lines"])
    on_hand, reserved = before["on_hand"], before["reserved"]
    await counted(till, line["item_id"], on_hand=on_hand, reserved=reserved + 5)
    key, wanted = str(new_id()), {"quantity": 1, "reason": "quality"}
    with pytest.raises(Refused) as refused:
        await till.post(fired, wanted, key)
    assert (refused.value.status, refused.value.code) == (403, "approval_needed")
    assert refused.value.problem["cause"] == "fired_line"
    approved = {**wanted, "approval": {"token": manager.access_token}}
    less = await till.post(fired, approved, key)
    assert await till.post(fired, approved, key) == less
    [void] = less["lines"][0]["voids"]
    assert (void["quantity"], void["reason"], void["wasted"]) == (1, "quality", True)
    assert void["approved_by"]["name"] != void["voided_by"]["name"]
    less = await till.post(held, {"quantity": 2, "reason": "changed_mind"})
    assert (less["lines"][1]["voided"], less["lines"][1]["voids"][0]["wasted"]) == (True, False)
    await counted(till, line["item_id"], on_hand=on_hand, reserved=reserved + 3)
    with pytest.raises(Refused) as refused:
        await manager.post(fired, {"quantity": 3, "reason": "quality"})
    assert (refused.value.code, refused.value.problem["left"]) == ("too_few_left", "2")
    await till.post(f"/api/v2/orders/{order['id']}/cancel", {"reason": "guest left"})
    # Two are free again: nobody had begun them. The one that was voided is not.
    await counted(till, line["item_id"], on_hand=on_hand - 1, reserved=reserved)


async def test_two_devices_that_change_one_line_merge_or_are_told_both_values(people: People) -> None:
    till, manager = await people.till(), await people.manager()
    [line] = await basket(till, 1)
    order = await till.post("/api/v2/orders", await order_body(till, lines=[{**line, "hold": True}]))
    path = f"/api/v2/orders/{order['id']}/lines/{order['lines'][0]['id']}"
    seen = order["version"]
    await till.request("PATCH", path, {"note": "no salt", "base_version": seen})
    both = await manager.request("PATCH", path, {"seat": 4, "base_version": seen})
    assert (both["lines"][0]["note"], both["lines"][0]["seat"]) == ("no salt", 4)
    with pytest.raises(Refused) as refused:
        await manager.request("PATCH", path, {"note": "extra salt", "base_version": seen})
    assert (refused.value.status, refused.value.code) == (409, "conflict")
    assert refused.value.problem["conflict"] == {"field": "note", "yours": "extra salt", "theirs": "no salt"}
    mine = await manager.request("PATCH", path, {"note": "extra salt", "base_version": both["version"]})
    assert mine["lines"][0]["note"] == "extra salt"
