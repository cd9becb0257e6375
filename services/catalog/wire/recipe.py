"""Recipes."""

from fynlo.catalog.v1 import stock_pb2

from chassis.ids import parse_id
from services.catalog.domain.recipe import Recipe, Take


def recipe_in(item_id: str, message: stock_pb2.Recipe) -> Recipe:
    """As the caller wants it. Raises InvalidArgument (INVALID_ID)."""
    takes = tuple(Take(parse_id(take.ingredient_id), take.quantity) for take in message.takes)
    return Recipe(parse_id(item_id), takes, message.version)


def recipe(of: Recipe) -> stock_pb2.Recipe:
    """As the contract says it."""
    return stock_pb2.Recipe(
        item_id=str(of.item_id),
        takes=[
            stock_pb2.RecipeTake(ingredient_id=str(take.ingredient_id), quantity=take.quantity)
            for take in of.takes
        ],
        version=of.version,
    )
