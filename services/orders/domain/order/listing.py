"""What can be asked of the orders there are."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from services.orders.domain.order.axes import State
from services.orders.domain.order.order import Order

OPEN_STATES = (State.DRAFT, State.VALIDATED, State.PAID, State.PREPARING, State.READY)
CLOSED_STATES = (State.DONE, State.INVOICED, State.CANCELLED, State.MERGED)

Position = tuple[datetime, UUID]

# Where every list begins.
NEWEST_POSITION: Position = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))

OLDEST_POSITION: Position = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Filter:
    """What to list; None and empty mean: any."""

    states: tuple[State, ...] = ()
    table_id: UUID | None = None
    business_date: date | None = None
    updated_since: datetime | None = None
    number: int | None = None
    name_prefix: str = ""
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Orders and where the list goes on; None at its end. A page may be short or empty and not the last."""

    orders: list[Order]
    next: Position | None
