"""Whatever stands where a number belongs is refused with a clear word, and never names another thing."""

import pytest

from tests.e2e.conftest import Walk
from tests.e2e.walk.cases import request_for
from tests.e2e.walk.document import OPERATIONS, Operation
from tests.e2e.walk.walker import Sent

NUMERIC = [
    (operation, parameter["name"], parameter["in"])
    for operation in OPERATIONS
    for parameter in operation.described["parameters"]
    if parameter["in"] in ("path", "query") and parameter["schema"].get("type") == "integer"
]
HOSTILE = [
    *("0000019999999999", "01", "001", "-1", "+1", "1.0", "1e3", "0x1", "1_0", " 1", "1 ", "abc", "null"),
    *("9223372036854775808", "18446744073709551617", "1" + "0" * 400, "¹", "١", "１", "١٢٣"),
]
# 18 digits of a long number once named the report of the number in front: 1 here.
LONG_WAY_TO_ONE = "0" * 17 + "1" + "999"


def test_there_are_numbers_in_paths_and_queries() -> None:
    assert {place for _, _, place in NUMERIC} == {"path", "query"}


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    ("operation", "name", "place"), NUMERIC, ids=lambda part: getattr(part, "name", part)
)
async def test_no_other_text_is_taken_for_a_number(
    walk: Walk, operation: Operation, name: str, place: str
) -> None:
    caller = walk.actor(operation)
    sent = await request_for(operation, walk.shop, caller)
    for text in (*HOSTILE, LONG_WAY_TO_ONE):
        ids = {**sent.ids, name: text} if place == "path" else sent.ids
        query = {**sent.query, name: text} if place == "query" else sent.query
        asked = Sent(ids, sent.body, query, sent.headers)
        answer = await walk.walker.call(operation, asked, sent.token or caller.access_token)
        assert 400 <= answer.status_code < 500, f"{text}: {answer.status_code} {answer.text[:200]}"
        assert answer.json()["code"] in {"invalid_query", "z_report_not_found", "not_found"}, text
