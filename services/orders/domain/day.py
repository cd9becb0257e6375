"""The figures of a business day: the sum over its orders. A change adds the difference that it makes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.order import Order
from services.orders.domain.ticket import OPEN_TICKET, Ticket


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and minor units. Cancelled orders count as placed and cancelled, and have no gross."""

    placed: int = 0
    done: int = 0
    cancelled: int = 0
    gross_minor: int = 0
    paid_minor: int = 0
    tickets_open: int = 0

    @property
    def values(self) -> tuple[int, ...]:
        """Field by field, in their order."""
        return (
            self.placed,
            self.done,
            self.cancelled,
            self.gross_minor,
            self.paid_minor,
            self.tickets_open,
        )

    def minus(self, other: "Figures") -> "Figures":
        """Field by field."""
        return Figures(*(mine - its for mine, its in zip(self.values, other.values, strict=True)))


def figures(order: Order | None, tickets: Iterable[Ticket]) -> Figures:
    """What the order adds to its day; a draft, or none, adds nothing, and one that is part of another order
    adds what that one adds."""
    if order is None or order.placed_at is None or order.lifecycle is Lifecycle.MERGED:
        return Figures()
    cancelled = order.lifecycle is Lifecycle.CANCELLED
    return Figures(
        placed=1,
        done=int(order.lifecycle in {Lifecycle.DONE, Lifecycle.INVOICED}),
        cancelled=int(cancelled),
        gross_minor=0 if cancelled else order.totals.total_minor,
        paid_minor=order.totals.paid_minor,
        tickets_open=sum(ticket.state in OPEN_TICKET for ticket in tickets),
    )


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures of a restaurant's business day, as they were at an instant."""

    business_date: date
    currency_code: str
    figures: Figures
    computed_at: datetime
