"""One command, ten ways at once over both gateways: it takes effect once, whichever replica gets it first."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from chassis.ids import new_id
from tests.e2e.shop import open_till, order_body, pay_cash
from tests.replicas.house import House
from tools.api import Device, Refused

WAYS = 10
Json = dict[str, Any]
CLOCKED = "SELECT count(*) FROM staff.timecard WHERE employee_id = $1"
MOVED = (
    "SELECT count(*) FROM catalog.stock_movement WHERE item_id = $1 AND kind = 'count' AND on_hand_after = 7"
)


async def ten_ways(
    house: House, device: Device, act: Callable[[Device, int], Awaitable[Json]]
) -> tuple[list[Json], list[Refused]]:
    """The answers and the refusals."""
    doors = house.both_ways(device)
    ends = await asyncio.gather(*(act(doors[way % 2], way) for way in range(WAYS)), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, Refused):
            raise end
    answers = [end for end in ends if not isinstance(end, BaseException)]
    return answers, [end for end in ends if isinstance(end, Refused)]


async def post(device: Device, path: str, body: Json, key: str | None = None) -> Json:
    answer: Json = await device.post(f"/api/v2/{path}", body, key)
    return answer


async def test_an_order_sent_ten_ways_under_one_key_is_one_order_with_one_reservation(house: House) -> None:
    till = await house.people().till()
    item = (await house.counted_item(100))["id"]
    lines, version = [{"item_id": item, "quantity": 1}], await house.counted_since(item)
    key, body = str(new_id()), await order_body(till, lines=lines, menu_version=version)
    del body["id"]
    answers, refusals = await ten_ways(house, till, lambda door, _: post(door, "orders", body, key))
    assert refusals == []
    assert answers == [answers[0]] * WAYS
    async with house.stored() as stored:
        held = await stored.fetch(
            "SELECT lines FROM catalog.reservation WHERE lines @> $1::jsonb",
            f'[["{answers[0]["lines"][0]["id"]}"]]',
        )
    assert len(held) == 1


async def test_an_order_sent_ten_ways_under_ten_keys_is_one_order(house: House) -> None:
    till = await house.people().till()
    body = await order_body(till)
    answers, refusals = await ten_ways(house, till, lambda door, _: post(door, "orders", body))
    assert refusals == []
    assert {(answer["id"], answer["number"]) for answer in answers} == {(body["id"], answers[0]["number"])}


async def test_a_payment_sent_ten_ways_is_taken_once(house: House) -> None:
    till = await house.people().till()
    session = await open_till(till)
    order = await till.post("/api/v2/orders", await order_body(till))
    total, key = order["totals"]["total_minor"], str(new_id())
    body = {"method": "cash", "tendered_minor": total, "till_session_id": session["id"]}
    path = f"orders/{order['id']}/payments"
    answers, refusals = await ten_ways(house, till, lambda door, _: post(door, path, body, key))
    assert (answers, refusals) == ([answers[0]] * WAYS, [])
    taken = await till.get(f"/api/v2/{path}")
    assert [(one["id"], one["amount_minor"]) for one in taken["items"]] == [(answers[0]["id"], total)]


async def test_ten_tills_that_take_the_money_for_one_bill_take_it_once(house: House) -> None:
    till = await house.people().till()
    session = await open_till(till)
    order = await till.post("/api/v2/orders", await order_body(till))
    total = order["totals"]["total_minor"]
    answers, refusals = await ten_ways(
        house, till, lambda door, _: pay_cash(door, order, session["id"], total)
    )
    assert [one["amount_minor"] for one in answers] == [total]
    assert {refusal.status for refusal in refusals} == {409}
    taken = await till.get(f"/api/v2/orders/{order['id']}/payments")
    assert [one["id"] for one in taken["items"]] == [answers[0]["id"]]


async def test_a_till_that_ten_people_open_is_opened_once(house: House) -> None:
    till = await house.people().till()
    body = {"till": f"till {new_id().hex[-10:]}", "opening_float_minor": 5_000}
    answers, refusals = await ten_ways(house, till, lambda door, _: post(door, "till-sessions", body))
    assert len(answers) == 1
    assert {refusal.code for refusal in refusals} == {"till_already_open"}


async def test_a_till_closed_ten_ways_has_one_z_report(house: House) -> None:
    till = await house.people().till()
    session = await open_till(till)
    path, body = f"till-sessions/{session['id']}/close", {"counted_minor": session["opening_float_minor"]}
    answers, refusals = await ten_ways(house, till, lambda door, _: post(door, path, body))
    assert len(answers) == 1
    assert {refusal.status for refusal in refusals} == {409}
    async with house.stored() as stored:
        reports = await stored.fetch(
            "SELECT number FROM payments.z_report WHERE till_session_id = $1", session["id"]
        )
    assert [row["number"] for row in reports] == [answers[0]["z_report"]["number"]]


async def test_an_order_cancelled_ten_ways_is_cancelled_once(house: House) -> None:
    till = await house.people().till()
    order = await till.post("/api/v2/orders", await order_body(till))
    path, body = f"orders/{order['id']}/cancel", {"reason": "guest left"}
    answers, refusals = await ten_ways(house, till, lambda door, _: post(door, path, body))
    assert {answer["state"] for answer in answers} == {"cancelled"}
    assert {refusal.status for refusal in refusals} <= {409}
    history = (await till.get(f"/api/v2/orders/{order['id']}/history"))["items"]
    assert [one["to"] for one in history if one["axis"] == "lifecycle"].count("cancelled") == 1


async def test_somebody_who_clocks_in_ten_ways_is_clocked_in_once(house: House) -> None:
    owner = await house.people().owner()
    employee = await owner.post("/api/v2/employees", {"name": f"Eve {new_id()}", "job": "server"})
    body = {"employee_id": employee["id"]}
    answers, refusals = await ten_ways(house, owner, lambda door, _: post(door, "timecards/clock-in", body))
    assert len(answers) == 1
    assert {refusal.code for refusal in refusals} == {"already_clocked_in"}
    async with house.stored() as stored:
        assert await stored.fetchval(CLOCKED, employee["id"]) == 1


async def test_an_item_counted_ten_ways_under_one_key_is_counted_once(house: House) -> None:
    manager = await house.people().manager()
    item = await house.counted_item(3)
    key, path = str(new_id()), f"/api/v2/stock/{item['id']}"
    answers, refusals = await ten_ways(house, manager, lambda door, _: door.put(path, {"on_hand": 7}, key))
    assert (answers, refusals) == ([answers[0]] * WAYS, [])
    async with house.stored() as stored:
        assert await stored.fetchval(MOVED, item["id"]) == 1
