"""Money that payments has taken, booked on its order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.orders.domain.firing import fire_what_goes
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Change, Event, Locked, PaymentRecorded, Stamp, change_of
from services.orders.domain.order.checks import after_payment
from services.orders.domain.order.lifecycle import completed_by_itself
from services.orders.domain.order.order import Actor, Line
from services.orders.domain.station import Station
from services.orders.domain.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Captured:
    """What payments says of money that it has taken. Minor units."""

    payment_id: UUID
    order_id: UUID
    sequence: int
    method: str
    amount_minor: int
    currency_code: str
    taken_by: Actor
    tip_minor: int = 0
    tendered_minor: int = 0
    change_minor: int = 0
    check_id: UUID | None = None
    """Of an order that was split when it was paid; None also where the guest paid what was open."""


def record(
    locked: Locked,
    captured: Captured,
    stations: Sequence[Station],
    auto_complete: bool,
    stamp: Stamp,
) -> Change:
    """Books money, whatever the state of the order: it has been taken.

    What follows from it, firing and completing, happens only while the order is open.
    """
    order = locked.order
    totals = replace(order.totals, paid_minor=order.totals.paid_minor + captured.amount_minor)
    paid = after_payment(replace(order, totals=totals), captured.check_id, captured.amount_minor)
    tickets: tuple[Ticket, ...] = ()
    lost: list[Line] = []
    events: list[Event] = [PaymentRecorded(captured.payment_id, captured.method, captured.amount_minor)]
    if paid.lifecycle is Lifecycle.VALIDATED:
        paid, tickets, lost = fire_what_goes(paid, locked.tickets, stations, stamp)
        paid = completed_by_itself(paid, auto_complete, stamp, events)
    return replace(change_of(locked, paid, tickets, stamp, events), unrouted=tuple(lost))


def fits(captured: Captured, change: Change) -> bool:
    """Whether the money came for an order that takes some, in its currency, and is not more than it costs.

    What does not fit is booked as well: somebody has to look at it.
    """
    totals = change.order.totals
    return (
        change.before is not None
        and change.before.lifecycle not in {Lifecycle.DRAFT, Lifecycle.CANCELLED, Lifecycle.MERGED}
        and totals.paid_minor <= totals.total_minor
        and captured.currency_code == change.before.currency_code
    )
