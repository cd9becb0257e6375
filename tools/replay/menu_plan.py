"""Decides which menu a file of past orders came from: one spelling, one price and its options per item. Pure.

Real files spell one thing in several ways and charge several prices for it. Each decision is kept in words:

* Spelling: names that differ only in case, hyphens and doubled spaces are one, called as most rows call it;
  an option's bracketed remark ("(Hot)") belongs to the name only where nothing else tells two options apart.
* Surcharge: where having one option tells a higher price from a lower one, that option costs the difference.
* Variant: what is still another price (a price rise, say) becomes an option of the group "Price".
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tools.replay.orders_file import PastLine

SUPPORT_MIN = 3
"""Rows with and rows without an option before it may explain a price."""
ACCURACY_MIN_PERCENT = 90
"""How often an option must tell the higher from the lower price to be its cause."""
PRICE_GROUP = "Price"
CHOICE_GROUP = "Choice"
EXTRAS_GROUP = "Extras"
# The first word that fits names the category; the last entry takes what is left.
CATEGORIES = (
    ("Burritos", ("burrito",)),
    ("Salads", ("salad",)),
    ("Bowls", ("bowl",)),
    ("Tacos", ("taco",)),
    ("Chips", ("chips",)),
    ("Drinks", ("soda", "drink", "water", "izze", "nectar")),
    ("Other", ("",)),
)
DRINKS_VAT, FOOD_VAT = "always_standard", "hot_food"


@dataclass(frozen=True, slots=True)
class PlannedOption:
    """An option and what it adds, in minor units."""

    name: str
    delta_minor: int = 0


@dataclass(slots=True)
class PlannedItem:
    """An item of the menu. ``groups``: name -> options; a group "Price" must be answered once."""

    name: str
    category: str
    price_minor: int
    vat_class: str
    groups: dict[str, list[PlannedOption]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A line to sell: item and options by name, as the plan calls them."""

    item: str
    quantity: int
    options: tuple[tuple[str, str], ...]
    gross_minor: int


@dataclass(slots=True)
class MenuPlan:
    """The menu, the orders on it, and the decisions in words."""

    items: dict[str, PlannedItem]
    orders: list[list[PlannedLine]]
    decisions: list[str]


class Spelling:
    """One name for all spellings of a thing."""

    def __init__(self, seen: Iterable[str]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for name in seen:
            counts[_key(name)][name] += 1
        self._chosen = {
            known: max(names, key=lambda name, names=names: (names[name], name))  # type: ignore[misc]
            for known, names in counts.items()
        }
        self.merged = {
            self._chosen[known]: sorted(set(names) - {self._chosen[known]})
            for known, names in counts.items()
            if len(names) > 1
        }

    def of(self, name: str) -> str:
        """The chosen spelling."""
        return self._chosen[_key(name)]


def _key(name: str) -> str:
    plain = re.sub(r"\([^)]*\)", "", name)
    return " ".join(re.sub(r"[-–]", " ", plain).lower().split()) or name.lower()


def plan_menu(lines: Sequence[PastLine]) -> MenuPlan:
    """The menu that explains every price in ``lines`` to the penny, and the orders on it."""
    items = Spelling(line.item_name for line in lines)
    options = Spelling(name for line in lines for _, name in line.choices)
    decisions = [f"item {one!r} stands also for {others}" for one, others in sorted(items.merged.items())]
    decisions += [
        f"option {one!r} stands also for {others}" for one, others in sorted(options.merged.items())
    ]
    by_item: dict[str, list[PastLine]] = defaultdict(list)
    for line in lines:
        by_item[items.of(line.item_name)].append(line)
    planned = {name: _plan_item(name, rows, options, decisions) for name, rows in sorted(by_item.items())}
    orders: dict[str, list[PlannedLine]] = {}
    for line in lines:
        sold = _plan_line(line, planned[items.of(line.item_name)], options)
        orders.setdefault(line.order_id, []).append(sold)
    return MenuPlan(planned, list(orders.values()), decisions)


def _plan_item(name: str, rows: list[PastLine], options: Spelling, decisions: list[str]) -> PlannedItem:
    chosen = [(frozenset(options.of(choice) for _, choice in row.choices), row.unit_minor) for row in rows]
    surcharge = _surcharge(chosen)
    if surcharge:
        decisions.append(f"item {name!r}: {surcharge.name} adds {surcharge.delta_minor / 100:.2f}")
    rests = Counter(price - _added(names, surcharge) for names, price in chosen)
    base = rests.most_common(1)[0][0]
    item = PlannedItem(name, _category(name), base, FOOD_VAT)
    if item.category == "Drinks":
        item.vat_class = DRINKS_VAT
    for group, depths in ((CHOICE_GROUP, (1,)), (EXTRAS_GROUP, (2, 3, 4))):
        found = sorted({options.of(c) for row in rows for depth, c in row.choices if depth in depths})
        taken = {option.name for known in item.groups.values() for option in known}
        fresh = [option for option in found if option not in taken]
        if fresh:
            item.groups[group] = [
                surcharge if surcharge and surcharge.name == one else PlannedOption(one) for one in fresh
            ]
    if len(rests) > 1:
        variants = sorted(rest - base for rest in rests)
        item.groups[PRICE_GROUP] = [PlannedOption(variant_name(base, delta), delta) for delta in variants]
        decisions.append(
            f"item {name!r}: {base / 100:.2f}, in other rows "
            + ", ".join(f"{rest / 100:.2f} ({count}x)" for rest, count in rests.most_common()[1:])
        )
    return item


def variant_name(base_minor: int, delta_minor: int) -> str:
    """What the option of a price variant is called: the price itself."""
    return f"at {(base_minor + delta_minor) / 100:.2f}"


def _surcharge(chosen: list[tuple[frozenset[str], int]]) -> PlannedOption | None:
    """The option that explains the higher prices best, or None."""
    best: tuple[int, str, int] | None = None
    for option in sorted(frozenset().union(*(names for names, _ in chosen))):
        having = Counter(price for names, price in chosen if option in names)
        lacking = Counter(price for names, price in chosen if option not in names)
        if having.total() < SUPPORT_MIN or lacking.total() < SUPPORT_MIN:
            continue
        high, low = having.most_common(1)[0][0], lacking.most_common(1)[0][0]
        if high <= low:
            continue
        middle = (high + low) / 2
        right = sum(n for price, n in having.items() if price > middle)
        right += sum(n for price, n in lacking.items() if price < middle)
        accuracy = 100 * right // len(chosen)
        if accuracy >= ACCURACY_MIN_PERCENT and (best is None or accuracy > best[0]):
            best = (accuracy, option, high - low)
    return PlannedOption(best[1], best[2]) if best else None


def _added(names: Iterable[str], surcharge: PlannedOption | None) -> int:
    return surcharge.delta_minor if surcharge and surcharge.name in names else 0


def _plan_line(line: PastLine, item: PlannedItem, options: Spelling) -> PlannedLine:
    group_of: Mapping[str, str] = {
        option.name: group for group, known in item.groups.items() if group != PRICE_GROUP for option in known
    }
    deltas = {option.name: option.delta_minor for known in item.groups.values() for option in known}
    names = list(dict.fromkeys(options.of(choice) for _, choice in line.choices))
    picked = [(group_of[name], name) for name in names]
    rest = line.unit_minor - item.price_minor - sum(deltas[name] for name in names)
    if PRICE_GROUP in item.groups:
        picked.append((PRICE_GROUP, variant_name(item.price_minor, rest)))
    return PlannedLine(item.name, line.quantity, tuple(picked), line.gross_minor)


def _category(name: str) -> str:
    lower = name.lower()
    return next(category for category, words in CATEGORIES if any(word in lower for word in words))
