"""What is wrong is refused with a problem document that says what to do, and nothing is half-written."""

import asyncio
from typing import Any

import httpx
import pytest

from chassis.ids import new_id
from tests.conftest import People
from tests.e2e.shop import line_of, open_till, order_body, pay_cash
from tests.system import System
from tools.api import Device, Refused
from tools.demo import PASSWORD
from tools.mailbox import joins

LARGE_MENU = 2_500
ACTIONS = {"validate": (), "fire": ("lines", "course"), "cancel": ("reason",), "complete": ()}
"""On an order, and the words that each listens to."""


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= found.keys()
    assert found["status"] == answer.status_code
    return found


async def newest_order_id(device: Device) -> str | None:
    items = (await device.get("/api/v2/orders?limit=1"))["items"]
    return items[0]["id"] if items else None


async def test_malformed_json(system: System, http: httpx.AsyncClient, people: People) -> None:
    till = await people.till()
    before = await newest_order_id(till)
    headers = {"Authorization": f"Bearer {till.access_token}", "Content-Type": "application/json"}
    answer = await http.post(
        f"{system.base_url}/api/v2/orders",
        content=b'{"service_flow": ',
        headers={**headers, "Idempotency-Key": str(new_id())},
    )
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "malformed_json")
    assert await newest_order_id(till) == before


async def test_unknown_fields(people: People) -> None:
    till = await people.till()
    body = {**await order_body(till), "total_minor": 1}
    with pytest.raises(Refused) as refused:
        await till.post("/api/v2/orders", body)
    assert (refused.value.status, refused.value.code) == (422, "invalid_body")
    assert refused.value.problem["errors"][0]["field"] == "total_minor"
    with pytest.raises(Refused) as missing:
        await till.get(f"/api/v2/orders/{body['id']}")
    assert missing.value.status == 404


@pytest.mark.parametrize(
    ("action", "field"),
    [
        (action, field)
        for action, used in ACTIONS.items()
        for field in ("lines", "course", "reason")
        if field not in used
    ],
)
async def test_an_action_refuses_the_words_of_another(people: People, action: str, field: str) -> None:
    till = await people.till()
    order = await till.post("/api/v2/orders", await order_body(till))
    words = {"lines": [order["lines"][0]["id"]], "course": "mains", "reason": "guest left"}
    with pytest.raises(Refused) as refused:
        await till.post(f"/api/v2/orders/{order['id']}/{action}", {field: words[field]})
    assert (refused.value.status, refused.value.code) == (422, "invalid_body")
    assert [error["field"] for error in refused.value.problem["errors"]] == [field]
    assert (await till.get(f"/api/v2/orders/{order['id']}"))["version"] == order["version"]


async def test_no_key_no_order(system: System, http: httpx.AsyncClient, people: People) -> None:
    till = await people.till()
    answer = await http.post(
        f"{system.base_url}/api/v2/orders",
        json=await order_body(till),
        headers={"Authorization": f"Bearer {till.access_token}"},
    )
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "idempotency_key_required")


async def test_a_key_used_for_something_else(people: People) -> None:
    till = await people.till()
    key = str(new_id())
    await till.post("/api/v2/orders", await order_body(till), key=key)
    with pytest.raises(Refused) as refused:
        await till.post("/api/v2/orders", await order_body(till), key=key)
    assert (refused.value.status, refused.value.code) == (422, "idempotency_key_reuse")


async def test_another_restaurants_ids_name_nothing(people: People) -> None:
    till, stranger = await people.till(), await people.stranger()
    session = await open_till(till)
    order = await till.post("/api/v2/orders", await order_body(till))
    attempts: list[tuple[str, str, Any]] = [
        ("GET", f"/api/v2/orders/{order['id']}", None),
        ("GET", f"/api/v2/orders/{order['id']}/history", None),
        ("POST", f"/api/v2/orders/{order['id']}/cancel", {}),
        ("POST", f"/api/v2/orders/{order['id']}/payments", {"method": "cash"}),
        ("GET", f"/api/v2/till-sessions/{session['id']}", None),
        ("POST", f"/api/v2/till-sessions/{session['id']}/close", {"counted_minor": 0}),
        ("PUT", f"/api/v2/orders/{order['id']}/status", {"status": "cancelled"}),
        ("PUT", f"/api/v2/stock/{order['lines'][0]['item_id']}", {"on_hand": 0}),
        ("GET", f"/api/v2/realtime/snapshot?ch=restaurant:{till.restaurant_id}:kitchen", None),
    ]
    for method, path, body in attempts:
        with pytest.raises(Refused) as refused:
            await stranger.request(method, path, body, str(new_id()))
        assert refused.value.status == 404, (method, path, refused.value)
    with pytest.raises(Refused) as basket:
        await stranger.post("/api/v2/orders", await order_body(till))
    assert (basket.value.status, basket.value.code) == (422, "unknown_item")
    unchanged = await till.get(f"/api/v2/orders/{order['id']}")
    assert unchanged["version"] == order["version"]


@pytest.mark.parametrize("token", ["x", "nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_bad_token(system: System, http: httpx.AsyncClient, token: str) -> None:
    answer = await http.get(f"{system.base_url}/api/v2/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert problem_of(answer)["code"] in ("token_missing", "token_invalid")


async def test_a_logged_out_token_is_dead(system: System, http: httpx.AsyncClient, people: People) -> None:
    till = await people.till()
    # The revocation covers tokens from before its second.
    await asyncio.sleep(1.1)
    await till.post("/api/v2/auth/logout", {})
    headers = {"Authorization": f"Bearer {till.access_token}"}
    for _ in range(500):
        answer = await http.get(f"{system.base_url}/api/v2/me", headers=headers)
        if answer.status_code == 401:
            break
        await asyncio.sleep(0.02)
    assert (answer.status_code, problem_of(answer)["code"]) == (401, "token_revoked")


async def test_an_employee_cannot_manage_the_menu(people: People) -> None:
    till = await people.till()
    with pytest.raises(Refused) as refused:
        await till.post("/api/v2/menu/categories", {"name": "Mine"})
    assert (refused.value.status, refused.value.code) == (403, "permission_missing")


async def test_an_illegal_transition_says_what_is_allowed(people: People) -> None:
    till = await people.till()
    order = await till.post("/api/v2/orders", await order_body(till))
    with pytest.raises(Refused) as refused:
        await till.post(f"/api/v2/orders/{order['id']}/complete", {})
    assert (refused.value.status, refused.value.code) == (409, "illegal_transition")
    assert isinstance(refused.value.problem["allowed"], list)


async def test_a_till_that_is_open_already(people: People) -> None:
    till = await people.till()
    session = await open_till(till)
    with pytest.raises(Refused) as refused:
        await till.post("/api/v2/till-sessions", {"till": session["till"], "opening_float_minor": 0})
    assert (refused.value.status, refused.value.code) == (409, "till_already_open")


async def test_money_that_does_not_fit(people: People) -> None:
    till = await people.till()
    session = await open_till(till)
    order = await till.post("/api/v2/orders", await order_body(till))
    total = order["totals"]["total_minor"]
    pay = f"/api/v2/orders/{order['id']}/payments"
    base = {"method": "cash", "till_session_id": session["id"]}
    for change, code in (
        ({"amount_minor": total + 1}, "amount_above_balance"),
        ({"tendered_minor": total - 1}, "tendered_too_little"),
    ):
        with pytest.raises(Refused) as refused:
            await till.post(pay, {**base, **change})
        assert (refused.value.status, refused.value.code) == (422, code)
    with pytest.raises(Refused) as card:
        await till.post(pay, {"method": "card"})
    assert (card.value.status, card.value.code) == (422, "method_not_offered")
    await pay_cash(till, order, session["id"], total)
    with pytest.raises(Refused) as twice:
        await pay_cash(till, order, session["id"], total)
    assert twice.value.status in (409, 422)
    payments = await till.get(pay)
    assert [payment["amount_minor"] for payment in payments["items"]] == [total]


async def test_an_import_file_full_of_errors_changes_nothing(
    system: System, http: httpx.AsyncClient, people: People
) -> None:
    manager = await people.manager()
    before = (await manager.get("/api/v2/menu"))["version"]
    content = (
        "category,item,description,price,vat_class,allergens,options,stock\n"
        "Good,Fine Thing,,4.50,hot_food,,,\n"
        "Bad,No Price,,free,hot_food,,,\n"
        "Bad,,,1.00,hot_food,,,\n"
        "Bad,Odd Vat,,1.00,luxury,,,\n"
        "Bad,Odd Allergen,,1.00,hot_food,kryptonite,,\n"
    )
    answer = await http.post(
        f"{system.base_url}/api/v2/menu/import",
        content=content.encode(),
        headers={"Authorization": f"Bearer {manager.access_token}", "Content-Type": "text/csv"},
    )
    rejected = answer.json()["rejected"]
    assert {row["row"] for row in rejected} == {3, 4, 5, 6}
    assert all(row["field"] and row["detail"] for row in rejected)
    assert (await manager.get("/api/v2/menu"))["version"] == before


async def test_a_large_menu_is_imported_whole_and_sold_at_once(
    system: System, http: httpx.AsyncClient, people: People
) -> None:
    """It takes longer than a request may take by default, and every other request goes on meanwhile."""
    platform = await people.platform()
    name = f"Large {new_id().hex[-12:]}"
    email = f"{new_id().hex[-12:]}@large.fynlo.test"
    body = {"name": name, "owner_email": email, "owner_name": "Lara"}
    await platform.post("/api/v2/platform/restaurants", body)
    owner = Device(system.base_url, http, email, PASSWORD, f"dev-{new_id()}", "ios")
    await joins(owner, "Lara")
    rows = [f"Part {number % 50},Dish {number},,4.50,hot_food,milk,,10" for number in range(LARGE_MENU)]
    content = "\n".join(["category,item,description,price,vat_class,allergens,options,stock", *rows])
    headers = {"Authorization": f"Bearer {owner.access_token}", "Content-Type": "text/csv"}
    answer = await http.post(
        f"{system.base_url}/api/v2/menu/import", content=content.encode(), headers=headers, timeout=60
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["created"] == LARGE_MENU
    menu = await owner.get("/api/v2/menu")
    item = menu["categories"][-1]["items"][-1]
    order = await owner.post("/api/v2/orders", await order_body(owner, lines=[line_of(item)]))
    assert order["lines"][0]["item_id"] == item["id"]


async def test_an_unknown_path_and_a_wrong_method(system: System, http: httpx.AsyncClient) -> None:
    unknown = await http.get(f"{system.base_url}/api/v2/nothing-here")
    assert (unknown.status_code, problem_of(unknown)["code"]) == (404, "not_found")
    wrong = await http.delete(f"{system.base_url}/api/v2/orders")
    assert (wrong.status_code, problem_of(wrong)["code"]) == (405, "method_not_allowed")
