"""Recipes: what one unit of an item takes of ingredients.

An item with a recipe is not counted itself: what its scarcest ingredient allows is what is left of it. An
order keeps the amounts with which it reserved, also where the recipe changes before it is done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.errors import FieldError
from services.catalog.domain.label import refuse
from services.catalog.domain.stock import AvailabilityCause, LevelChange, StockLevel, StockLine, StockPolicy

TAKES_MAX = 50
"""Ingredients of one recipe."""


@dataclass(frozen=True, slots=True)
class Take:
    """So much of an ingredient, in its unit, for one unit of the item."""

    ingredient_id: UUID
    quantity: int


Recipes = Mapping[UUID, Sequence[Take]]
"""What items take, by item id; items without a recipe have no entry."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """``version`` is 0 for an item that never had one; without takes it has none now."""

    item_id: UUID
    takes: tuple[Take, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """An ingredient of an item: what one unit takes, what is available, and whether that is a limit."""

    ingredient_id: UUID
    quantity: int
    available: int
    policy: StockPolicy


@dataclass(frozen=True, slots=True)
class MadeItem:
    """An item with a recipe and the levels of its ingredients; ``on_menu``: nobody took it off."""

    item_id: UUID
    item_name: str
    on_menu: bool
    updated_at: datetime
    parts: tuple[Part, ...]

    @property
    def portions(self) -> int | None:
        """How many can be made of what is available; None: nothing limits it."""
        limits = [part.available // part.quantity for part in self.parts if part.policy is StockPolicy.REFUSE]
        return max(0, min(limits)) if limits else None

    @property
    def is_out(self) -> bool:
        """None can be made."""
        return self.portions == 0

    def before(self, changes: Mapping[UUID, LevelChange]) -> "MadeItem":
        """As it was before levels changed."""
        return replace(
            self, parts=tuple(_before(part, changes.get(part.ingredient_id)) for part in self.parts)
        )


def check_recipe(recipe: Recipe) -> None:
    """Raises InvalidMenu for an ingredient that is named twice."""
    seen: set[UUID] = set()
    for index, take in enumerate(recipe.takes):
        if take.ingredient_id in seen:
            refuse([FieldError(f"recipe.takes[{index}].ingredient_id", "repeated", "each ingredient once")])
        seen.add(take.ingredient_id)


def taken_lines(held: Iterable[StockLine], lines: Iterable[StockLine], recipes: Recipes) -> list[StockLine]:
    """The lines of an order with what their recipes take; a line that holds something keeps its amounts."""
    by_line: dict[UUID, list[StockLine]] = {}
    for each in held:
        by_line.setdefault(each.line_id, []).append(each)
    taken = []
    for line in lines:
        taken.append(line)
        kept = by_line.get(line.line_id)
        if kept is None:
            taken += [
                StockLine(line.line_id, take.ingredient_id, take.quantity * line.quantity, line.quantity)
                for take in recipes.get(line.item_id, ())
            ]
        else:
            taken += [
                replace(each, quantity=each.quantity // each.units * line.quantity, units=line.quantity)
                for each in kept
                if each.units
            ]
    return taken


def made_levels(made: Iterable[MadeItem]) -> list[StockLevel]:
    """What is left of items that ingredients limit, as if it were counted."""
    return [
        StockLevel(item.item_id, item.item_name, item.portions, 0, 0, 0, item.updated_at)
        for item in made
        if item.portions is not None
    ]


def made_availability(
    made: Iterable[MadeItem], changes: Sequence[LevelChange]
) -> list[tuple[MadeItem, AvailabilityCause]]:
    """Items of the menu that ran out, or are back, by changes of their ingredients."""
    changed = {change.after.item_id: change for change in changes}
    found = []
    for item in made:
        if item.on_menu and item.is_out != item.before(changed).is_out:
            cause = AvailabilityCause.OUT_OF_STOCK if item.is_out else AvailabilityCause.RESTOCKED
            found.append((item, cause))
    return found


def _before(part: Part, change: LevelChange | None) -> Part:
    if change is None:
        return part
    return replace(part, available=change.before.available, policy=change.before.policy)
