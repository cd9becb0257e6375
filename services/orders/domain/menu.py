"""The menu as an order sees it: prices, rates, hours of sale, how options may be chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.orders.domain.hours import TimedMenu, Window, first_sale


class OrderType(StrEnum):
    """How goods leave the restaurant; decides the VAT rate and the service charge."""

    EAT_IN = "eat_in"
    TAKEAWAY = "takeaway"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class VatRate:
    """A pair of rates in basis points from a local date on."""

    effective_from: date
    eat_in_bp: int
    takeaway_bp: int


@dataclass(frozen=True, slots=True)
class Option:
    """One choice and what it adds: to the price of one unit, and to the allergens of its item.

    ``vat_class`` "" is that of what it is chosen for. It ``takes`` units of the item ``takes_of`` from the
    stock. ``groups`` are asked once it is chosen. ``item_id``: the item that it is, as a component.
    """

    id: UUID
    name: str
    price_delta_minor: int
    available: bool
    allergens: tuple[int, ...] = ()
    may_contain: tuple[int, ...] = ()
    vat_class: str = ""
    takes: int = 0
    takes_of: UUID | None = None
    groups: "tuple[OptionGroup, ...]" = ()
    item_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """How many of its options a guest must and may choose, quantities counted; of the second level: for each
    of the option that opens it. The VAT of components that are ``ancillary_of`` a group follows that of its.
    """

    id: UUID
    name: str
    min_choices: int
    max_choices: int
    options: tuple[Option, ...]
    is_size: bool = False
    ancillary_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on sale."""

    id: UUID
    category_id: UUID
    name: str
    price_minor: int
    vat_class: str
    allergens: tuple[int, ...]
    available: bool
    windows: tuple[Window, ...]
    groups: tuple[OptionGroup, ...]
    stock_tracked: bool
    version: int
    may_contain: tuple[int, ...] = ()
    returns_at: datetime | None = None
    """When it comes back by itself, once it was taken off until then."""
    preparation_minutes: int = 0
    """0: as long as its station has for a ticket."""


@dataclass(frozen=True, slots=True)
class Menu:
    """All items and VAT classes of one version; rates of a class are sorted, oldest first."""

    version: int
    currency_code: str
    items: Mapping[UUID, Item] = field(default_factory=dict)
    vat_classes: Mapping[str, tuple[VatRate, ...]] = field(default_factory=dict)
    timed_menus: tuple[TimedMenu, ...] = ()

    def on_sale(self, item: Item, local: datetime) -> bool:
        """Not taken off, in one of its windows if it has any, and on a menu that is served if it is on such.

        ``local`` is an instant in the restaurant's time zone.
        """
        return item.available and self._in_hours(item, local)

    def back_at(self, item: Item, local: datetime) -> datetime | None:
        """When an item that is not on sale at ``local`` is sold again, in the same time zone, as far as
        anybody can know; None where nobody can.
        """
        if not item.available:
            if item.returns_at is None:
                return None
            back = item.returns_at.astimezone(local.tzinfo)
            if self._in_hours(item, back):
                return back
            local = back
        windows = [*item.windows, *(window for menu in self._menus_of(item) for window in menu.open_windows)]
        return first_sale(windows, local, lambda at: self._in_hours(item, at))

    def _in_hours(self, item: Item, local: datetime) -> bool:
        if item.windows and not any(window.holds(local) for window in item.windows):
            return False
        menus = self._menus_of(item) if self.timed_menus else ()
        return not menus or any(menu.serves(local) for menu in menus)

    def _menus_of(self, item: Item) -> list[TimedMenu]:
        return [each for each in self.timed_menus if each.has(item.id, item.category_id)]

    def vat_rate(self, vat_class: str, day: date) -> VatRate | None:
        """The newest rates of the class that are in force on the local ``day``; None where there are none.

        Eat-in is catering and has its own rate; takeaway and delivery share the other (VAT Notice 709/1).
        """
        in_force = [rate for rate in self.vat_classes.get(vat_class, ()) if rate.effective_from <= day]
        return in_force[-1] if in_force else None


@dataclass(frozen=True, slots=True)
class MenuNews:
    """What catalog answers of a menu: all of it, or what changed since the version that was named; in its
    own encoding."""

    version: int
    is_whole: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class MenuPart:
    """One part of a menu change that waits for the others, in catalog's own encoding."""

    version: int
    part: int
    parts: int
    previous_version: int
    payload: bytes


def following(version: int, parts: Iterable[MenuPart]) -> list[MenuPart]:
    """The parts of the changes, all of each, that lead on from ``version`` without a gap."""
    by_version: dict[int, list[MenuPart]] = {}
    for part in parts:
        by_version.setdefault(part.version, []).append(part)
    found: list[MenuPart] = []
    for number in sorted(by_version):
        change = by_version[number]
        if change[0].previous_version == version and len(change) == change[0].parts:
            found += change
            version = number
    return found
