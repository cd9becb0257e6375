"""How fast the kitchen is: tickets that are late, and how long those of a station take to be ready."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.orders.domain.order.axes import Kitchen
from services.orders.domain.ticket import Ticket

LATE_LOOKS_BACK = timedelta(days=1)
"""What is late for longer, the end of its day sees to."""
SETTLES_AFTER = timedelta(hours=3)
"""Tickets of an hour or a day that is over for so long do not get ready any more, as far as times go."""


class Span(StrEnum):
    """What times are reckoned over; a day is a business day."""

    HOUR = "hour"
    DAY = "day"


SHOWN = {Span.HOUR: 48, Span.DAY: 31}
"""How many of each are shown; what is older than the last of them is not kept."""
KEPT = timedelta(days=SHOWN[Span.DAY] + 1)


@dataclass(frozen=True, slots=True)
class ReadyTimes:
    """How long the tickets that were fired in a span took; nearest rank, seconds."""

    span: Span
    starts_at: datetime
    tickets: int
    p50_seconds: int
    p90_seconds: int


@dataclass(frozen=True, slots=True)
class Pace:
    """A station's times, each span the newest first."""

    station_id: UUID
    target_seconds: int
    hours: tuple[ReadyTimes, ...]
    days: tuple[ReadyTimes, ...]


def is_late(ticket: Ticket, at: datetime) -> bool:
    """Whether its time is over and it is not ready."""
    return ticket.target_at <= at and ticket.state in {Kitchen.QUEUED, Kitchen.PREPARING}
