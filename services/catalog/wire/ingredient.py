"""Ingredients."""

from fynlo.catalog.v1 import catalog_pb2, stock_pb2

from chassis.errors import InvalidArgument
from chassis.ids import new_id, parse_id
from services.catalog.domain.ingredient import Ingredient, StockUnit

UNITS = {unit: catalog_pb2.StockUnit.Value(f"STOCK_UNIT_{unit.name}") for unit in StockUnit}
_UNIT_OF = {number: unit for unit, number in UNITS.items()}


def ingredient_in(message: stock_pb2.Ingredient) -> Ingredient:
    """As the caller wants it; a new one gets an id. Raises InvalidArgument (INVALID_ID, UNKNOWN_UNIT)."""
    if message.unit not in _UNIT_OF:
        raise InvalidArgument("The unit is piece, gram or millilitre.", reason="UNKNOWN_UNIT")
    own = parse_id(message.id) if message.id else new_id()
    return Ingredient(own, message.name.strip(), _UNIT_OF[message.unit], message.version)


def ingredient(of: Ingredient) -> stock_pb2.Ingredient:
    """As the contract says it."""
    return stock_pb2.Ingredient(id=str(of.id), name=of.name, unit=UNITS[of.unit], version=of.version)
