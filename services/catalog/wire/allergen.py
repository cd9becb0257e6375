"""Allergens."""

from collections.abc import Iterable

from fynlo.catalog.v1 import catalog_pb2

from chassis.errors import InvalidArgument


def allergens_in(numbers: Iterable[int]) -> tuple[int, ...]:
    """As a caller sent them, ascending. Raises InvalidArgument (UNKNOWN_ALLERGEN)."""
    known = catalog_pb2.Allergen.values()
    found = sorted(numbers)
    for number in found:
        if number == catalog_pb2.ALLERGEN_UNSPECIFIED or number not in known:
            raise InvalidArgument(f"{number} is no allergen", reason="UNKNOWN_ALLERGEN")
    return tuple(int(number) for number in found)


def allergens(numbers: Iterable[int]) -> list[catalog_pb2.Allergen.ValueType]:
    """As the contract says them."""
    return [catalog_pb2.Allergen.ValueType(number) for number in numbers]
