"""A ticket that the kitchen has not seen: what the tills are told of it, and when that is over."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Alarm:
    """The tills know that the kitchen has not seen a ticket, and why."""

    cause: str
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Unseen:
    """A revision of a ticket that no display has confirmed, and where the kitchen channel told it."""

    ticket_id: UUID
    revision: int
    cause: str
    kitchen_epoch: str = ""
    kitchen_seq: int = 0


class AlarmEnd(StrEnum):
    """Why an alarm is over."""

    CONFIRMED = "confirmed"
    MOVED = "moved"
    ACKNOWLEDGED = "acknowledged"
