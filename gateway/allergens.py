"""Allergens by name, as clients send them."""

from collections.abc import Sequence

from fynlo.catalog.v1 import catalog_pb2

from chassis.errors import InvalidArgument
from device_json.scalars import ALLERGEN

_NUMBERS = ALLERGEN.numbers()


def chosen_allergens(names: Sequence[str]) -> list[catalog_pb2.Allergen.ValueType]:
    """The numbers of the contract. Raises InvalidArgument (INVALID_BODY) with the names that there are."""
    unknown = [name for name in names if name not in _NUMBERS]
    if unknown:
        detail = f"allergens are {', '.join(_NUMBERS)}; not {', '.join(unknown)[:100]}"
        raise InvalidArgument(detail, reason="INVALID_BODY")
    return [catalog_pb2.Allergen.ValueType(_NUMBERS[name]) for name in names]
