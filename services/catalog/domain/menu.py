"""A restaurant's menu as a whole: what changes in it, how large it may be, what of it is on sale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.catalog.domain.category import Category
from services.catalog.domain.errors import MenuTooLarge, StaleVersion
from services.catalog.domain.item import Item
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.domain.stock import StockLevel
from services.catalog.domain.timed_menu import TimedMenu, menus_of
from services.catalog.domain.vat import VatClass
from services.catalog.domain.window import TIMES_TOLD, Hours, SaleTime, changes_at, sale_times, zone_named

MAX_ITEMS_PER_MENU = 5_000
MAX_CATEGORIES_PER_MENU = 500
"""A kitchen station may name up to this many categories."""
MAX_MENU_BYTES = 3_000_000
"""All items together: one answer of the menu stays below gRPC's 4 MB."""


@dataclass(frozen=True, slots=True)
class MenuChange:
    """What one mutation did: everything that changed, whole."""

    categories: tuple[Category, ...] = ()
    items: tuple[Item, ...] = ()
    vat_classes: tuple[VatClass, ...] = ()
    removed_item_ids: tuple[UUID, ...] = ()
    removed_category_ids: tuple[UUID, ...] = ()
    timed_menus: tuple[TimedMenu, ...] = ()
    removed_timed_menu_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class MenuSize:
    """What counts against the limits of a menu."""

    categories: int
    items: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What is no longer on the menu, and since which version."""

    id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """Changes with anything an answer of the menu is made of, but the hour."""

    menu: int
    restaurant: int
    stock: str


@dataclass(frozen=True, slots=True)
class MenuState:
    """A restaurant's menu and stock at one moment, with what is no longer on the menu."""

    restaurant_id: UUID
    stamp: Stamp
    restaurant: RestaurantCopy
    categories: tuple[Category, ...]
    items: Mapping[UUID, Item]
    vat_classes: tuple[VatClass, ...]
    removed_categories: tuple[Removed, ...]
    removed_items: tuple[Removed, ...]
    levels: tuple[StockLevel, ...]
    timed_menus: tuple[TimedMenu, ...] = ()
    removed_timed_menus: tuple[Removed, ...] = ()

    def same_menu(self, other: "MenuState") -> bool:
        """Whether all but the stock is the same."""
        return self.stamp.menu == other.stamp.menu and self.restaurant == other.restaurant

    def categories_since(self, version: int) -> list[Category]:
        """Those that changed after a menu version, in the order of the menu."""
        return sorted((each for each in self.categories if each.version > version), key=_place)

    def items_since(self, version: int) -> list[Item]:
        """Those that changed after a menu version, in the order of the menu."""
        return sorted((each for each in self.items.values() if each.version > version), key=_place)

    def timed_menus_since(self, version: int) -> list[TimedMenu]:
        """Those that changed after a menu version, in their order."""
        return sorted((each for each in self.timed_menus if each.version > version), key=_place)


@dataclass(frozen=True, slots=True)
class OnSale:
    """Which items can be ordered, and until when no window opens or closes; None: for ever. ``hours``: the
    times of sale to come of items that have such times.
    """

    item_ids: Sequence[UUID]
    until: datetime | None
    hours: Mapping[tuple[SaleTime, ...], Sequence[UUID]]


def on_sale(state: MenuState, now: datetime) -> OnSale:
    """What is neither taken off, nor out of stock, nor outside its hours at ``now``, by id."""
    zone = zone_named(state.restaurant.time_zone)
    times: dict[tuple[Hours, tuple[Hours, ...]], tuple[SaleTime, ...] | None] = {}
    hours: dict[tuple[SaleTime, ...], list[UUID]] = {}
    closed = {level.item_id for level in state.levels if level.is_out}
    for item in state.items.values():
        if not item.windows and not state.timed_menus:
            continue
        menus = tuple(each.hours for each in menus_of(item, state.timed_menus))
        key = Hours(item.windows), menus
        if key not in times:
            times[key] = sale_times(*key, zone, now)
        found = times[key]
        if found is not None:
            hours.setdefault(found[:TIMES_TOLD], []).append(item.id)
            if not any(each.holds(now) for each in found):
                closed.add(item.id)
    changes = [change for each in times.values() if (change := changes_at(each, now)) is not None]
    found_ids = sorted(item.id for item in state.items.values() if item.available and item.id not in closed)
    return OnSale(found_ids, min(changes, default=None), hours)


def etag_of(stamp: Stamp, until: datetime | None) -> str:
    """Changes with the menu, the restaurant, a level of stock, or an hour of sale."""
    hour = int(until.timestamp()) if until is not None else 0
    return f"{stamp.menu}-{stamp.restaurant}-{stamp.stock or '0'}-{hour}"


def check_version(seen: int, current: int) -> None:
    """Raises StaleVersion unless the caller saw the current version."""
    if seen != current:
        raise StaleVersion(current)


def check_size(size: MenuSize) -> None:
    """Raises MenuTooLarge for more than a menu may have."""
    if size.items > MAX_ITEMS_PER_MENU or size.categories > MAX_CATEGORIES_PER_MENU:
        raise MenuTooLarge(
            f"A menu has up to {MAX_ITEMS_PER_MENU} items and {MAX_CATEGORIES_PER_MENU} categories."
        )
    if size.bytes > MAX_MENU_BYTES:
        raise MenuTooLarge("The menu is too large; shorten descriptions or option groups.")


def _place(of: Category | Item | TimedMenu) -> tuple[int, str]:
    return of.position, of.name
