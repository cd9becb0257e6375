"""Movements of stock: what is kept for ever, and of which every level is the sum.

A movement says what came to the shelf or left it (``quantity``) and what orders hold more or less
(``reserved``). Movements are ordered by when they happened, which may be earlier than when they are booked. A
count says what is on the shelf at its moment, whatever was booked before: a movement from before a count that
is heard of after it is followed by its opposite at that count, whose finding had it in it already.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import FieldError
from services.catalog.domain.errors import OccurredAtOutOfRange
from services.catalog.domain.stock import (
    LevelChange,
    StockLevel,
    StockLine,
    StockPolicy,
    insufficient,
    stock_after,
)

BACKDATED_DAYS_MAX = 31
"""How old what somebody tells of the shelf may be."""
CLOCK_AHEAD_MAX = timedelta(minutes=5)
"""A device whose clock is ahead by less means now."""
END_REVISION = 0
"""Of the movement with which a line leaves the shelf: once, whatever its order did before."""
HEARD_LATE = "in a later count already"


class MovementKind(StrEnum):
    """Why a level changed."""

    OPENING = "opening"
    RESERVE = "reserve"
    RELEASE = "release"
    SALE = "sale"
    WASTE = "waste"
    COUNT = "count"
    DELIVERY = "delivery"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of a level; ``revision`` numbers the steps of an order."""

    id: UUID
    item_id: UUID
    kind: MovementKind
    quantity: int
    on_hand_after: int
    occurred_at: datetime
    reserved: int = 0
    order_id: UUID | None = None
    line_id: UUID | None = None
    revision: int = END_REVISION
    reason: str = ""
    actor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BookedMovement:
    """A movement with the name that its item has now."""

    movement: Movement
    item_name: str


@dataclass(frozen=True, slots=True)
class MovementFilter:
    """Which movements are asked for, from ``since`` on and before ``until``; None and () ask for all."""

    item_id: UUID | None = None
    kinds: tuple[MovementKind, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells of the shelf: counted, thrown away or delivered units, and who says so."""

    kind: MovementKind
    quantity: int
    at: datetime
    reason: str = ""
    actor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """What is booked of an item after a moment: units that came or went, and when it was counted next."""

    moved: int = 0
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """Lines of an order that leave the shelf, at what moment; ``counted`` are the next counts of items that
    were counted since: they did not find these goods any more. ``wasted`` left it for nothing, whatever
    became of the others.
    """

    kind: MovementKind
    lines: Sequence[StockLine]
    at: datetime
    counted: Mapping[UUID, datetime]
    wasted: Sequence[StockLine] = ()

    @property
    def missing(self) -> list[StockLine]:
        """Lines whose goods no count has missed yet."""
        return [line for line in (*self.lines, *self.wasted) if line.item_id not in self.counted]


@dataclass(frozen=True, slots=True)
class Held:
    """What an order held before a step and holds after it, by lines."""

    order_id: UUID
    revision: int
    before: Sequence[StockLine]
    after: Sequence[StockLine]


def moment(occurred_at: datetime | None, now: datetime) -> datetime:
    """When something happened that somebody tells of. Raises OccurredAtOutOfRange."""
    if occurred_at is None or now < occurred_at <= now + CLOCK_AHEAD_MAX:
        return now
    if now - timedelta(days=BACKDATED_DAYS_MAX) <= occurred_at <= now:
        return occurred_at
    words = f"at most {BACKDATED_DAYS_MAX} days ago, and not in the future"
    raise OccurredAtOutOfRange(
        f"Say when it happened: {words}.", fields=[FieldError("occurred_at", "out_of_range", words)]
    )


def book_told(
    level: StockLevel, told: Told, since: Since, now: datetime, new_id: Callable[[], UUID]
) -> tuple[StockLevel, list[Movement]]:
    """The level and the movements after what somebody told of the shelf.

    Raises InsufficientStock for more waste than is available under the policy that refuses.
    """
    found = _found(level, told, since)
    if told.kind is MovementKind.WASTE and since.counted_at is None:
        _check_waste(level, told.quantity)
    movement = Movement(
        new_id(),
        level.item_id,
        told.kind,
        found,
        level.on_hand + found,
        told.at,
        reason=told.reason,
        actor_id=told.actor_id,
    )
    if since.counted_at is not None:
        late = _in_later_count(movement, since.counted_at, new_id)
        return stock_after(level, now), [movement, late]
    counted_at = told.at if told.kind is MovementKind.COUNT else level.counted_at
    return stock_after(level, now, on_hand=level.on_hand + found, counted_at=counted_at), [movement]


def counted_movements(changes: Iterable[LevelChange], new_id: Callable[[], UUID]) -> list[Movement]:
    """What a count found more, or less, on the shelf than was thought to be there."""
    return [
        Movement(
            new_id(),
            change.after.item_id,
            MovementKind.COUNT,
            change.after.on_hand - change.before.on_hand,
            change.after.on_hand,
            change.after.updated_at,
        )
        for change in changes
    ]


def order_movements(
    held: Held,
    taken: Taken | None,
    levels: Mapping[UUID, StockLevel],
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[Movement]:
    """What a step of an order moves, by line and item: held more or less, or off the shelf."""
    before, after = _by_line(held.before), _by_line(held.after)
    gone = _by_line((*taken.lines, *taken.wasted)) if taken is not None else {}
    wasted = _by_line(taken.wasted) if taken is not None else {}
    on_hand = {item_id: level.on_hand for item_id, level in levels.items()}
    moved = []
    for line_id, item_id in sorted({*before, *after, *gone}):
        key = (line_id, item_id)
        more = after.get(key, 0) - before.get(key, 0)
        if not more and key not in gone:
            continue
        kind = MovementKind.RESERVE if more > 0 else MovementKind.RELEASE
        movement = Movement(
            new_id(),
            item_id,
            kind,
            0,
            on_hand[item_id],
            now,
            more,
            held.order_id,
            line_id,
            held.revision,
        )
        if taken is None or key not in gone:
            moved.append(movement)
            continue
        on_hand[item_id] -= gone[key]
        movement = replace(
            movement,
            kind=MovementKind.WASTE if key in wasted else taken.kind,
            quantity=-gone[key],
            on_hand_after=on_hand[item_id],
            occurred_at=taken.at,
            revision=END_REVISION,
        )
        moved.append(movement)
        if item_id in taken.counted:
            on_hand[item_id] += gone[key]
            moved.append(_in_later_count(movement, taken.counted[item_id], new_id))
    return moved


def _by_line(lines: Iterable[StockLine]) -> dict[tuple[UUID, UUID], int]:
    units: dict[tuple[UUID, UUID], int] = {}
    for line in lines:
        key = (line.line_id, line.item_id)
        units[key] = units.get(key, 0) + line.quantity
    return units


def _found(level: StockLevel, told: Told, since: Since) -> int:
    """What comes to the shelf, negative: what leaves it."""
    if told.kind is MovementKind.COUNT:
        return told.quantity - (level.on_hand - since.moved)
    return -told.quantity if told.kind is MovementKind.WASTE else told.quantity


def _check_waste(level: StockLevel, quantity: int) -> None:
    if level.policy is StockPolicy.REFUSE and quantity > level.available:
        raise insufficient([level])


def _in_later_count(movement: Movement, counted_at: datetime, new_id: Callable[[], UUID]) -> Movement:
    """The opposite of a movement from before a count that is heard of after it."""
    return replace(
        movement,
        id=new_id(),
        kind=MovementKind.ADJUSTMENT,
        quantity=-movement.quantity,
        reserved=0,
        on_hand_after=movement.on_hand_after - movement.quantity,
        occurred_at=counted_at,
        reason=HEARD_LATE,
    )
