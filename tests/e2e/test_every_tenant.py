"""Ids of one restaurant are nothing to another: every id in every path, query and body."""

import copy
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from chassis.ids import new_id
from chassis.messaging.channels import CHANNELS
from tests.e2e.conftest import Walk
from tests.e2e.shop import subscribed
from tests.e2e.walk.cases import put, request_for
from tests.e2e.walk.document import BY_NAME, OPERATIONS, PREFIX, Operation, resolved
from tests.e2e.walk.shop import Shop
from tests.e2e.walk.walker import Sent

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A field of a body -> what of Casa Demo to put into it.
FOREIGN = {
    "item_id": "item",
    "option_id": "option",
    "category_id": "category",
    "category_ids": "category",
    "lines": "line",
    "line_id": "line",
    "table_id": "table",
    "section_id": "section",
    "fallback_station_id": "station",
    "printer_id": "printer",
    "printer_ids": "printer",
    "fallback_id": "printer",
    "station_id": "station",
    "invoice_id": "invoice",
    "ticket_id": "ticket",
    # The id of "order" is an order of the other restaurant too, once that has made one of its own by it.
    "order_id": "invoiced",
    "order_ids": "invoiced",
    "customer_id": "customer",
    "check_id": "order",
    "till_session_id": "session",
    "carry_over_order_ids": "order",
    "employee_id": "employee",
    "ingredient_id": "ingredient",
    "supplier_id": "supplier",
    "user_id": "user",
    "restaurant_id": "restaurant",
}
# Ids that the client makes, or that are noted and never looked up: a foreign one is as good as a new one.
OPAQUE = {"id", "category_ids", "item_ids", "check_id", "carry_over_order_ids", "user_id", "printer_ids"}
QUERIES = {
    ("GET /orders", "table_id"): "table",
    ("GET /orders", "customer_id"): "customer",
    ("GET /invoices", "order_id"): "invoiced",
    ("GET /print-jobs", "printer_id"): "printer",
    ("GET /kitchen/tickets", "station_id"): "station",
    ("GET /kitchen/all-day", "station_id"): "station",
    ("GET /timecards", "employee_id"): "employee",
    ("GET /stock/movements", "item_id"): "ingredient",
}
# All that the cases may touch, as its owner sees it.
FACTS = (
    "/menu",
    "/stock?limit=200",
    "/stock/movements?limit=200",
    "/ingredients?limit=200",
    "/suppliers?limit=200",
    "/kitchen/stations",
    "/kitchen/tickets?station_id={station}&limit=200",
    "/floor/sections",
    "/floor/tables",
    "/customers/{customer}",
    "/invoices?order_id={invoiced}",
    "/print-jobs?printer_id={printer}",
    "/orders/{order}",
    "/orders/{order}/history",
    "/orders/{order}/payments",
    "/till-sessions/{session}",
    "/till-sessions/{session}/x-report",
    "/payments/{payment}",
    "/employees?limit=200",
    "/timecards?employee_id={employee}",
    "/members?limit=200",
    "/me",
)
Spot = tuple[str, str]


def spots_of(model: dict[str, Any], where: str = "") -> Iterator[Spot]:
    """(path as ``put`` takes it, field) of every id that a body may hold."""
    for name, member in model.get("properties", {}).items():
        for schema in member.get("anyOf", [member]):
            yield from _spots_in(resolved(schema), f"{where}{name}", name)


def _spots_in(schema: dict[str, Any], path: str, field: str) -> Iterator[Spot]:
    if schema.get("format") == "uuid":
        yield path, field
    elif schema.get("type") == "array":
        yield from _spots_in(resolved(schema["items"]), f"{path}__0", field)
    elif schema.get("type") == "object":
        yield from spots_of(schema, f"{path}__")


WITH_PATH_IDS = [operation for operation in OPERATIONS if operation.path_ids]
BODY_SPOTS = [
    pytest.param(operation, *spot, id=f"{operation.name} {spot[0]}")
    for operation in OPERATIONS
    if operation.body_model is not None
    for spot in spots_of(operation.body_model)
]


async def things_of(shop: Shop) -> dict[str, str]:
    """Real ids of a restaurant, by what they are."""
    if "things" not in shop.kept:
        payment, item, invoice = await shop.payment(), await shop.item(), await shop.invoice()
        order = await shop.owner.get(f"/api/v2/orders/{payment['order_id']}")
        shop.kept["things"] = {
            "item": item["id"],
            "option": item["option_groups"][0]["options"][0]["id"],
            "category": item["category_id"],
            "station": (await shop.station())["id"],
            "section": (await shop.section())["id"],
            "table": (await shop.new_table())["id"],
            "order": order["id"],
            "line": order["lines"][0]["id"],
            "session": (await shop.session())["id"],
            "payment": payment["id"],
            "employee": (await shop.employee())["id"],
            "ingredient": (await shop.new_ingredient())["id"],
            "supplier": (await shop.new_supplier())["id"],
            "user": (await shop.member())["user_id"],
            "invitation": (await shop.invitation())["id"],
            "restaurant": shop.owner.restaurant_id,
            "customer": (await shop.new_customer())["id"],
            "invoiced": invoice["order_id"],
            "invoice": invoice["id"],
            "printer": (await shop.printer())["id"],
            "ticket": (await shop.ticket())["id"],
        }
    return shop.kept["things"]


async def facts(walk: Walk) -> list[Any]:
    """Everything of Casa Demo that a foreign request might have moved."""
    things = await things_of(walk.shop)
    owner = walk.people["restaurant_owner"]
    found = [await owner.get(PREFIX + path.format(**things)) for path in FACTS]
    for report in found:
        # An X report says until when it counts.
        report.pop("until_time", None)
    return found


async def test_lists_hold_nothing_of_another_restaurant(walk: Walk) -> None:
    own = set((await things_of(walk.shop)).values())
    await things_of(walk.second)
    for operation in OPERATIONS:
        if operation.method == "GET" and not operation.path_ids and not operation.public:
            sent = await request_for(operation, walk.second, walk.second.owner)
            answer = await walk.walker.call(operation, sent, walk.second.owner.access_token)
            assert not [thing for thing in own if thing in answer.text], operation.name


@pytest.mark.parametrize("operation", WITH_PATH_IDS, ids=lambda operation: operation.name)
async def test_an_id_in_a_path_names_nothing_elsewhere(walk: Walk, operation: Operation) -> None:
    stranger = walk.second.owner.access_token
    sent = await request_for(operation, walk.shop, walk.people["restaurant_owner"])
    before = await facts(walk)
    if "number" in sent.ids:
        # Every restaurant counts its own reports: whatever has this number there is not this one.
        await walk.second.z_report()
        sent = Sent({"number": str(max(10_000, int(sent.ids["number"])))})
    foreign = await walk.walker.call(operation, sent, stranger)
    unknown = Sent({name: _never(name) for name in sent.ids}, sent.body, sent.query, sent.headers)
    nowhere = await walk.walker.call(operation, unknown, stranger)
    assert foreign.status_code in (403, 404)
    # No telling whether it exists somewhere else.
    assert told(foreign.json(), sent) == told(nowhere.json(), unknown)
    assert await facts(walk) == before


@pytest.mark.parametrize(("operation", "path", "field"), BODY_SPOTS)
async def test_an_id_in_a_body_names_nothing_elsewhere(
    walk: Walk, operation: Operation, path: str, field: str
) -> None:
    if operation.platform or operation.public:
        return
    things = await things_of(walk.shop)
    if field == "user_id":
        # A person is noted once per restaurant: each case has one of its own.
        things = {**things, "user": (await walk.shop.member())["user_id"]}
    before = await facts(walk)
    answers = []
    for value in (things[FOREIGN.get(field, "order")], str(new_id())):
        own = await request_for(operation, walk.second, walk.second.owner)
        body = planted(copy.deepcopy(own.body), path, value)
        sent = Sent(own.ids, body, own.query, own.headers)
        answers.append(await walk.walker.call(operation, sent, own.token or walk.second.owner.access_token))
    foreign, nowhere = answers
    # Only firing looks at lines; the other commands know the whole order. What routes name is noted.
    noted = field in OPAQUE or path.startswith("routes__")
    if not noted and (field != "lines" or operation.path.endswith("/fire")):
        assert foreign.status_code in (403, 404, 409, 422)
    assert (foreign.status_code, foreign.json().get("code")) == (
        nowhere.status_code,
        nowhere.json().get("code"),
    )
    assert await facts(walk) == before


@pytest.mark.parametrize(("name", "query"), QUERIES)
async def test_a_filter_by_a_foreign_id_finds_nothing(walk: Walk, name: str, query: str) -> None:
    things = await things_of(walk.shop)
    sent = Sent(query={query: things[QUERIES[name, query]]})
    answer = await walk.walker.call(BY_NAME[name], sent, walk.second.owner.access_token)
    assert (answer.json()["items"], answer.json().get("next_cursor")) == ([], None)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_every_declared_channel_is_served_to_its_own_restaurant(walk: Walk, channel: str) -> None:
    """By the owner that the contract names: its state over HTTPS, and its position over the socket."""
    name = f"restaurant:{walk.shop.owner.restaurant_id}:{channel}"
    snapshot = await walk.walker.call(
        BY_NAME["GET /realtime/snapshot"], Sent(query={"ch": name}), walk.shop.owner.access_token
    )
    body = snapshot.json()
    assert (snapshot.status_code, body["ch"], sorted(body)) == (200, name, ["ch", "e", "s", "state"])
    async with subscribed(walk.shop.owner) as socket:
        await socket.send({"t": "sub", "id": 7, "ch": name, "e": body["e"], "s": body["s"]})
        while (frame := await socket.frame()).get("id") != 7:
            assert frame["t"] in ("ping", "ev", "synced")
        assert (frame["t"], frame["ch"]) == ("sub_ok", name)
        assert frame["st"] in ("live", "resumed")


@pytest.mark.parametrize("channel", [*CHANNELS, "nothing"])
async def test_channels_of_another_restaurant_are_denied(walk: Walk, channel: str) -> None:
    name = f"restaurant:{walk.shop.owner.restaurant_id}:{channel}"
    snapshot = await walk.walker.call(
        BY_NAME["GET /realtime/snapshot"], Sent(query={"ch": name}), walk.second.owner.access_token
    )
    assert (snapshot.status_code, snapshot.json()["code"]) == (404, "channel_not_found")
    async with subscribed(walk.second.owner) as socket:
        await socket.send({"t": "sub", "id": 7, "ch": name})
        while (frame := await socket.frame()).get("id") != 7:
            assert frame["t"] == "ping"
        code = "unknown_channel" if channel == "nothing" else "forbidden"
        assert (frame["t"], frame["st"], frame["code"]) == ("sub_ok", "denied", code)


async def test_a_hello_with_channels_of_another_restaurant_gets_none_of_them(walk: Walk) -> None:
    device = walk.second.owner
    name = f"restaurant:{walk.shop.owner.restaurant_id}:kitchen"
    async with device.socket() as connection:
        about = {"id": device.device_id, "kind": "kds", "app": "e2e"}
        hello = {"t": "hello", "id": 1, "v": 1, "token": device.access_token, "device": about}
        await connection.send(orjson.dumps({**hello, "subs": [{"ch": name}]}).decode())
        welcome = orjson.loads(await connection.recv())
    assert [(sub["ch"], sub["st"]) for sub in welcome["subs"]] == [(name, "denied")]


def planted(body: Any, path: str, value: str) -> Any:
    """The body with an id where it had another one, or where none was."""
    *parents, last = path.split("__")
    target = body
    for parent, following in zip(parents, [*parents, last][1:], strict=True):
        empty: Any = [] if following.isdigit() else {}
        if parent.isdigit():
            if not target:
                target.append(empty)
            target = target[int(parent)]
        else:
            target[parent] = target.get(parent) or empty
            target = target[parent]
    if last.isdigit():
        target[:] = [value]
        return body
    return put(body, **{path: value})


def told(answer: dict[str, Any], sent: Sent) -> str:
    """What an answer says, without the ids that it was asked for."""
    text = orjson.dumps(answer).decode()
    for asked in sent.ids.values():
        text = text.replace(asked, "(id)")
    return text


def _never(name: str) -> str:
    return "10000000" if name == "number" else str(new_id())
