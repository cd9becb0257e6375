"""Levels of stock and what orders hold of them.

available = on_hand - reserved. An order reserves when it is placed, takes the goods when it is done, and
gives the reservation back, or wastes the goods, when it is cancelled.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import FieldError
from services.catalog.domain.errors import InsufficientStock


class StockPolicy(StrEnum):
    """Whether an order may reserve more than is available, and whether devices are warned of that. ``REFUSE``
    is "block" in the contract.
    """

    REFUSE = "refuse"
    WARN = "warn"
    ALLOW = "allow"


class AvailabilityCause(StrEnum):
    """Why an item can be ordered again, or no longer."""

    TAKEN_OFF = "taken_off"
    PUT_BACK = "put_back"
    OUT_OF_STOCK = "out_of_stock"
    RESTOCKED = "restocked"
    OPTIONS = "options"
    """It is sold as before, and one of its options can be had again, or no longer."""

    @property
    def is_back(self) -> bool:
        """Whether it can be ordered again."""
        return self in {AvailabilityCause.PUT_BACK, AvailabilityCause.RESTOCKED, AvailabilityCause.OPTIONS}


@dataclass(frozen=True, slots=True)
class StockLevel:
    """The absolute level of one item; ``version`` grows by one with each change."""

    item_id: UUID
    item_name: str
    on_hand: int
    reserved: int
    reorder_point: int
    version: int
    updated_at: datetime
    policy: StockPolicy = StockPolicy.REFUSE
    tracked: bool = True
    item_available: bool = True
    """Whether nobody took the item off."""
    counted_at: datetime | None = None
    """The newest moment of which somebody said what was on the shelf."""
    unit: str = "piece"
    largest_take: int = 0
    """The most that a recipe takes of an ingredient for one unit of its item; 0: no recipe takes it."""
    is_made: bool = False
    """Its item has a recipe, and is not counted itself."""

    @property
    def available(self) -> int:
        """Units that nobody has reserved; negative after a sale that could not be refused."""
        return self.on_hand - self.reserved

    @property
    def is_low(self) -> bool:
        """At or below the reorder point. No reorder point, no warning."""
        return self.tracked and self.reorder_point > 0 and self.available <= self.reorder_point

    @property
    def is_out(self) -> bool:
        """Nothing can be sold."""
        return self.tracked and self.policy is StockPolicy.REFUSE and self.available <= 0

    @property
    def is_oversold(self) -> bool:
        """More is promised or sold than there is, where that is not meant to happen."""
        return self.tracked and self.policy is not StockPolicy.ALLOW and self.available < 0


@dataclass(frozen=True, slots=True)
class StockLine:
    """A line of an order that takes stock: of its own item, or of an ingredient for ``units`` of its item."""

    line_id: UUID
    item_id: UUID
    quantity: int
    units: int = 0


@dataclass(frozen=True, slots=True)
class StockSetting:
    """How an item is counted. None: as it was."""

    on_hand: int | None = None
    reorder_point: int | None = None
    policy: StockPolicy | None = None


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A level before and after."""

    before: StockLevel
    after: StockLevel

    @property
    def was_counted(self) -> bool:
        """Whether somebody said what is on the shelf, also where it is what was thought."""
        before = (self.before.on_hand, self.before.counted_at)
        return before != (self.after.on_hand, self.after.counted_at)

    @property
    def fell_low(self) -> bool:
        """Crossed the reorder point downwards: once, until it has been above it again."""
        return self.after.is_low and not self.before.is_low

    @property
    def moves_made_items(self) -> bool:
        """Whether items that are made of this ingredient may have run out by it, or be back."""
        scarce = min(self.before.available, self.after.available) < self.after.largest_take
        moved = (self.before.available, self.before.policy) != (self.after.available, self.after.policy)
        return scarce and moved

    @property
    def became_oversold(self) -> bool:
        """Once, until there has been enough again."""
        return self.after.is_oversold and not self.before.is_oversold

    @property
    def availability(self) -> AvailabilityCause | None:
        """OUT_OF_STOCK or RESTOCKED where this change made the difference to whether it can be ordered."""
        if not self.after.item_available:
            return None
        if self.after.is_out == self.before.is_out:
            return None
        return AvailabilityCause.OUT_OF_STOCK if self.after.is_out else AvailabilityCause.RESTOCKED


def demand(lines: Iterable[StockLine]) -> dict[UUID, int]:
    """Units by item, the basket summed."""
    units: dict[UUID, int] = {}
    for line in lines:
        units[line.item_id] = units.get(line.item_id, 0) + line.quantity
    return units


def require_available(levels: Mapping[UUID, StockLevel], units: Mapping[UUID, int]) -> None:
    """Raises InsufficientStock when one item has not as many units as asked; all or none."""
    short = [
        levels[item_id]
        for item_id, count in units.items()
        if count > 0 and count > levels[item_id].available and levels[item_id].policy is StockPolicy.REFUSE
    ]
    if short:
        raise insufficient(short)


def move(
    levels: Mapping[UUID, StockLevel],
    reserved: Mapping[UUID, int],
    taken: Mapping[UUID, int],
    now: datetime,
) -> dict[UUID, StockLevel]:
    """The levels that change when ``reserved`` units more are reserved (negative: given back) and ``taken``
    units leave the shelf. Never refuses: a sale that happened is booked, available may become negative.
    """
    changed = {}
    for item_id in sorted({*reserved, *taken}):
        more, gone = reserved.get(item_id, 0), taken.get(item_id, 0)
        if more or gone:
            level = levels[item_id]
            changed[item_id] = stock_after(
                level, now, on_hand=level.on_hand - gone, reserved=level.reserved + more
            )
    return changed


def count(level: StockLevel, on_hand: int, reorder_point: int, now: datetime) -> StockLevel:
    """The level after somebody counted ``on_hand`` units on the shelf; what is reserved stays reserved."""
    return stock_after(level, now, on_hand=on_hand, reorder_point=reorder_point, counted_at=now)


def set_policy(level: StockLevel, policy: StockPolicy, reorder_point: int, now: datetime) -> StockLevel:
    """The level under other rules; as it was where they are its own."""
    if (level.policy, level.reorder_point) == (policy, reorder_point):
        return level
    return replace(stock_after(level, now, reorder_point=reorder_point), policy=policy)


def begin_tracking(level: StockLevel, setting: StockSetting, now: datetime) -> StockLevel:
    """The level of an item that is counted from now on, or is counted under new settings."""
    on_hand = level.on_hand if setting.on_hand is None else setting.on_hand
    counted_at = level.counted_at if setting.on_hand is None else now
    changed = stock_after(
        level, now, on_hand=on_hand, reorder_point=setting.reorder_point, counted_at=counted_at
    )
    return replace(changed, policy=setting.policy or level.policy, tracked=True)


def end_tracking(level: StockLevel, now: datetime) -> StockLevel:
    """The level of an item that is counted no longer; the figures stay."""
    return replace(stock_after(level, now), tracked=False)


def stock_after(
    level: StockLevel,
    now: datetime,
    *,
    on_hand: int | None = None,
    reserved: int | None = None,
    reorder_point: int | None = None,
    counted_at: datetime | None = None,
) -> StockLevel:
    """The next version of a level; what is not given stays. Raises ValueError where more would be given back
    than is reserved.
    """
    changed = replace(
        level,
        on_hand=level.on_hand if on_hand is None else on_hand,
        reserved=level.reserved if reserved is None else reserved,
        reorder_point=level.reorder_point if reorder_point is None else reorder_point,
        counted_at=counted_at or level.counted_at,
        version=level.version + 1,
        updated_at=now,
    )
    if changed.reserved < 0:
        raise ValueError(f"more given back than reserved of {level.item_id}")
    return changed


def insufficient(short: Sequence[StockLevel]) -> InsufficientStock:
    """The refusal of a basket for want of these."""
    names = ", ".join(level.item_name for level in short)
    return InsufficientStock(
        f"Not enough in stock: {names}.",
        metadata={str(level.item_id): str(level.available) for level in short},
        fields=[
            FieldError("lines", "insufficient_stock", f"{level.item_name}: {level.available} available")
            for level in short
        ],
    )
