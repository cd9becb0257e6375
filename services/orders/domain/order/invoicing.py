"""The end of an order: its invoice is issued, and nothing of it changes any more."""

from dataclasses import replace
from uuid import UUID

from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.order import Order


def refuse_invoicing(order: Order) -> None:
    """Raises IllegalTransition unless the order is done."""
    if order.lifecycle is not Lifecycle.DONE:
        raise illegal(order, "invoice")


def invoiced(locked: Locked, number: int, customer_id: UUID | None, stamp: Stamp) -> Change:
    """Done to invoiced, with the invoice's number; for a customer of the restaurant it is theirs from now on.

    Raises IllegalTransition.
    """
    order = locked.order
    refuse_invoicing(order)
    after = replace(
        order,
        lifecycle=Lifecycle.INVOICED,
        invoice_number=number,
        customer_id=customer_id or order.customer_id,
    )
    return change_of(locked, after, (), stamp, [Updated("invoiced")])
