"""A number has one text, and none is larger than what the services know."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers import INT64_MAX, whole_number
from gateway.tests.test_spec import DOCUMENT

NO_NUMBERS = [
    "",
    " ",
    "00",
    "01",
    "1 ",
    " 1",
    "+1",
    "-1",
    "-0",
    "1_0",
    "1.0",
    "1e3",
    "0x1",
    "¹",
    "١",
    "１",
    "nan",
]


@pytest.mark.parametrize("text", [*NO_NUMBERS, str(INT64_MAX + 1), "9" * 5000, "0" * 5000 + "1"])
def test_what_is_no_plain_number_is_none(text: str) -> None:
    assert whole_number(text, 0, INT64_MAX) is None


@given(st.integers(0, INT64_MAX))
def test_every_number_is_read_from_the_one_text_that_it_has(number: int) -> None:
    assert whole_number(str(number), 0, INT64_MAX) == number
    assert whole_number(f"0{number}", 0, INT64_MAX) is None


DIGITS = st.text(alphabet="0123456789", min_size=1, max_size=30)


@given(DIGITS, st.integers(0, 500), st.integers(0, INT64_MAX))
def test_nothing_outside_its_bounds_is_a_number(text: str, least: int, most: int) -> None:
    number = whole_number(text, least, most)
    assert number is None or (least <= number <= most and str(number) == text)


def integers_in(schema: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if schema.get("type") == "integer":
        yield where, schema
    for name, member in schema.get("properties", {}).items():
        yield from integers_in(member, f"{where}.{name}")
    for part in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from integers_in(part, where)


def referred(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].rpartition("/")[2]
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from referred(member)


def models_of_bodies() -> set[str]:
    """Request bodies and everything inside them."""
    schemas = DOCUMENT["components"]["schemas"]
    methods = [method for path in DOCUMENT["paths"].values() for method in path.values()]
    found: set[str] = set()
    fresh = set(referred([method.get("requestBody", {}) for method in methods]))
    while fresh:
        found |= fresh
        fresh = {name for model in fresh for name in referred(schemas[model])} - found
    return found


def test_every_number_of_a_body_path_or_query_has_bounds_that_the_services_know() -> None:
    numbers = [
        one
        for model in sorted(models_of_bodies())
        for one in integers_in(DOCUMENT["components"]["schemas"][model], model)
    ]
    numbers += [
        (f"{path} {parameter['name']}", parameter["schema"])
        for path, methods in DOCUMENT["paths"].items()
        for method in methods.values()
        for parameter in method["parameters"]
        if parameter["schema"].get("type") == "integer"
    ]
    assert len(numbers) > 40
    loose = [
        where
        for where, schema in numbers
        if schema.get("minimum", schema.get("exclusiveMinimum")) is None
        or not schema.get("maximum", schema.get("exclusiveMaximum", INT64_MAX + 1)) <= INT64_MAX
    ]
    assert loose == []
