"""An item of a menu, and which items are possible."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.errors import FieldError
from services.catalog.domain.errors import BarcodeTaken, ItemInUse, MenuTooLarge, PluTaken
from services.catalog.domain.image import Image
from services.catalog.domain.item_number import barcode_errors, plu_errors
from services.catalog.domain.label import name_errors, name_key, position_errors, refuse
from services.catalog.domain.option import (
    OptionGroup,
    allergen_errors,
    every_option,
    group_errors,
    lowest_delta_minor,
)
from services.catalog.domain.window import AvailabilityWindow, window_errors

MAX_DESCRIPTION_CHARACTERS = 1_000
MAX_PRICE_MINOR = 100_000_000
MAX_WINDOWS = 50
MAX_PREPARATION_MINUTES = 240
SHOWN_HOLDERS = 5
"""Items that a refusal names."""
MAX_ITEM_BYTES = 60_000
"""As the wire carries it. An event that holds one item stays well below 100 KB."""


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
    may_contain: tuple[int, ...] = ()
    returns_at: datetime | None = None
    """When it is put back by itself; only of an item that was taken off."""
    preparation_minutes: int = 0
    """0: as long as its station has for a ticket."""
    image: Image | None = None

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)

    @property
    def is_combo(self) -> bool:
        """Whether other items are its components."""
        return any(group.is_slot for group in self.option_groups)


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
    if not 0 <= item.preparation_minutes <= MAX_PREPARATION_MINUTES:
        yield FieldError(
            "item.preparation_minutes", "out_of_range", f"1 to {MAX_PREPARATION_MINUTES}, or none"
        )
    yield from barcode_errors("item.barcode", item.barcode)
    yield from plu_errors("item.plu", item.plu)
    yield from allergen_errors("item", item.allergens, item.may_contain)
    if len(item.windows) > MAX_WINDOWS:
        yield FieldError("item.windows", "too_many", f"at most {MAX_WINDOWS}")
    for index, window in enumerate(item.windows):
        yield from window_errors(f"item.windows[{index}]", window)
    yield from group_errors("item.option_groups", item.option_groups, vat_codes)
    if item.price_minor >= 0 > lowest_price_minor(item):
        yield FieldError("item.option_groups", "price_below_zero", "options may not make the price negative")


def lowest_price_minor(item: Item) -> int:
    """What one unit costs with the cheapest options that the groups allow."""
    return item.price_minor + lowest_delta_minor(item.option_groups)


def linked_ids(item: Item) -> frozenset[UUID]:
    """The items that its options are, or take stock of."""
    return frozenset(each for option in every_option(item.option_groups) for each in option.links)


def link_errors(
    item: Item, linked: Mapping[UUID, Item], holders: Sequence[Item] = ()
) -> Iterator[FieldError]:
    """What is wrong with the items that the options name. ``linked``: those of them that are on the menu;
    ``holders``: the items whose options name this one.
    """
    path = "item.option_groups"
    for option in every_option(item.option_groups):
        if any(item_id not in linked for item_id in option.links):
            yield FieldError(path, "unknown_item", f"{option.name!r} names an item that is not on the menu")
        component = None if option.item_id is None else linked.get(option.item_id)
        if component is not None and (component.is_combo or component.id == item.id):
            yield FieldError(path, "combo", f"{component.name!r} has components: it cannot be one itself")
    combo = next((each for each in holders if item.is_combo and item.id in component_ids(each)), None)
    if combo is not None:
        yield FieldError(path, "combo", f"it is a component of {combo.name!r}: it can have none itself")


def component_ids(item: Item) -> frozenset[UUID]:
    """The items that are its components, as a combo."""
    return frozenset(
        option.item_id for option in every_option(item.option_groups) if option.item_id is not None
    )


def check_unused(holders: Sequence[Item]) -> None:
    """Raises ItemInUse where options of ``holders``, other items, are the item or take of its stock."""
    if holders:
        names = ", ".join(repr(each.name) for each in holders[:SHOWN_HOLDERS])
        raise ItemInUse(f"Options of {names} need it: change them first.")


def check_item_bytes(item: Item, wire_bytes: int) -> None:
    """Raises MenuTooLarge beyond MAX_ITEM_BYTES."""
    if wire_bytes > MAX_ITEM_BYTES:
        raise MenuTooLarge(f"{item.name!r} is too large; shorten its description or option groups.")
