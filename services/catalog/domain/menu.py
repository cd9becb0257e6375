"""What a menu consists of, and which menus are possible."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.errors import AlreadyExists, Conflict, FieldError, NotFound, Stale, Unprocessable

MAX_NAME_CHARACTERS = 120
MAX_DESCRIPTION_CHARACTERS = 1_000
MAX_PRICE_MINOR = 100_000_000
MAX_OPTION_GROUPS = 50
MAX_OPTIONS_PER_GROUP = 100
MAX_CHOICES = 100
MAX_WINDOWS = 50
MAX_POSITION = 1_000_000
MAX_ITEMS_PER_MENU = 3_000
MAX_CATEGORIES_PER_MENU = 500
"""A kitchen station may name up to this many categories."""
MAX_ITEM_BYTES = 60_000
"""As the wire carries it. An event that holds one item stays well below 100 KB."""
MAX_MENU_BYTES = 3_000_000
"""All items together: one answer of the menu stays below gRPC's 4 MB."""
MINUTES_PER_DAY = 24 * 60
DAYS_PER_WEEK = 7


class UnknownItem(NotFound):
    """There is no such item on this restaurant's menu."""


class UnknownCategory(NotFound):
    """There is no such category on this restaurant's menu."""


class InvalidMenu(Unprocessable):
    """The content breaks a rule; ``fields`` says which."""


class MenuTooLarge(Unprocessable):
    """More items, categories or bytes than a menu may have."""


class NameTaken(AlreadyExists):
    """Names are unique without regard to case: categories in a menu, items in a category."""


class CategoryNotEmpty(Conflict):
    """Items are still in it."""


class StaleVersion(Stale):
    """Somebody changed it after the caller read it."""

    def __init__(self, current: int) -> None:
        super().__init__("It was changed in the meantime.", metadata={"current_version": str(current)})


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
class AvailabilityWindow:
    """Local times of sale. Weekdays 0 = Monday, none = every day; over midnight when from > until."""

    weekdays: tuple[int, ...]
    from_minutes: int
    until_minutes: int


@dataclass(frozen=True, slots=True)
class Category:
    """``version`` is the menu version that last changed it."""

    id: UUID
    name: str
    position: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """``price_minor`` in the restaurant's currency; ``available`` is False while somebody took it off ("86");
    ``allergens`` are numbers of the contract's enum; ``version`` is the menu version that last changed it."""

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


@dataclass(frozen=True, slots=True)
class VatRate:
    """From this local date on, in basis points."""

    effective_from: date
    eat_in_bp: int
    takeaway_bp: int


@dataclass(frozen=True, slots=True)
class VatClass:
    """How a kind of goods is taxed, with its history, oldest rate first."""

    code: str
    name: str
    rates: tuple[VatRate, ...]
    version: int = 0


@dataclass(frozen=True, slots=True)
class MenuChange:
    """What one mutation did: everything that changed, whole."""

    categories: tuple[Category, ...] = ()
    items: tuple[Item, ...] = ()
    vat_classes: tuple[VatClass, ...] = ()
    removed_item_ids: tuple[UUID, ...] = ()
    removed_category_ids: tuple[UUID, ...] = ()


def name_key(name: str) -> str:
    """What two names are compared by: compatibility forms, case and blanks do not make a difference."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_version(seen: int, current: int) -> None:
    """Raises StaleVersion unless the caller saw the current version."""
    if seen != current:
        raise StaleVersion(current)


def check_category(category: Category) -> None:
    """Raises InvalidMenu with every rule that the category breaks."""
    _raise(_name_errors("category.name", category.name) + _position_errors("category", category.position))


def check_item(item: Item, vat_codes: frozenset[str]) -> None:
    """Raises InvalidMenu with every rule that the item breaks."""
    _raise(list(item_errors(item, vat_codes)))


def item_errors(item: Item, vat_codes: frozenset[str]) -> Iterator[FieldError]:
    """Every rule that an item breaks; paths start with ``item.``"""
    yield from _name_errors("item.name", item.name)
    yield from _position_errors("item", item.position)
    if len(item.description) > MAX_DESCRIPTION_CHARACTERS:
        yield _error("item.description", "too_long", f"at most {MAX_DESCRIPTION_CHARACTERS} characters")
    if not 0 <= item.price_minor <= MAX_PRICE_MINOR:
        yield _error("item.price_minor", "out_of_range", f"0 to {MAX_PRICE_MINOR}")
    if item.vat_class not in vat_codes:
        yield _error("item.vat_class", "unknown_vat_class", f"one of {', '.join(sorted(vat_codes))}")
    if len(set(item.allergens)) != len(item.allergens):
        yield _error("item.allergens", "repeated", "each allergen once")
    if len(item.windows) > MAX_WINDOWS:
        yield _error("item.windows", "too_many", f"at most {MAX_WINDOWS}")
    for index, window in enumerate(item.windows):
        yield from _window_errors(f"item.windows[{index}]", window)
    if len(item.option_groups) > MAX_OPTION_GROUPS:
        yield _error("item.option_groups", "too_many", f"at most {MAX_OPTION_GROUPS}")
    yield from _repeated("item.option_groups", [group.name for group in item.option_groups])
    for index, group in enumerate(item.option_groups):
        yield from _group_errors(f"item.option_groups[{index}]", group)
    if item.price_minor >= 0 > lowest_price_minor(item):
        yield _error("item.option_groups", "price_below_zero", "options may not make the price negative")


def _group_errors(path: str, group: OptionGroup) -> Iterator[FieldError]:
    yield from _name_errors(f"{path}.name", group.name)
    if not 0 <= group.min_choices <= MAX_CHOICES:
        yield _error(f"{path}.min_choices", "out_of_range", f"0 to {MAX_CHOICES}")
    if not 1 <= group.max_choices <= MAX_CHOICES:
        yield _error(f"{path}.max_choices", "out_of_range", f"1 to {MAX_CHOICES}")
    if group.min_choices > group.max_choices:
        yield _error(f"{path}.min_choices", "more_than_max", "not more than max_choices")
    if not 1 <= len(group.options) <= MAX_OPTIONS_PER_GROUP:
        yield _error(f"{path}.options", "out_of_range", f"1 to {MAX_OPTIONS_PER_GROUP} options")
    yield from _repeated(f"{path}.options", [option.name for option in group.options])
    for index, option in enumerate(group.options):
        yield from _name_errors(f"{path}.options[{index}].name", option.name)
        if abs(option.price_delta_minor) > MAX_PRICE_MINOR:
            yield _error(
                f"{path}.options[{index}].price_delta_minor", "out_of_range", f"up to {MAX_PRICE_MINOR}"
            )
        if len(set(option.allergens)) != len(option.allergens):
            yield _error(f"{path}.options[{index}].allergens", "repeated", "each allergen once")


def lowest_price_minor(item: Item) -> int:
    """What one unit costs with the cheapest options that the groups allow."""
    price = item.price_minor
    for group in item.option_groups:
        delta = min((option.price_delta_minor for option in group.options), default=0)
        price += delta * (group.max_choices if delta < 0 else group.min_choices)
    return price


def _window_errors(path: str, window: AvailabilityWindow) -> Iterator[FieldError]:
    if not 0 <= window.from_minutes < MINUTES_PER_DAY:
        yield _error(f"{path}.from_minutes", "out_of_range", f"0 to {MINUTES_PER_DAY - 1}")
    if not 0 <= window.until_minutes <= MINUTES_PER_DAY:
        yield _error(f"{path}.until_minutes", "out_of_range", f"0 to {MINUTES_PER_DAY}")
    if window.from_minutes == window.until_minutes:
        yield _error(f"{path}.until_minutes", "empty_window", "not the same as from_minutes")
    if any(not 0 <= day < DAYS_PER_WEEK for day in window.weekdays):
        yield _error(f"{path}.weekdays", "out_of_range", "0 (Monday) to 6 (Sunday)")
    if len(set(window.weekdays)) != len(window.weekdays):
        yield _error(f"{path}.weekdays", "repeated", "each day once")


def _name_errors(path: str, name: str) -> list[FieldError]:
    if not name.strip():
        return [_error(path, "required", "a name is needed")]
    if len(name) > MAX_NAME_CHARACTERS:
        return [_error(path, "too_long", f"at most {MAX_NAME_CHARACTERS} characters")]
    if any(unicodedata.category(character) == "Cc" for character in name):
        return [_error(path, "control_character", "no control characters")]
    return []


def _position_errors(path: str, position: int) -> list[FieldError]:
    if 0 <= position <= MAX_POSITION:
        return []
    return [_error(f"{path}.position", "out_of_range", f"0 to {MAX_POSITION}")]


def _repeated(path: str, names: Sequence[str]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        key = name_key(name)
        if key in seen:
            yield _error(f"{path}[{index}].name", "repeated", f"{name!r} is there twice")
        seen.add(key)


def _error(field: str, code: str, detail: str) -> FieldError:
    return FieldError(field, code, detail)


def _raise(errors: Sequence[FieldError]) -> None:
    if errors:
        first = errors[0]
        raise InvalidMenu(f"{first.field}: {first.detail}", fields=errors)
