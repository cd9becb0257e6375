"""Time cards: when somebody worked.

Source: Square's and Odoo's clocks and their mistakes, as the rules of the trade (B11) have it: instants in
UTC, the restaurant's time zone kept beside them, one open card per worker, a forgotten card closed after 16
hours.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from chassis.errors import Conflict
from services.staff.domain.employee import Employee
from services.staff.domain.restaurant import RestaurantCopy

SHIFT_MAX = timedelta(hours=16)
"""A card that is open longer was forgotten: it counts for this long."""
AUTO_CLOSED = "auto_closed"
"""The flag of a card that the worker did not close; a manager should look at it."""


class EmployeeInactive(Conflict):
    """Who left the restaurant does not start a shift."""


class AlreadyClockedIn(Conflict):
    """The worker's card is open; ``metadata`` names it and says since when."""


class NotClockedIn(Conflict):
    """The worker has no open card."""


@dataclass(frozen=True, slots=True)
class Timecard:
    """One shift of one worker. Instants are UTC; the card is open while ``clocked_out_at`` is None."""

    id: UUID
    employee_id: UUID
    employee_name: str
    clocked_in_at: datetime
    clocked_out_at: datetime | None
    time_zone: str
    business_date: date
    flags: tuple[str, ...]
    version: int

    @property
    def worked_minutes(self) -> int:
        """Whole minutes between the two instants, in UTC, so that a night when the clocks change is paid
        right; 0 while the card is open.
        """
        if self.clocked_out_at is None:
            return 0
        return (self.clocked_out_at - self.clocked_in_at) // timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CardFilter:
    """Which cards: of one worker, only open ones, clocked in from one instant until before another."""

    employee_id: UUID | None = None
    open_only: bool = False
    from_time: datetime | None = None
    until_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenCards:
    """The open cards as they are at position ``seq`` of the channel's ``epoch``."""

    epoch: str
    seq: int
    cards: list[Timecard]


@dataclass(frozen=True, slots=True)
class ClockedIn:
    """The card that was opened, and the forgotten one that was closed for it."""

    opened: Timecard
    closed: Timecard | None


def clock_in(
    employee: Employee,
    open_card: Timecard | None,
    restaurant: RestaurantCopy,
    *,
    card_id: UUID,
    now: datetime,
) -> ClockedIn:
    """Opens a card. One that has been open for 16 hours or more is closed at 16 hours, with a flag.

    Raises EmployeeInactive, AlreadyClockedIn.
    """
    if not employee.active:
        raise EmployeeInactive(f"{employee.name} does not work here any more.")
    closed = None
    if open_card is not None:
        if not forgotten(open_card, now):
            raise AlreadyClockedIn(
                f"{employee.name} is clocked in.",
                metadata={
                    "timecard_id": str(open_card.id),
                    "clocked_in_at": open_card.clocked_in_at.isoformat(),
                },
            )
        closed = _auto_closed(open_card)
    opened = Timecard(
        id=card_id,
        employee_id=employee.id,
        employee_name=employee.name,
        clocked_in_at=now,
        clocked_out_at=None,
        time_zone=restaurant.time_zone,
        business_date=restaurant.business_date(now),
        flags=(),
        version=1,
    )
    return ClockedIn(opened, closed)


def clock_out(employee: Employee, open_card: Timecard | None, now: datetime) -> Timecard:
    """The closed card; a forgotten one counts 16 hours and is flagged. Raises NotClockedIn."""
    if open_card is None:
        raise NotClockedIn(f"{employee.name} is not clocked in.")
    if forgotten(open_card, now):
        return _auto_closed(open_card)
    # A clock that stepped back must not make a shift of negative length.
    return replace(open_card, clocked_out_at=max(now, open_card.clocked_in_at), version=open_card.version + 1)


def forgotten(open_card: Timecard, now: datetime) -> bool:
    """Whether nobody works that long."""
    return now - open_card.clocked_in_at >= SHIFT_MAX


def _auto_closed(open_card: Timecard) -> Timecard:
    return replace(
        open_card,
        clocked_out_at=open_card.clocked_in_at + SHIFT_MAX,
        flags=(*open_card.flags, AUTO_CLOSED),
        version=open_card.version + 1,
    )
