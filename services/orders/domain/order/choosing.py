"""Which options a guest has chosen of an item, and whether its groups allow it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.orders.domain.errors import ItemUnavailable, LineRefused
from services.orders.domain.menu import Item, Option, OptionGroup


@dataclass(frozen=True, slots=True)
class WantedOption:
    """An option and how many of it per unit of the line."""

    option_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Picked:
    """An option that was chosen, of which group, and after which option it was asked."""

    option: Option
    quantity: int
    group: OptionGroup
    parent: Option | None = None

    @property
    def delta_minor(self) -> int:
        """What all of it adds to the price of one unit."""
        return self.option.price_delta_minor * self.quantity


def choose(
    path: str, item: Item, wanted: Iterable[WantedOption], *, anyway: bool = False
) -> tuple[Picked, ...]:
    """The chosen options in the order of the menu, each before what was asked after it. ``anyway``: also
    those that were taken off.

    Raises LineRefused (UNKNOWN_OPTION, OPTION_COUNT) with the line at ``path``, ItemUnavailable.
    """
    counts: dict[UUID, int] = {}
    for option in wanted:
        counts[option.option_id] = counts.get(option.option_id, 0) + option.quantity
    if not counts and not item.groups:
        return ()
    picked = tuple(_picked(path, item, item.groups, counts))
    gone = next((pick.option for pick in picked if not pick.option.available), None)
    if gone is not None and not anyway:
        raise option_gone(item, gone)
    if counts:
        raise _left_over(path, item, next(iter(counts)))
    return picked


def _picked(
    path: str,
    item: Item,
    groups: Sequence[OptionGroup],
    counts: dict[UUID, int],
    parent: Option | None = None,
    times: int = 1,
) -> Iterator[Picked]:
    for group in groups:
        found = [(option, counts.pop(option.id)) for option in group.options if option.id in counts]
        total = sum(quantity for _, quantity in found)
        least, most = group.min_choices * times, group.max_choices * times
        if not least <= total <= most:
            asked = f"{item.name}, {_name_of(group, parent)}: choose {least} to {most}, not {total}."
            raise LineRefused("OPTION_COUNT", f"{path}.options", asked)
        for option, quantity in found:
            yield Picked(option, quantity, group, parent)
            if option.groups:
                yield from _picked(path, item, option.groups, counts, option, quantity)


def option_gone(item: Item, option: Option) -> ItemUnavailable:
    """The refusal of an option that is not to be had."""
    return ItemUnavailable(
        f"{item.name}: {option.name} is not on sale now.",
        metadata={"item_id": str(item.id), "option_id": str(option.id)},
    )


def _left_over(path: str, item: Item, option_id: UUID) -> LineRefused:
    """Of an option that was asked for and taken by no group."""
    for group in item.groups:
        for option in group.options:
            for nested in option.groups:
                if any(each.id == option_id for each in nested.options):
                    asked = f"{item.name}, {_name_of(nested, option)}: {option.name} is not chosen."
                    return LineRefused("OPTION_COUNT", f"{path}.options", asked)
    return LineRefused("UNKNOWN_OPTION", f"{path}.options", f"{item.name} has no option {option_id}.")


def _name_of(group: OptionGroup, parent: Option | None) -> str:
    return group.name if parent is None else f"{parent.name}, {group.name}"
