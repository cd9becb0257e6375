"""The menu as an order sees it: prices, rates, hours of sale, how options may be chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

MINUTES_PER_HOUR = 60


class OrderType(StrEnum):
    """How goods leave the restaurant; decides the VAT rate and the service charge."""

    EAT_IN = "eat_in"
    TAKEAWAY = "takeaway"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Window:
    """Local times of sale, minutes after midnight. No weekdays (0 = Monday): every day.

    May run over midnight.
    """

    weekdays: frozenset[int]
    from_minutes: int
    until_minutes: int

    def holds(self, local: datetime) -> bool:
        """Whether the local time lies in it."""
        return self.opened_on(local) is not None

    def opened_on(self, local: datetime) -> date | None:
        """The day on which the window opened that the local time lies in, the day before for what is after
        midnight; None where it lies in none.
        """
        minute = local.hour * MINUTES_PER_HOUR + local.minute
        day = local.date()
        if minute < self.from_minutes:
            over_midnight = self.until_minutes <= self.from_minutes and minute < self.until_minutes
            return self._open_on(day - timedelta(days=1)) if over_midnight else None
        closed = self.from_minutes < self.until_minutes <= minute
        return None if closed else self._open_on(day)

    def _open_on(self, day: date) -> date | None:
        return day if not self.weekdays or day.weekday() in self.weekdays else None


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
    preparation_minutes: int = 0
    """0: as long as its station has for a ticket."""

    def on_sale(self, local: datetime) -> bool:
        """Not taken off, and in one of its windows if it has any."""
        return self.available and (not self.windows or any(window.holds(local) for window in self.windows))


@dataclass(frozen=True, slots=True)
class Menu:
    """All items and VAT classes of one version; rates of a class are sorted, oldest first."""

    version: int
    currency_code: str
    items: Mapping[UUID, Item] = field(default_factory=dict)
    vat_classes: Mapping[str, tuple[VatRate, ...]] = field(default_factory=dict)

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
