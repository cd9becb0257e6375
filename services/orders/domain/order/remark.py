"""What an order says to the kitchen as a whole: it stands on the order, and its open tickets repeat it."""

from dataclasses import replace

from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.order import Remarks
from services.orders.domain.ticket import OPEN_TICKET, with_remarks


def say(locked: Locked, remarks: Remarks, cause: str, stamp: Stamp) -> Change | None:
    """These remarks instead of those before; ``cause`` names the one that is another.

    Tickets that are still cooked or wait to be served repeat them. None: they are these already. Raises
    IllegalTransition once the order is done, cancelled or about to be.
    """
    order = locked.order
    if order.lifecycle not in {Lifecycle.DRAFT, Lifecycle.VALIDATED}:
        raise illegal(order, f"set_{cause}")
    if remarks == order.remarks:
        return None
    told = [with_remarks(ticket, remarks) for ticket in locked.tickets if ticket.state in OPEN_TICKET]
    return change_of(locked, replace(order, remarks=remarks), tuple(told), stamp, [Updated(cause)])
