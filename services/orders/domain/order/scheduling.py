"""An order is promised for another time, or for none; and for whom."""

from dataclasses import replace

from services.orders.domain.amending import one_revision
from services.orders.domain.errors import EditConflict
from services.orders.domain.firing import fire_what_goes
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.house import House
from services.orders.domain.order.line import OPEN
from services.orders.domain.order.order import Line, Order
from services.orders.domain.order.promise import Promise
from services.orders.domain.ticket import OPEN_TICKET, Ticket, newest, of_order
from services.orders.domain.timing import without_times

PROMISED = "promised"


def promisable(locked: Locked, wanted: Promise | None, base_version: int) -> Order:
    """The order, which may be promised for another time. Raises IllegalTransition, EditConflict."""
    order = locked.order
    if order.lifecycle not in OPEN:
        raise illegal(order, "set_promise")
    known = order.promised_at
    asked = wanted and wanted.at
    if asked != known and 0 < base_version < order.changed.scheduled_for:
        raise EditConflict(
            "Somebody promised another time meanwhile.",
            metadata={
                "conflict.field": "scheduled_for",
                "conflict.yours": asked.isoformat() if asked else "",
                "conflict.theirs": known.isoformat() if known else "",
            },
        )
    return order


def promise(
    locked: Locked, wanted: Promise | None, customer_name: str, house: House, stamp: Stamp
) -> Change | None:
    """The order with this promise and name; it is ``promisable``, and the slot is one of its restaurant.

    What the kitchen does not have yet, and nobody holds back, goes there in time for it. None: it is so
    already.
    """
    order = locked.order
    if order.promise == wanted and order.customer_name == customer_name:
        return None
    after = replace(order, promise=wanted, customer_name=customer_name)
    lost: list[Line] = []
    fired: tuple[Ticket, ...] = ()
    changed: tuple[Ticket, ...] = ()
    if order.promise != wanted:
        # For whom it is, the kitchen need not know.
        after = replace(after, changed=replace(after.changed, scheduled_for=order.version + 1))
        open_ones = (ticket for ticket in locked.tickets if ticket.state in OPEN_TICKET)
        changed = tuple(of_order(ticket, after) for ticket in open_ones)
    if order.promise != wanted and after.lifecycle is Lifecycle.VALIDATED:
        by_itself = [line for line in after.lines if line.waits and not line.hold and not line.course]
        after = without_times(after, by_itself)
        known = newest(locked.tickets, changed)
        after, fired, lost = fire_what_goes(after, known, house.stations, stamp)
    tickets = one_revision(locked.tickets, (*changed, *fired))
    return replace(change_of(locked, after, tickets, stamp, [Updated(PROMISED)]), unrouted=tuple(lost))
