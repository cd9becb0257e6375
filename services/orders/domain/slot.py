"""Slots: the times that a restaurant promises, and how much of each order type it takes for one.

Slots are counted from the time at which a day opens, so that they are all of one length also in the nights in
which clocks are put on or back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.orders.domain.hours import MINUTES_PER_HOUR
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Change
from services.orders.domain.order.order import Order
from services.orders.domain.promise_errors import PromiseRefused, SlotFull

DAY_MINUTES = 24 * MINUTES_PER_HOUR
DAYS_AHEAD_MAX = 60
NEXT_SHOWN = 3
"""Free slots that a refusal names."""
HOLDING = frozenset({Lifecycle.VALIDATED, Lifecycle.CANCEL_PENDING, Lifecycle.DONE, Lifecycle.INVOICED})
"""A promised order has its place in these."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many orders of one type, and units on them, a slot takes; 0: as many as there are."""

    orders: int = 0
    items: int = 0


@dataclass(frozen=True, slots=True)
class SlotSettings:
    """When a restaurant promises orders (minutes after midnight; the same: all day), and how many."""

    limited: bool = False
    slot_minutes: int = 15
    from_minutes: int = 0
    until_minutes: int = 0
    days_ahead: int = 7
    limits: Mapping[OrderType, Limit] = field(default_factory=dict)
    fire_together: bool = False
    version: int = 0

    @property
    def length(self) -> timedelta:
        """Of one slot."""
        return timedelta(minutes=self.slot_minutes)

    @property
    def open_for(self) -> timedelta:
        """From the first slot of a day to the end of the last."""
        return timedelta(minutes=(self.until_minutes - self.from_minutes) % DAY_MINUTES or DAY_MINUTES)

    def opening(self, day: date, zone: ZoneInfo) -> datetime:
        """When the first slot of a local day begins."""
        return datetime.combine(day, time(*divmod(self.from_minutes, MINUTES_PER_HOUR)), zone)

    def limit(self, order_type: OrderType) -> Limit:
        """Nothing where limits do not count."""
        return self.limits.get(order_type, Limit()) if self.limited else Limit()


class Taken(NamedTuple):
    """What was promised for a slot."""

    orders: int = 0
    items: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be promised, what was, and what is left (None: not limited)."""

    starts_at: datetime
    order_type: OrderType
    taken: Taken
    limit: Limit
    in_time: bool

    @property
    def orders_left(self) -> int | None:
        """None: not limited."""
        return max(0, self.limit.orders - self.taken.orders) if self.limit.orders else None

    @property
    def items_left(self) -> int | None:
        """None: not limited."""
        return max(0, self.limit.items - self.taken.items) if self.limit.items else None

    @property
    def free(self) -> bool:
        """Whether one order more may be promised for it."""
        return self.in_time and self.orders_left != 0 and self.items_left != 0


class Place(NamedTuple):
    """What an order holds of a slot."""

    starts_at: datetime
    order_type: OrderType
    items: int


def starts_of(settings: SlotSettings, day: date, zone: ZoneInfo) -> list[datetime]:
    """When the slots of a day begin."""
    opens = settings.opening(day, zone).astimezone(_UTC)
    return [opens + settings.length * index for index in range(settings.open_for // settings.length)]


def slot_of(settings: SlotSettings, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the slot begins that an instant lies in; None: nothing is promised for it."""
    local = at.astimezone(zone).date()
    for day in (local, local - timedelta(days=1)):
        opens = settings.opening(day, zone).astimezone(_UTC)
        if opens <= at < opens + settings.open_for // settings.length * settings.length:
            return opens + (at - opens) // settings.length * settings.length
    return None


def promised_slot(
    settings: SlotSettings, at: datetime, zone: ZoneInfo, now: datetime, lead: timedelta, days: int
) -> datetime:
    """The slot of a promise for ``at``, ``days`` after the business day that it is.

    Raises PromiseRefused (PROMISE_TOO_SOON, PROMISE_TOO_FAR, PROMISE_CLOSED).
    """
    if at < now + lead:
        minutes = -(-lead // timedelta(minutes=1))
        raise PromiseRefused(
            "PROMISE_TOO_SOON",
            f"The kitchen takes {minutes} minutes: promise a later time, or none at all.",
            earliest=_written(now + lead),
        )
    if days > settings.days_ahead:
        raise PromiseRefused(
            "PROMISE_TOO_FAR",
            f"Orders are taken {settings.days_ahead} days ahead.",
            days_ahead=str(settings.days_ahead),
        )
    slot = slot_of(settings, at, zone)
    if slot is None:
        raise PromiseRefused(
            "PROMISE_CLOSED",
            "Nothing is promised for that time of the day: name one of the slots.",
            from_minutes=str(settings.from_minutes),
            until_minutes=str(settings.until_minutes),
        )
    return slot


def refuse_far(at: datetime, now: datetime) -> None:
    """For what is priced as of then: no restaurant promises that far, or the past. Raises PromiseRefused
    (PROMISE_TOO_FAR, PROMISE_TOO_SOON).
    """
    if at > now + timedelta(days=DAYS_AHEAD_MAX + 2):
        raise PromiseRefused("PROMISE_TOO_FAR", "No order is taken that far ahead.")
    if at < now - timedelta(days=1):
        raise PromiseRefused("PROMISE_TOO_SOON", "That time is over.")


def place_of(order: Order | None) -> Place | None:
    """None where it holds none."""
    if order is None or order.promise is None or order.promise.slot_at is None:
        return None
    if order.lifecycle not in HOLDING:
        return None
    return Place(order.promise.slot_at, order.order_type, units_of(order))


def units_of(order: Order) -> int:
    """Of its lines, as they are sold."""
    return sum(line.quantity for line in order.lines if not line.voided)


def moves(change: Change) -> list[tuple[datetime, OrderType, Taken]]:
    """What a change of an order adds to slots, and takes from them, in the order of locks."""
    before, after = place_of(change.before), place_of(change.order)
    if before == after:
        return []
    found: dict[tuple[datetime, OrderType], Taken] = {}
    for place, sign in ((before, -1), (after, 1)):
        if place is not None:
            key = (place.starts_at, place.order_type)
            known = found.get(key, Taken())
            found[key] = Taken(known.orders + sign, known.items + sign * place.items)
    return [(*key, found[key]) for key in sorted(found)]


def is_over(limit: Limit, taken: Taken, gained: Taken) -> bool:
    """Whether a slot that has gained that has more than it takes. What grows in nothing is never refused."""
    return (0 < limit.orders < taken.orders and gained.orders > 0) or (
        0 < limit.items < taken.items and gained.items > 0
    )


def full(starts_at: datetime, free: Sequence[Slot]) -> SlotFull:
    """The refusal, with the next ones that are free."""
    following = [_written(one.starts_at) for one in free if one.starts_at > starts_at and one.free]
    return SlotFull(
        "The kitchen cannot take more for that time: promise another one.",
        metadata={"slot": _written(starts_at), "next": ",".join(following[:NEXT_SHOWN])},
    )


def _written(at: datetime) -> str:
    return at.astimezone(_UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_UTC = ZoneInfo("UTC")
