"""What one unit of an item is with its chosen options: price, VAT, allergens, and what it takes of the stock.

A combo's price is spread over its components by their selling prices (largest remainder), and each part is
taxed at its own rate; a component that is ancillary follows its main one. Source: VAT Notice 700, section 8
(mixed and composite supplies).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from chassis.money import largest_remainder
from services.orders.domain.errors import LineRefused
from services.orders.domain.menu import Item, Option
from services.orders.domain.order.choosing import Picked, option_gone
from services.orders.domain.order.order import ChosenOption
from services.orders.domain.spread import spread

RateOf: TypeAlias = Callable[[str], int]
"""VAT class -> the rate now, in basis points. Raises LineRefused (NO_VAT_RATE)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one unit that has a VAT rate of its own, and what it is of."""

    name: str
    vat_rate_bp: int
    unit_minor: int


@dataclass(frozen=True, slots=True)
class Configured:
    """One unit. ``parts`` only where not all of it has one rate, and of a combo; ``stock``: units by item."""

    options: tuple[ChosenOption, ...]
    unit_minor: int
    vat_rate_bp: int
    allergens: tuple[int, ...]
    may_contain: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    stock: Mapping[UUID, int] | None = None


def configure(
    path: str, item: Item, picked: Sequence[Picked], items: Mapping[UUID, Item], rate_of: RateOf
) -> Configured:
    """One unit of ``item``; ``items`` are those of the menu.

    Raises LineRefused (NEGATIVE_PRICE, NO_VAT_RATE) with the line at ``path``, ItemUnavailable for a
    component that is not on the menu.
    """
    rate = rate_of(item.vat_class)
    if not picked:
        # As most are: what an item alone contains it need not be asked.
        traces = tuple(sorted(set(item.may_contain).difference(item.allergens))) if item.may_contain else ()
        return Configured((), item.price_minor, rate, tuple(sorted(set(item.allergens))), traces)
    components = _components(item, picked, items)
    unit_minor = item.price_minor + sum(pick.delta_minor for pick in picked)
    if unit_minor < 0:
        raise LineRefused("NEGATIVE_PRICE", f"{path}.options", f"{item.name} would cost less than nothing.")
    parts = _parts(item, picked, components, rate, rate_of)
    contained, traces = _allergens([item, *(pick.option for pick in picked), *components.values()])
    return Configured(
        options=tuple(_chosen(pick, components.get(pick.option.id)) for pick in picked),
        unit_minor=unit_minor,
        vat_rate_bp=parts[0].vat_rate_bp if parts else rate,
        allergens=contained,
        may_contain=traces,
        parts=parts,
        stock=_stock(picked, components, items),
    )


def _components(item: Item, picked: Sequence[Picked], items: Mapping[UUID, Item]) -> dict[UUID, Item]:
    """The items that are components, by the option that they are."""
    found = {}
    for pick in picked:
        if pick.option.item_id is not None:
            component = items.get(pick.option.item_id)
            if component is None:
                raise option_gone(item, pick.option)
            found[pick.option.id] = component
    return found


def _chosen(pick: Picked, component: Item | None) -> ChosenOption:
    return ChosenOption(
        pick.option.id,
        pick.option.name,
        pick.quantity,
        pick.option.price_delta_minor,
        pick.parent.id if pick.parent is not None else None,
        pick.group.is_size,
        component.id if component is not None else None,
        component.category_id if component is not None else None,
    )


def _allergens(food: Iterable[Item | Option]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What all of it contains, and what it may hold traces of beside that."""
    contained: set[int] = set()
    traces: set[int] = set()
    for one in food:
        contained.update(one.allergens)
        traces.update(one.may_contain)
    return tuple(sorted(contained)), tuple(sorted(traces - contained))


@dataclass(slots=True)
class _Share:
    """A part while it is put together. ``listed``: the selling price of a component by itself."""

    name: str
    rate: int
    minor: int = 0
    listed: int = 0
    is_component: bool = False

    @property
    def weight(self) -> int:
        """By which a combo's price is spread."""
        return max(0, self.listed + self.minor)


def _parts(
    item: Item, picked: Sequence[Picked], components: Mapping[UUID, Item], rate: int, rate_of: RateOf
) -> tuple[Part, ...]:
    """None where all of the unit has the item's own rate."""
    main = _Share(item.name, rate, item.price_minor)
    shares, of_option, slot_rates = [main], dict[UUID, _Share](), dict[UUID | None, int]()
    for pick in picked:
        option, component = pick.option, components.get(pick.option.id)
        home = main if pick.parent is None else of_option[pick.parent.id]
        if component is not None:
            own = slot_rates.get(pick.group.ancillary_of)
            own = rate_of(component.vat_class) if own is None else own
            slot_rates.setdefault(pick.group.id, own)
            listed = component.price_minor * pick.quantity
            home = _Share(option.name, own, listed=listed, is_component=True)
            shares.append(home)
        elif option.vat_class and pick.delta_minor >= 0 and rate_of(option.vat_class) != home.rate:
            # What an option takes off, it takes off what it is chosen for.
            home = _Share(option.name, rate_of(option.vat_class))
            shares.append(home)
        home.minor += pick.delta_minor
        of_option[option.id] = home
    if len(shares) == 1:
        return ()
    kept = _spread(shares) if components else _without_less_than_nothing(shares)
    return tuple(Part(share.name, share.rate, share.minor) for share in kept)


def _spread(shares: Sequence[_Share]) -> list[_Share]:
    """The combo's own price on its components; what other options cost stays theirs."""
    main, *rest = shares
    parts = [share for share in rest if share.is_component]
    others = [share for share in rest if not share.is_component and share.minor]
    whole = main.minor + sum(share.minor for share in parts)
    if whole < 0:
        parts, others, whole = [*parts, *others], [], whole + sum(share.minor for share in others)
    amounts = spread(whole, [share.weight for share in parts])
    for share, amount in zip(parts, amounts, strict=True):
        share.minor = amount
    return [*parts, *others]


def _without_less_than_nothing(shares: Sequence[_Share]) -> list[_Share]:
    """Where options take more off an item than it costs, the rest comes off the other parts."""
    main = shares[0]
    if main.minor < 0:
        weights = [max(0, share.minor) for share in shares]
        amounts = largest_remainder(sum(share.minor for share in shares), weights)
        for share, amount in zip(shares, amounts, strict=True):
            share.minor = amount
    kept = [main, *(share for share in shares[1:] if share.minor)]
    return kept if len(kept) > 1 else []


def _stock(
    picked: Sequence[Picked], components: Mapping[UUID, Item], items: Mapping[UUID, Item]
) -> dict[UUID, int]:
    """Units of counted items, for one unit of the line."""
    units: dict[UUID, int] = {}
    for pick in picked:
        component = components.get(pick.option.id)
        taken = [(component.id, pick.quantity)] if component is not None else []
        if pick.option.takes_of is not None:
            taken.append((pick.option.takes_of, pick.option.takes * pick.quantity))
        for item_id, count in taken:
            if item_id in items and items[item_id].stock_tracked:
                units[item_id] = units.get(item_id, 0) + count
    return units
