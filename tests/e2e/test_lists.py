"""Lists: pages, filters and cursors, and what a wrong one is told."""

from typing import Any

import pytest

from chassis.ids import new_id
from tests.e2e.conftest import Walk
from tests.e2e.walk.document import BY_NAME, OPERATIONS, PREFIX, Operation
from tests.e2e.walk.walker import Sent

pytestmark = pytest.mark.asyncio(loop_scope="session")


def parameters(operation: Operation) -> set[str]:
    return {one["name"] for one in operation.described.get("parameters", []) if one["in"] == "query"}


PAGED = [operation for operation in OPERATIONS if "cursor" in parameters(operation)]
FILTERED = [
    pytest.param(operation, name, value, id=f"{operation.name} {name}={value}")
    for operation in OPERATIONS
    for name, values in {
        "limit": ("0", "201", "-1", "ten", "1.5", ""),
        "cursor": ("nonsense", "AAAA", "%00", "x" * 600, "ä", "=" * 8),
        "state": ("nothing", "held,", ",", "none,none,none,none,none,none,none,none,none"),
        "q": ("x" * 101, "a\x00", "a\x84", "a\u2028"),
        "business_date": ("today", "2026-13-01", "2026-1-1", "20261120", ""),
        "updated_since": ("yesterday", "2026-11-20"),
        "since_version": ("-1", "latest"),
        "open": ("yes", "True"),
        "include_inactive": ("1",),
        "ch": ("kitchen", "restaurant:x", ""),
        "dry_run": ("1", "yes"),
        "service": ("auth", ""),
    }.items()
    if name in parameters(operation)
    for value in values
]


@pytest.mark.parametrize(("operation", "name", "value"), FILTERED)
async def test_a_wrong_filter_is_refused_and_never_ignored(
    walk: Walk, operation: Operation, name: str, value: str
) -> None:
    ids = {one: str(new_id()) for one in operation.path_ids}
    headers, body = ({}, None) if operation.method == "GET" else ({"Content-Type": "text/csv"}, b"category\n")
    token = walk.actor(operation).access_token
    answer = await walk.walker.call(operation, Sent(ids, body, {name: value}, headers), token)
    wanted = "invalid_cursor" if name == "cursor" else "invalid_query"
    assert (answer.status_code, answer.json()["code"]) == (422, wanted)


@pytest.mark.parametrize("operation", PAGED, ids=lambda operation: operation.name)
async def test_pages_of_one_hold_what_a_page_of_many_holds(walk: Walk, operation: Operation) -> None:
    await walk.shop.z_report()
    for _ in range(2):
        await walk.shop.parked_event()
    order = (await walk.shop.payment())["order_id"]
    ids = {name: str(order) for name in operation.path_ids}
    token = walk.actor(operation).access_token

    async def page(limit: int, cursor: str | None) -> dict[str, Any]:
        query = {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
        found: dict[str, Any] = (await walk.walker.call(operation, Sent(ids, query=query), token)).json()
        return found

    whole = (await page(3, None))["items"]
    single: list[Any] = []
    cursor: str | None = None
    while len(single) < len(whole):
        one = await page(1, cursor)
        single += one["items"]
        cursor = one["next_cursor"]
    assert single == whole


async def test_orders_are_found_by_all_filters_at_once(walk: Walk) -> None:
    order = await walk.shop.order()
    owner = walk.people["restaurant_owner"]
    item = order["lines"][0]["name"]
    day = order["business_date"]
    every = "draft,validated,paid,preparing,ready,done,invoiced,cancelled"
    since = order["created_at"]
    found = {
        query: [one["id"] for one in (await owner.get(f"{PREFIX}/orders?{query}"))["items"]]
        for query in (
            f"q={order['number']}&business_date={day}&state=validated",
            f"q={item}&limit=200",
            f"q={item.upper()}&business_date={day}&state={every}&limit=200",
            f"updated_since={since}&state={every}&business_date={day}&q={order['number']}&limit=200",
            f"q={item}&updated_since={since}&state=validated&business_date={day}&limit=200",
        )
    }
    assert {query: order["id"] in ids for query, ids in found.items()} == dict.fromkeys(found, True)
    for query in (
        f"q={order['number']}&state=done",
        f"q={order['number']}&business_date=2020-01-01",
        f"q={item}&updated_since=2099-01-01T00:00:00Z",
        f"q={item}&table_id={new_id()}",
        f"table_id={new_id()}&customer={new_id()}",
        "q=%25&limit=200",
        "q=%25%25%25",
        "q=_______",
        "q=999999999",
        "q=99999999999999999999",
        "q=%F0%9F%8D%95",
    ):
        ids = [one["id"] for one in (await owner.get(f"{PREFIX}/orders?{query}"))["items"]]
        assert order["id"] not in ids, query


@pytest.mark.parametrize(
    "query",
    [
        {"q": ""},
        {"state": ""},
        {"updated_since": "9999-12-31T23:59:59Z", "cursor": ""},
    ],
    ids=str,
)
async def test_odd_filters_are_answered_as_the_document_says(walk: Walk, query: dict[str, str]) -> None:
    token = walk.people["restaurant_owner"].access_token
    answer = await walk.walker.call(BY_NAME["GET /orders"], Sent(query=query), token)
    assert answer.status_code in (200, 422)


async def test_a_cursor_belongs_to_its_filters(walk: Walk) -> None:
    await walk.shop.order()
    await walk.shop.order()
    token = walk.people["restaurant_owner"].access_token
    orders = BY_NAME["GET /orders"]
    first = await walk.walker.call(orders, Sent(query={"limit": "1", "state": "validated"}), token)
    cursor = first.json()["next_cursor"]
    moved = await walk.walker.call(orders, Sent(query={"cursor": cursor, "state": "done"}), token)
    assert (moved.status_code, moved.json()["code"]) == (422, "invalid_cursor")


async def test_metrics_name_routes_and_never_paths(walk: Walk) -> None:
    order = (await walk.shop.payment())["order_id"]
    token = walk.people["restaurant_owner"].access_token
    for path in (f"/orders/{order}", f"/orders/{order}/nothing", f"/nothing/{new_id()}", "/health"):
        await walk.walker.send("GET", PREFIX + path, token)
    await walk.walker.send("GET", f"/web/{new_id()}.js")
    answer = await walk.walker.http.get(walk.metrics_url)
    routes = {
        line.partition('route="')[2].partition('"')[0]
        for line in answer.text.splitlines()
        if line.startswith("gateway_request_seconds_count")
    }
    templates = {PREFIX + operation.path for operation in OPERATIONS}
    assert f"{PREFIX}/orders/{{order_id}}" in routes
    assert routes <= templates | {"none", "/web"}
