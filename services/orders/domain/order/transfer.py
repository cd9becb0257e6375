"""An order's guests sit down at another table."""

from dataclasses import replace

from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.order import AtTable, Lifecycle
from services.orders.domain.ticket import OPEN_TICKET, at_table


def transfer(locked: Locked, table: AtTable, stamp: Stamp) -> Change | None:
    """To the table; tickets that are still cooked or wait to be served say so. None: it is there already.

    Raises IllegalTransition once the order is done, cancelled or about to be.
    """
    order = locked.order
    if order.lifecycle not in {Lifecycle.DRAFT, Lifecycle.VALIDATED}:
        raise illegal(order, "transfer")
    if order.table is not None and order.table.id == table.id:
        return None
    told = tuple(at_table(ticket, table.name) for ticket in locked.tickets if ticket.state in OPEN_TICKET)
    return change_of(locked, replace(order, table=table), told, stamp, [Updated("transferred")])
