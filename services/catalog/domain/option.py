"""Options of an item, in groups of two levels: what is asked before it is ordered, and what may be asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.errors import FieldError
from services.catalog.domain.label import name_errors, repeated_names

MAX_OPTION_GROUPS = 50
MAX_NESTED_GROUPS = 10
"""That one option opens."""
MAX_OPTIONS_PER_GROUP = 100
MAX_CHOICES = 100
MAX_STOCK_USE = 1_000
MAX_DELTA_MINOR = 100_000_000


@dataclass(frozen=True, slots=True)
class StockUse:
    """What one of an option takes from the shelf: units of a counted item."""

    item_id: UUID
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Option:
    """One choice; ``price_delta_minor`` may be negative; allergens come on top of the item's; a ``vat_class``
    of "" is the item's. ``groups`` are asked once it is chosen. ``item_id``: the item that it is, as a
    component.
    """

    id: UUID
    name: str
    price_delta_minor: int = 0
    available: bool = True
    allergens: tuple[int, ...] = ()
    may_contain: tuple[int, ...] = ()
    vat_class: str = ""
    stock_use: StockUse | None = None
    groups: "tuple[OptionGroup, ...]" = ()
    item_id: UUID | None = None

    @property
    def links(self) -> tuple[UUID, ...]:
        """The items that it is, or takes stock of."""
        taken = None if self.stock_use is None else self.stock_use.item_id
        return tuple(each for each in (self.item_id, taken) if each is not None)


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Choices of which a guest takes ``min_choices`` to ``max_choices``, quantities counted.

    ``is_size``: it asks for the size. ``ancillary_of``: the group of components whose VAT its own follow.
    """

    id: UUID
    name: str
    min_choices: int
    max_choices: int
    options: tuple[Option, ...]
    is_size: bool = False
    ancillary_of: UUID | None = None

    @property
    def is_slot(self) -> bool:
        """Whether its options are components of a combo."""
        return any(option.item_id is not None for option in self.options)


def every_option(groups: Sequence[OptionGroup]) -> Iterator[Option]:
    """Those of both levels."""
    for group in groups:
        for option in group.options:
            yield option
            yield from every_option(option.groups)


def every_group(groups: Sequence[OptionGroup]) -> Iterator[OptionGroup]:
    """Those of both levels."""
    for group in groups:
        yield group
        for option in group.options:
            yield from every_group(option.groups)


def with_availability(
    groups: Sequence[OptionGroup], option_id: UUID, available: bool
) -> tuple[OptionGroup, ...]:
    """The groups with one option, of either level, taken off or put back."""

    def changed(option: Option) -> Option:
        if option.id == option_id:
            return replace(option, available=available)
        inner = with_availability(option.groups, option_id, available) if option.groups else ()
        return replace(option, groups=inner) if inner else option

    return tuple(
        replace(group, options=tuple(changed(option) for option in group.options)) for group in groups
    )


def lowest_delta_minor(groups: Sequence[OptionGroup]) -> int:
    """What the cheapest options that the groups allow add to a price, or take off it."""
    lowest = 0
    for group in groups:
        deltas = [option.price_delta_minor + lowest_delta_minor(option.groups) for option in group.options]
        delta = min(deltas, default=0)
        lowest += delta * (group.max_choices if delta < 0 else group.min_choices)
    return lowest


def group_errors(path: str, groups: Sequence[OptionGroup], vat_codes: frozenset[str]) -> Iterator[FieldError]:
    """Every rule that an item's groups break; they stand at ``path``."""
    if len(groups) > MAX_OPTION_GROUPS:
        yield FieldError(path, "too_many", f"at most {MAX_OPTION_GROUPS}")
    ids = [*(each.id for each in every_group(groups)), *(each.id for each in every_option(groups))]
    if len(set(ids)) != len(ids):
        yield FieldError(path, "repeated", "each group and option has an id of its own")
    yield from repeated_names(path, [group.name for group in groups])
    for index, group in enumerate(groups):
        at = f"{path}[{index}]"
        yield from _group_errors(at, group, vat_codes)
        yield from _size_errors(at, index, group)
        yield from _slot_errors(at, group, groups[:index])
        for number, option in enumerate(group.options):
            yield from _nested_errors(f"{at}.options[{number}].option_groups", option.groups, vat_codes)


def allergen_errors(path: str, contains: Sequence[int], may_contain: Sequence[int]) -> Iterator[FieldError]:
    """What is wrong with the allergens of the food at ``path``."""
    for name, numbers in (("allergens", contains), ("may_contain", may_contain)):
        if len(set(numbers)) != len(numbers):
            yield FieldError(f"{path}.{name}", "repeated", "each allergen once")
    if set(contains) & set(may_contain):
        yield FieldError(f"{path}.may_contain", "contained", "what it contains it need not say again")


def _nested_errors(
    path: str, groups: Sequence[OptionGroup], vat_codes: frozenset[str]
) -> Iterator[FieldError]:
    if len(groups) > MAX_NESTED_GROUPS:
        yield FieldError(path, "too_many", f"at most {MAX_NESTED_GROUPS}")
    yield from repeated_names(path, [group.name for group in groups])
    for index, group in enumerate(groups):
        at = f"{path}[{index}]"
        yield from _group_errors(at, group, vat_codes)
        if group.is_size:
            yield FieldError(f"{at}.is_size", "nested", "a size is asked on the first level")
        if group.is_slot or group.ancillary_of is not None:
            yield FieldError(f"{at}.options", "nested", "components are chosen on the first level")
        if any(option.groups for option in group.options):
            yield FieldError(f"{at}.options", "too_deep", "options are two levels deep at most")


def _size_errors(path: str, index: int, group: OptionGroup) -> Iterator[FieldError]:
    if not group.is_size:
        return
    if index > 0:
        yield FieldError(f"{path}.is_size", "not_first", "the size is the first group, and the only one")
    if (group.min_choices, group.max_choices) != (1, 1):
        yield FieldError(f"{path}.is_size", "not_one", "exactly one size is chosen: min and max are 1")
    if group.is_slot:
        yield FieldError(f"{path}.is_size", "slot", "a component is no size")


def _slot_errors(path: str, group: OptionGroup, before: Sequence[OptionGroup]) -> Iterator[FieldError]:
    if group.is_slot and any(option.item_id is None for option in group.options):
        yield FieldError(f"{path}.options", "mixed", "all options of a group are items, or none is")
    for index, option in enumerate(group.options):
        if option.item_id is not None and _has_own_facts(option):
            at = f"{path}.options[{index}].item_id"
            yield FieldError(at, "own_facts", "VAT class, stock and allergens are those of the item")
    if group.ancillary_of is None:
        return
    main = next((other for other in before if other.id == group.ancillary_of), None)
    if main is None or not group.is_slot or not main.is_slot or main.ancillary_of is not None:
        yield FieldError(
            f"{path}.ancillary_of", "no_main", "a group of components before it, ancillary to none"
        )


def _group_errors(path: str, group: OptionGroup, vat_codes: frozenset[str]) -> Iterator[FieldError]:
    yield from name_errors(f"{path}.name", group.name)
    if not 0 <= group.min_choices <= MAX_CHOICES:
        yield FieldError(f"{path}.min_choices", "out_of_range", f"0 to {MAX_CHOICES}")
    if not 1 <= group.max_choices <= MAX_CHOICES:
        yield FieldError(f"{path}.max_choices", "out_of_range", f"1 to {MAX_CHOICES}")
    if group.min_choices > group.max_choices:
        yield FieldError(f"{path}.min_choices", "more_than_max", "not more than max_choices")
    if not 1 <= len(group.options) <= MAX_OPTIONS_PER_GROUP:
        yield FieldError(f"{path}.options", "out_of_range", f"1 to {MAX_OPTIONS_PER_GROUP} options")
    yield from repeated_names(f"{path}.options", [option.name for option in group.options])
    for index, option in enumerate(group.options):
        yield from _option_errors(f"{path}.options[{index}]", option, vat_codes)


def _option_errors(path: str, option: Option, vat_codes: frozenset[str]) -> Iterator[FieldError]:
    yield from name_errors(f"{path}.name", option.name)
    if abs(option.price_delta_minor) > MAX_DELTA_MINOR:
        yield FieldError(f"{path}.price_delta_minor", "out_of_range", f"up to {MAX_DELTA_MINOR}")
    yield from allergen_errors(path, option.allergens, option.may_contain)
    if option.vat_class and option.vat_class not in vat_codes:
        yield FieldError(f"{path}.vat_class", "unknown_vat_class", f"one of {', '.join(sorted(vat_codes))}")
    if option.stock_use is not None and not 1 <= option.stock_use.quantity <= MAX_STOCK_USE:
        yield FieldError(f"{path}.stock_use.quantity", "out_of_range", f"1 to {MAX_STOCK_USE}")


def _has_own_facts(option: Option) -> bool:
    return bool(option.vat_class or option.stock_use or option.allergens or option.may_contain)
