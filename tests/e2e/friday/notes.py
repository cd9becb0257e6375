"""What was sold, as the devices that sold it noted it: the only thing that the reckoning goes by."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.friday.carte import PROMOTED, Dish, Picks, stations_of, takes

Json = dict[str, Any]


@dataclass
class Line:
    """A line of an order. ``fired``: units that the kitchen was given; ``fresh_voids``: taken off before."""

    id: str
    dish: Dish
    picks: Picks
    quantity: int
    seat: int = 0
    course: str = ""
    note: str = ""
    held: bool = False
    fired: int = 0
    fresh_voids: int = 0
    late_voids: int = 0
    cooked_as: str = ""
    """The order type that it was fired for, where its order has another one now."""
    home: str = ""
    """The order that it came with, where that is part of another one now."""

    @property
    def left(self) -> int:
        """Units that are paid for."""
        return self.quantity - self.fresh_voids - self.late_voids

    @property
    def promoted(self) -> bool:
        """Whether the promotion of the evening is for it."""
        return self.dish.category == PROMOTED


@dataclass(frozen=True)
class Off:
    """A discount that somebody gave: of a line where it names one. ``bp`` 0: an amount."""

    id: str
    bp: int = 0
    amount: int = 0
    line_id: str = ""
    is_comp: bool = False
    home: str = ""
    """The order that it was given off as a whole, where others are merged with that."""


@dataclass(frozen=True)
class Paid:
    """Money that a till took. ``order_id``: for which order."""

    till: str
    order_id: str
    amount: int
    tip: int


@dataclass
class Visit:
    """One order, from its first line to its end."""

    id: str
    order_type: str
    table: str = ""
    lines: list[Line] = field(default_factory=list)
    off: list[Off] = field(default_factory=list)
    note: str = ""
    allergens: tuple[str, ...] = ()
    cancelled: bool = False
    version: int = 0
    came_from: str = ""
    """The order whose guests sat down elsewhere with some of its lines, where this one began so."""
    family: str = ""
    merged_into: str = ""
    gone: dict[str, tuple[Line, str]] = field(default_factory=dict)
    """Lines that were here, and the order that has them now."""
    service_penny: int = 0
    vat_pennies: Counter[int] = field(default_factory=Counter)
    """By rate: what this order keeps of pennies that bills would be off by, put together in another way."""

    @property
    def party(self) -> str:
        """The same for all orders between which lines went."""
        return self.family or self.id

    def line(self, line_id: str) -> Line:
        """The line of this id."""
        return next(line for line in self.lines if line.id == line_id)

    def fire(self, course: str = "") -> None:
        """What was held goes to the kitchen."""
        for line in self.lines:
            if line.held and (not course or line.course == course):
                line.held, line.fired = False, line.left

    def cooked(self) -> Counter[tuple[str, str, str]]:
        """Units that the kitchen was given, by party, station and dish."""
        found: Counter[tuple[str, str, str]] = Counter()
        for line in self.lines:
            for station in stations_of(line.dish, line.picks, line.cooked_as or self.order_type):
                found[(self.party, station, line.dish.name)] += line.fired
        return +found

    def stopped(self) -> Counter[tuple[str, str, str]]:
        """Units of these that were not wanted any more at some time."""
        found: Counter[tuple[str, str, str]] = Counter()
        for line in self.lines:
            for station in stations_of(line.dish, line.picks, line.cooked_as or self.order_type):
                off = line.fired if self.cancelled else line.late_voids
                found[(self.party, station, line.dish.name)] += off
        return found

    def used(self) -> Counter[str]:
        """What the order takes from the shelf: what was sold, and what the kitchen had in vain."""
        found: Counter[str] = Counter()
        for line in [] if self.cancelled else self.lines:
            for name, units in takes(line.dish, line.picks).items():
                found[name] += units * (line.left + line.late_voids)
        return found


@dataclass
class Notes:
    """Everything that the devices of the house noted in the evening."""

    visits: list[Visit] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    drawer: Counter[str] = field(default_factory=Counter)
    """Cash that went in or out beside sales, by till."""
    shelf: Counter[str] = field(default_factory=Counter)
    """What deliveries brought, less what was thrown away."""
    wrong: list[str] = field(default_factory=list)
    """Answers that were not what the notes said they must be."""
    done: Counter[str] = field(default_factory=Counter)
    """How often each kind of thing was done."""

    def check(self, holds: bool, what: str) -> None:
        """Notes what does not hold."""
        if not holds:
            self.wrong.append(what)
