"""Allergens by name, as clients send them."""

from collections.abc import Sequence

from fynlo.catalog.v1 import catalog_pb2
from fynlo.orders.v1.orders_pb2 import GuestAllergy
from fynlo_json.catalog import ALLERGEN

from gateway.models.bodies import GuestAllergyIn

_NUMBERS = ALLERGEN.numbers()


def chosen_allergens(names: Sequence[str]) -> list[catalog_pb2.Allergen.ValueType]:
    """The numbers of the contract; a body has no other names."""
    return [catalog_pb2.Allergen.ValueType(_NUMBERS[name]) for name in names]


def guest_allergy(body: GuestAllergyIn) -> GuestAllergy:
    """The message of what a guest must not eat."""
    return GuestAllergy(allergens=chosen_allergens(body.allergens), text=body.text or "")
