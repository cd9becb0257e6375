"""The menu of the evening, as the house means it: prices, VAT, stations, stock. In pence and basis points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EAT_IN, TAKEAWAY = "eat_in", "takeaway"
STANDARD, ZERO = 2000, 0
RATES = {
    ("hot_food", EAT_IN): STANDARD,
    ("hot_food", TAKEAWAY): STANDARD,
    ("cold_food", EAT_IN): STANDARD,
    ("cold_food", TAKEAWAY): ZERO,
    ("hot_drinks", EAT_IN): STANDARD,
    ("hot_drinks", TAKEAWAY): STANDARD,
    ("always_standard", EAT_IN): STANDARD,
    ("always_standard", TAKEAWAY): STANDARD,
    ("alcohol", EAT_IN): STANDARD,
    ("alcohol", TAKEAWAY): STANDARD,
}
"""VAT Notice 709/1."""
SERVICE_BP = 1250
PROMOTED, PROMOTION_BP = "Bar", 2000
"""Everything of this category is a fifth off, all evening."""
GRILL, COLD, BAR = "Grill station", "Cold station", "Bar station"


@dataclass(frozen=True)
class Choice:
    """An option. ``component``: the dish that it is, in a combo."""

    name: str
    delta: int = 0
    vat_class: str = ""
    component: str = ""


@dataclass(frozen=True)
class Question:
    """A group of options; ``needed`` of them are chosen, else none or one."""

    name: str
    choices: tuple[Choice, ...]
    needed: int = 0
    is_size: bool = False


@dataclass(frozen=True)
class Dish:
    """Something on the menu. ``stations``: by order type where it is not that of its category."""

    name: str
    category: str
    price: int
    vat_class: str
    questions: tuple[Question, ...] = ()
    stock: int | None = None
    recipe: Mapping[str, int] = field(default_factory=dict)
    stations: Mapping[str, str] = field(default_factory=dict)


STATIONS = {"Grill": GRILL, "Cold": COLD, "Bar": BAR}
SIZES = Question("Size", (Choice("Regular"), Choice("Large", 300)), needed=1, is_size=True)
EXTRAS = Question("Extras", (Choice("Cheese", 100), Choice("Bacon", 155)))
DISHES = (
    Dish("Burger", "Grill", 1450, "hot_food", (SIZES, EXTRAS)),
    Dish("Chips", "Grill", 450, "hot_food", stations={TAKEAWAY: COLD}),
    Dish("Steak", "Grill", 2655, "hot_food", stock=45),
    Dish("Pizza", "Grill", 1195, "hot_food", (SIZES,), recipe={"Flour": 250, "Mozzarella": 120}),
    Dish("Souffle", "Grill", 895, "hot_food"),
    Dish(
        "Greek salad",
        "Cold",
        995,
        "cold_food",
        (Question("Scoop", (Choice("Ice", 205, "always_standard"),)),),
    ),
    Dish("Soup", "Cold", 695, "hot_food", stations={EAT_IN: GRILL, TAKEAWAY: GRILL}),
    Dish("Tiramisu", "Cold", 695, "cold_food", stock=60),
    Dish("Focaccia", "Cold", 355, "cold_food", recipe={"Flour": 150}),
    Dish("Lager", "Bar", 520, "alcohol", stock=400),
    Dish("Cola", "Bar", 305, "always_standard"),
    Dish(
        "Coffee",
        "Bar",
        320,
        "hot_drinks",
        (Question("Milk", (Choice("Oat", 45), Choice("Whole")), needed=1),),
    ),
    Dish(
        "Meal deal",
        "Grill",
        1399,
        "hot_food",
        (
            Question(
                "Main",
                (
                    Choice("Chips of the deal", component="Chips"),
                    Choice("Salad of the deal", 150, component="Greek salad"),
                ),
                needed=1,
            ),
            Question(
                "Drink",
                (
                    Choice("Cola of the deal", component="Cola"),
                    Choice("Lager of the deal", 120, component="Lager"),
                ),
                needed=1,
            ),
        ),
    ),
)
BY_NAME = {dish.name: dish for dish in DISHES}
INGREDIENTS = {"Flour": 60_000, "Mozzarella": 24_000}
SPECIAL = "Souffle"
"""Taken off and put back while baskets hold it."""
Picks = Sequence[Choice]


def question_of(dish: Dish, choice: Choice) -> Question:
    """What the choice answers."""
    return next(one for one in dish.questions if choice in one.choices)


def stations_of(dish: Dish, picks: Picks, order_type: str) -> frozenset[str]:
    """Where it is cooked: a combo where its components are."""
    parts = [BY_NAME[one.component] for one in picks if one.component] or [dish]
    return frozenset(part.stations.get(order_type, STATIONS[part.category]) for part in parts)


def takes(dish: Dish, picks: Picks) -> dict[str, int]:
    """What one of it takes of everything that is counted."""
    taken = dict(dish.recipe)
    for one in [dish, *(BY_NAME[pick.component] for pick in picks if pick.component)]:
        if one.stock is not None:
            taken[one.name] = taken.get(one.name, 0) + 1
    return taken


def item_body(dish: Dish, category_id: str, item_ids: Mapping[str, str]) -> dict[str, Any]:
    """The item as it is put on the menu."""
    groups = [
        {
            "name": question.name,
            "min": question.needed,
            "max": 1,
            "is_size": question.is_size,
            "options": [
                {
                    "name": choice.name,
                    "price_delta_minor": choice.delta,
                    **({"vat_class": choice.vat_class} if choice.vat_class else {}),
                    **({"item_id": item_ids[choice.component]} if choice.component else {}),
                }
                for choice in question.choices
            ],
        }
        for question in dish.questions
    ]
    body = {"category_id": category_id, "name": dish.name, "price_minor": dish.price}
    return {**body, "vat_class": dish.vat_class, "option_groups": groups}
