"""Every route of the document does what the document says: examples, answers, refusals, repeats, limits."""

import copy
from typing import Any

import pytest

from chassis.ids import new_id
from gateway.bodies import BODY_BYTES_MAX, FIELD_ERRORS_MAX, STRANGER_BODY_BYTES_MAX
from tests.e2e.conftest import Walk
from tests.e2e.walk.cases import CASES, MADE, OF_A_SERVICE, request_for
from tests.e2e.walk.document import DOCUMENT, OPERATIONS, PREFIX, Operation
from tests.e2e.walk.walker import JSON

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What the server decides. A client that sends one is told so, whichever body it is in.
SERVER_OWNED = {
    "total_minor": 1,
    "total": 1,
    "unit_price_minor": 1,
    "gross_minor": 1,
    "discount_minor": 1,
    "vat_minor": 1,
    "tip_fee": 1,
    "fee": {"bearer": "restaurant"},
    "restaurant_id": "0198f0a0-0000-7000-8000-00000000000a",
    "platform_id": "0198f0a0-0000-7000-8000-00000000000a",
    "state": "paid",
    "status": "captured",
    "payment_state": "paid",
    "lifecycle": "done",
    "number": 1,
    "role": "platform_owner",
    "permissions": ["restaurants.manage"],
    "version": 99,
    "hash": "00",
    "expected_minor": 0,
    "price_minor": 1,
    "created_at": "2026-01-01T00:00:00Z",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
WITH_BODY = [operation for operation in OPERATIONS if operation.body_model is not None]
every_body = pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)


async def test_what_an_operation_names_can_be_made() -> None:
    plain = [operation for operation in OPERATIONS if operation.name not in CASES]
    assert len(plain) > 40
    assert {name for operation in plain for name in operation.path_ids} <= MADE.keys() | OF_A_SERVICE


async def test_the_running_gateway_serves_this_document(walk: Walk) -> None:
    answer = await walk.walker.send("GET", "/openapi.json")
    assert answer.json() == DOCUMENT


@every_operation
async def test_the_documented_example_works_and_again_with_its_key(walk: Walk, operation: Operation) -> None:
    actor = walk.actor(operation)
    sent = await request_for(operation, walk.shop, actor)
    token = "" if operation.public else sent.token or actor.access_token
    keyed = {**sent.headers, **({"Idempotency-Key": str(new_id())} if operation.takes_key else {})}
    sent = type(sent)(sent.ids, sent.body, sent.query, keyed)
    first = await walk.walker.call(operation, sent, token)
    assert first.status_code == operation.success, first.text
    if operation.takes_key:
        again = await walk.walker.call(operation, sent, token)
        # Some answers are files.
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["idempotency-replayed"] == "true"


@every_body
async def test_unknown_and_server_owned_fields_are_refused_wherever_they_are(
    walk: Walk, operation: Operation
) -> None:
    actor = walk.actor(operation)
    sent = await request_for(operation, walk.shop, actor)
    token = "" if operation.public else sent.token or actor.access_token
    body, planted = planted_in(sent.body, operation.body_model or {})
    answer = await walk.walker.call(operation, type(sent)(sent.ids, body, sent.query, sent.headers), token)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_body")
    if len(planted) > FIELD_ERRORS_MAX:
        assert f"{len(planted)} errors" in problem["detail"]
        return
    assert {error["field"] for error in problem["errors"]} == planted


@every_body
async def test_a_body_that_is_too_large_or_of_another_kind_is_refused(
    walk: Walk, operation: Operation
) -> None:
    actor = walk.actor(operation)
    token = "" if operation.public else actor.access_token
    path = PREFIX + operation.path.format(**{name: str(new_id()) for name in operation.path_ids})
    headers = {"Idempotency-Key": str(new_id()), "If-Match": '"1"'}
    limit = STRANGER_BODY_BYTES_MAX if operation.public else BODY_BYTES_MAX
    too_large = await walk.walker.send(
        operation.method, path, token, b" " * (limit + 1), {**headers, "Content-Type": JSON}
    )
    assert (too_large.status_code, too_large.json()["code"]) == (413, "body_too_large")
    form = await walk.walker.send(
        operation.method,
        path,
        token,
        b"a=b",
        {**headers, "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (form.status_code, form.json()["code"]) == (415, "unsupported_media_type")
    assert {(413, "body_too_large"), (415, "unsupported_media_type")} <= operation.codes


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
async def test_methods_that_a_path_does_not_have_are_refused(walk: Walk, path: str) -> None:
    names = next(operation for operation in OPERATIONS if operation.path == path).path_ids
    concrete = path.format(**{name: str(new_id()) for name in names})
    used = {operation.method for operation in OPERATIONS if operation.path == path}
    token = walk.people["restaurant_owner"].access_token
    for method in METHODS:
        if method not in used:
            answer = await walk.walker.send(method, PREFIX + concrete, token)
            assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"
            assert method == "HEAD" or answer.json()["code"] == "method_not_allowed"
            assert set(answer.headers["allow"].split(", ")) == used


@every_operation
async def test_a_versioned_change_needs_the_version_that_the_client_saw(
    walk: Walk, operation: Operation
) -> None:
    if not operation.needs_match:
        return
    actor = walk.actor(operation)
    sent = await request_for(operation, walk.shop, actor)
    without = await walk.walker.call(operation, type(sent)(sent.ids, sent.body), actor.access_token)
    assert (without.status_code, without.json()["code"]) == (428, "precondition_required")
    changed = await walk.walker.call(operation, sent, actor.access_token)
    newer = changed.json()["version"]
    assert changed.headers["etag"] == f'"{newer}"' != sent.headers["If-Match"]
    # What has no name is written as it was: whoever saw an older version is refused all the same.
    named = sent.body is not None and "name" in sent.body
    body = {**sent.body, "name": f"{sent.body['name']} again"} if named else sent.body
    stale = await walk.walker.call(
        operation, type(sent)(sent.ids, body, {}, sent.headers), actor.access_token
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    fresh = await walk.walker.call(
        operation,
        type(sent)(sent.ids, sent.body, {}, {"If-Match": changed.headers["etag"]}),
        actor.access_token,
    )
    assert fresh.status_code == operation.success


def planted_in(body: Any, model: dict[str, Any], where: str = "") -> tuple[Any, set[str]]:
    """A copy of the body with fields that no client may send in each of its objects, and their paths."""
    body = copy.deepcopy(body)
    planted: set[str] = set()
    if isinstance(body, list):
        for index, entry in enumerate(body):
            body[index], found = planted_in(entry, {}, f"{where}{index}.")
            planted |= found
    elif isinstance(body, dict):
        for name, value in body.items():
            body[name], found = planted_in(value, {}, f"{where}{name}.")
            planted |= found
        # Known members of this very body are no intruders: a status to reach, the restaurant to switch to.
        intruders = {"surprise": True, **SERVER_OWNED}
        own = set(model.get("properties", {})) | set(body)
        for name in intruders.keys() - own - MAY_BE_SENT_INSIDE:
            body[name] = intruders[name]
            planted.add(where + name)
    return body, planted


# Prices are the client's to say where it edits the menu.
MAY_BE_SENT_INSIDE: set[str] = set()
