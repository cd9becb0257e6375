"""When the guest of an order was promised it, and when the kitchen has to do with its lines."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """``slot_at``: the beginning of the slot in which it has a place; None as long as it is a draft."""

    at: datetime
    slot_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """In which version of the order each field last changed; 0: never since it was placed."""

    order_type: int = 0
    scheduled_for: int = 0


NEVER_CHANGED_ORDER = OrderChanged()


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the kitchen takes for a line (0: as long as its station has for a ticket), and when it goes
    there by itself (None: at once, or when somebody fires it).
    """

    preparation_minutes: int = 0
    fire_at: datetime | None = None


NO_TIMING = Timing()
