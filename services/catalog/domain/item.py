"""An item of a menu with its options, and which items are possible."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.errors import FieldError
from services.catalog.domain.errors import BarcodeTaken, MenuTooLarge, PluTaken
from services.catalog.domain.item_number import barcode_errors, plu_errors
from services.catalog.domain.label import (
    name_errors,
    name_key,
    position_errors,
    refuse,
    repeated_names,
)
from services.catalog.domain.window import AvailabilityWindow, window_errors

MAX_DESCRIPTION_CHARACTERS = 1_000
MAX_PRICE_MINOR = 100_000_000
MAX_OPTION_GROUPS = 50
MAX_OPTIONS_PER_GROUP = 100
MAX_CHOICES = 100
MAX_WINDOWS = 50
MAX_ITEM_BYTES = 60_000
"""As the wire carries it. An event that holds one item stays well below 100 KB."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice; ``price_delta_minor`` may be negative; ``allergens`` come on top of the item's."""

    id: UUID
    name: str
    price_delta_minor: int = 0
    available: bool = True
    allergens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Choices of which a guest takes ``min_choices`` to ``max_choices``, quantities counted."""

    id: UUID
    name: str
    min_choices: int
    max_choices: int
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """``price_minor`` in the restaurant's currency; ``available`` is False while somebody took it off ("86");
    ``allergens`` are numbers of the contract's enum; ``barcode`` (in its one form) and ``plu`` are "" where
    it has none; ``version`` is the menu version that last changed it."""

    id: UUID
    category_id: UUID
    name: str
    price_minor: int
    vat_class: str
    description: str = ""
    allergens: tuple[int, ...] = ()
    available: bool = True
    windows: tuple[AvailabilityWindow, ...] = ()
    option_groups: tuple[OptionGroup, ...] = ()
    stock_tracked: bool = False
    position: int = 0
    version: int = 0
    barcode: str = ""
    plu: str = ""

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)


def check_item(item: Item, vat_codes: frozenset[str]) -> None:
    """Raises InvalidMenu with every rule that the item breaks."""
    refuse(list(item_errors(item, vat_codes)))


def check_numbers(item: Item, others: Sequence[Item]) -> None:
    """Raises BarcodeTaken or PluTaken where another of ``others`` has a number of the item."""
    for other in others:
        if other.id == item.id:
            continue
        if item.barcode and other.barcode == item.barcode:
            raise BarcodeTaken(f"{other.name!r} has the barcode {item.barcode}.")
        if item.plu and other.plu == item.plu:
            raise PluTaken(f"{other.name!r} has the PLU {item.plu}.")


def item_errors(item: Item, vat_codes: frozenset[str]) -> Iterator[FieldError]:
    """Every rule that an item breaks; paths start with ``item.``"""
    yield from name_errors("item.name", item.name)
    yield from position_errors("item", item.position)
    if len(item.description) > MAX_DESCRIPTION_CHARACTERS:
        yield FieldError("item.description", "too_long", f"at most {MAX_DESCRIPTION_CHARACTERS} characters")
    if not 0 <= item.price_minor <= MAX_PRICE_MINOR:
        yield FieldError("item.price_minor", "out_of_range", f"0 to {MAX_PRICE_MINOR}")
    if item.vat_class not in vat_codes:
        yield FieldError("item.vat_class", "unknown_vat_class", f"one of {', '.join(sorted(vat_codes))}")
    yield from barcode_errors("item.barcode", item.barcode)
    yield from plu_errors("item.plu", item.plu)
    if len(set(item.allergens)) != len(item.allergens):
        yield FieldError("item.allergens", "repeated", "each allergen once")
    if len(item.windows) > MAX_WINDOWS:
        yield FieldError("item.windows", "too_many", f"at most {MAX_WINDOWS}")
    for index, window in enumerate(item.windows):
        yield from window_errors(f"item.windows[{index}]", window)
    if len(item.option_groups) > MAX_OPTION_GROUPS:
        yield FieldError("item.option_groups", "too_many", f"at most {MAX_OPTION_GROUPS}")
    yield from repeated_names("item.option_groups", [group.name for group in item.option_groups])
    for index, group in enumerate(item.option_groups):
        yield from _group_errors(f"item.option_groups[{index}]", group)
    if item.price_minor >= 0 > lowest_price_minor(item):
        yield FieldError("item.option_groups", "price_below_zero", "options may not make the price negative")


def _group_errors(path: str, group: OptionGroup) -> Iterator[FieldError]:
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
        yield from name_errors(f"{path}.options[{index}].name", option.name)
        if abs(option.price_delta_minor) > MAX_PRICE_MINOR:
            yield FieldError(
                f"{path}.options[{index}].price_delta_minor", "out_of_range", f"up to {MAX_PRICE_MINOR}"
            )
        if len(set(option.allergens)) != len(option.allergens):
            yield FieldError(f"{path}.options[{index}].allergens", "repeated", "each allergen once")


def lowest_price_minor(item: Item) -> int:
    """What one unit costs with the cheapest options that the groups allow."""
    price = item.price_minor
    for group in item.option_groups:
        delta = min((option.price_delta_minor for option in group.options), default=0)
        price += delta * (group.max_choices if delta < 0 else group.min_choices)
    return price


def check_item_bytes(item: Item, wire_bytes: int) -> None:
    """Raises MenuTooLarge beyond MAX_ITEM_BYTES."""
    if wire_bytes > MAX_ITEM_BYTES:
        raise MenuTooLarge(f"{item.name!r} is too large; shorten its description or option groups.")
