"""What the guests of the evening do, decided before the first of them comes: one seed, one evening."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.e2e.friday.carte import DISHES, EAT_IN, SPECIAL, TAKEAWAY, Choice, Dish, takes
from tests.e2e.friday.house import STOOLS, TABLES, TILLS

MOVES = frozenset({"type_switch", "move_lines", "merge"})
"""What makes other orders of an order; one of these for each."""
SEED = 20_261_127
ORDERS = 400
STARTERS, MAINS = "starters", "mains"
SPLITS = ("even", "item", "seat", "amount", "percentage")
ALLERGENS = ("nuts", "sesame")
"""Of guests who say so when they order."""
DEEDS = {
    "hold": 80,
    "fresh_void": 30,
    "late_void": 60,
    "more_lines": 70,
    "more_units": 40,
    "conflict": 30,
    "order_discount": 45,
    "line_discount": 35,
    "comp": 20,
    "taken_back": 15,
    "transfer": 50,
    "allergy": 40,
    "allergy_later": 20,
    "note": 40,
    "sold_out": 24,
    "walk_out": 16,
    "parts": 30,
    "race": 25,
    "added_after_part": 25,
    "tip": 60,
    "type_switch": 20,
    "move_lines": 25,
    "merge": 20,
}
"""What happens to so many of the orders; each is dealt to whichever the seed says."""


@dataclass(frozen=True)
class Wish:
    """One thing that a guest orders."""

    dish: Dish
    picks: tuple[Choice, ...]
    quantity: int
    seat: int = 0
    course: str = ""
    held: bool = False


@dataclass
class Guests:
    """One order as it will be. ``split``: how the bill is split, "" for one bill."""

    number: int
    till: int
    order_type: str
    pay_first: bool
    table: str
    other_table: str
    wishes: list[Wish]
    later: list[Wish]
    deeds: set[str] = field(default_factory=set)
    split: str = ""
    luck: float = 0.0
    """Decides what is left to decide, by this number alone."""
    stool: str = ""
    """At the bar, where nobody else sits: some of them move there."""
    joined_by: "Guests | None" = None
    joins_others: bool = False
    """They come while the others are there, and their order becomes part of that one."""
    goes_apart: bool = False
    """The orders are taken apart again before they are paid."""


def evening(seed: int = SEED, orders: int = ORDERS) -> list[Guests]:
    """All orders in the order in which they come."""
    rng = random.Random(seed)
    guests = [_guests(rng, number) for number in range(orders)]
    for deed, often in DEEDS.items():
        able = [one for one in guests if _able(one, deed)]
        for one in rng.sample(able, min(len(able), often)):
            one.deeds.add(deed)
    _seat_those_who_move(guests)
    _pair(rng, guests)
    for one in guests:
        if one.deeds & {"race", "added_after_part"} and not one.split:
            one.split = rng.choice(("even", "amount"))
        if "hold" in one.deeds or "fresh_void" in one.deeds or "conflict" in one.deeds:
            one.wishes.append(_wish(rng, one.order_type, course=MAINS, held=True, quantity=2))
    return guests


def _seat_those_who_move(guests: Sequence[Guests]) -> None:
    stools = iter(range(STOOLS))
    for one in guests:
        if "move_lines" in one.deeds:
            one.stool = f"B{next(stools)}"


def _pair(rng: random.Random, guests: Sequence[Guests]) -> None:
    """Whoever joins others comes to the same till, and gets no bill of its own unless they go apart."""
    alone = {"walk_out", *MOVES}
    free = [one for one in guests if one.order_type == EAT_IN and not one.deeds & alone]
    for pair, one in enumerate(one for one in guests if "merge" in one.deeds):
        other = rng.choice([each for each in free if each.till == one.till])
        free.remove(other)
        one.joined_by, other.joins_others, one.goes_apart = other, True, pair % 2 == 0


def _able(guests: Guests, deed: str) -> bool:
    """A guest who pays first has the whole order at once."""
    if deed in MOVES:
        stays = len(guests.wishes) > 1 or bool(guests.deeds & {"more_lines", "hold", "conflict", "sold_out"})
        alone = guests.deeds & {"walk_out", *MOVES}
        return guests.order_type == EAT_IN and not alone and (deed != "move_lines" or stays)
    if deed == "transfer":
        return guests.order_type == EAT_IN
    if deed == "walk_out":
        # Of counted goods it would depend on the cooks whether they are wasted: who has ordered them stays.
        return not guests.deeds and not any(takes(wish.dish, wish.picks) for wish in guests.wishes)
    return "walk_out" not in guests.deeds and (
        not guests.pay_first or deed in ("allergy", "tip", "order_discount")
    )


def _guests(rng: random.Random, number: int) -> Guests:
    eat_in = rng.random() < 0.75
    order_type = EAT_IN if eat_in else TAKEAWAY
    table, other = rng.sample(range(TABLES), 2)
    wishes = [
        _wish(rng, order_type, seat=rng.randint(1, 3) if eat_in else 0) for _ in range(rng.choice((1, 1, 2)))
    ]
    if eat_in and rng.random() < 0.1:
        wishes.append(_wish(rng, order_type))
    return Guests(
        number=number,
        till=number % TILLS,
        order_type=order_type,
        pay_first=not eat_in and rng.random() < 0.5,
        table=f"T{table}" if eat_in else "",
        other_table=f"T{other}",
        wishes=wishes,
        later=[_wish(rng, order_type, seat=rng.randint(1, 3) if eat_in else 0)],
        split=rng.choice(SPLITS) if eat_in and rng.random() < 0.4 else "",
        luck=rng.random(),
    )


def _wish(
    rng: random.Random,
    order_type: str,
    *,
    seat: int = 0,
    course: str = "",
    held: bool = False,
    quantity: int = 0,
) -> Wish:
    dish = rng.choice([one for one in DISHES if one.name != SPECIAL])
    return Wish(dish, picks_of(rng, dish), quantity or rng.choice((1, 1, 2, 3)), seat, course, held)


def picks_of(rng: random.Random, dish: Dish) -> tuple[Choice, ...]:
    """An answer to each question that must be answered, and to some that need not."""
    picks: Sequence[Choice] = [
        rng.choice(one.choices) for one in dish.questions if one.needed or rng.random() < 0.5
    ]
    return tuple(picks)
