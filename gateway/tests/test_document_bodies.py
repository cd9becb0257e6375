"""What the document calls a valid body is read, for every body there is."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from gateway.bodies import Body, read_json
from gateway.numbers import EXACT_MAX
from gateway.tests.test_bodies import request_of
from gateway.tests.test_spec import DOCUMENT

EXAMPLES_EACH = 15
JSON = "application/json"
WITH_BODY = schemathesis.openapi.from_dict(DOCUMENT).include(
    lambda found: JSON in found.operation.definition.raw.get("requestBody", {}).get("content", {})
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
    model = MODELS[
        operation.definition.raw["requestBody"]["content"][JSON]["schema"]["$ref"].rpartition("/")[2]
    ]

    async def read(body: Any) -> Body:
        return await read_json(request_of(json.dumps(body).encode()), model)

    @calmly
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def check(case: Case[Any]) -> None:
        assert asyncio.run(read(case.body)) == asyncio.run(read(with_points(case.body)))

    check()
