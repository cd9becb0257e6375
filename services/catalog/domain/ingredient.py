"""Ingredients: stock that is not sold itself, in grams, millilitres or pieces."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.catalog.domain.errors import TooManyIngredients
from services.catalog.domain.label import name_errors, name_key, refuse

INGREDIENTS_MAX = 5_000


class StockUnit(StrEnum):
    """In which a level is counted."""

    PIECE = "piece"
    GRAM = "gram"
    MILLILITRE = "millilitre"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """What recipes take; its level is that of its id."""

    id: UUID
    name: str
    unit: StockUnit
    version: int = 0

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)


def check_ingredient(ingredient: Ingredient) -> None:
    """Raises InvalidMenu for a name that is none."""
    refuse(name_errors("ingredient.name", ingredient.name))


def check_ingredient_count(count: int) -> None:
    """Raises TooManyIngredients where there is no room for another one."""
    if count >= INGREDIENTS_MAX:
        raise TooManyIngredients(f"A restaurant has up to {INGREDIENTS_MAX} ingredients.")
