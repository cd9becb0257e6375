"""What the document calls a valid body is read, for every body there is."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core import NotSet
from schemathesis.core.result import Ok

from gateway.bodies import STRANGER_BODY_BYTES_MAX, Body, read_json
from gateway.numbers import EXACT_MAX
from gateway.tests.test_bodies import request_of
from gateway.tests.test_spec import DOCUMENT

EXAMPLES_EACH = 15
JSON = "application/json"
WITH_BODY = schemathesis.openapi.from_dict(DOCUMENT).include(
    lambda found: (
        "schema" in found.operation.definition.raw.get("requestBody", {}).get("content", {}).get(JSON, {})
    )
)
OPERATIONS = [
    pytest.param(found.ok(), id=found.ok().label)
    for found in WITH_BODY.get_all_operations()
    if isinstance(found, Ok)
]
calmly = settings(
    max_examples=EXAMPLES_EACH,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def every(model: type[Body]) -> Iterator[type[Body]]:
    yield model
    for one in model.__subclasses__():
        yield from every(one)


MODELS = {model.__name__: model for model in every(Body)}


def with_points(value: Any) -> Any:
    """The same with every number written as clients do that know no integers."""
    if isinstance(value, dict):
        return {name: with_points(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_points(entry) for entry in value]
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= EXACT_MAX
    return float(value) if whole else value


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_the_document_calls_valid_is_read_however_its_numbers_are_written(operation: Any) -> None:
    schema = operation.definition.raw["requestBody"]["content"][JSON]["schema"]["$ref"].rpartition("/")[2]
    model = MODELS[schema.removesuffix("In")]

    async def read(body: Any) -> Body:
        raw = b"" if isinstance(body, NotSet) else json.dumps(body).encode()
        return await read_json(request_of(raw), model)

    @calmly
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def check(case: Case[Any]) -> None:
        assert asyncio.run(read(case.body)) == asyncio.run(read(with_points(case.body)))

    check()


ESCAPED_BYTES = 12
"""Of a character beyond the basic plane, as a pair of escapes."""


def test_every_body_of_a_stranger_fits_in_what_strangers_may_send() -> None:
    models = {
        name: list(DOCUMENT["components"]["schemas"][name]["properties"].items())
        for methods in DOCUMENT["paths"].values()
        for method in methods.values()
        if method["x-permission"] == "public" and "requestBody" in method
        for name in [method["requestBody"]["content"][JSON]["schema"]["$ref"].rpartition("/")[2]]
    }
    assert {"LogInRequestIn", "AcceptInvitationRequestIn"} <= models.keys()
    for name, members in models.items():
        sizes = [
            max([len(one) for one in schema.get("enum", ())] or [schema.get("maxLength", 0)])
            for _, described in members
            for schema in described.get("anyOf", [described])
            if schema["type"] == "string"
        ]
        names = sum(len(member) + len('"":"",') for member, _ in members)
        assert len(sizes) == len(members), f"{name} has a member that is no text"
        assert all(sizes), f"{name} has a member without a limit"
        assert names + ESCAPED_BYTES * sum(sizes) <= STRANGER_BODY_BYTES_MAX, name
