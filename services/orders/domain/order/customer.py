"""Whose order it is."""

from dataclasses import replace
from uuid import UUID

from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal

OWNABLE = frozenset({Lifecycle.DRAFT, Lifecycle.VALIDATED, Lifecycle.DONE})


def set_customer(locked: Locked, customer_id: UUID | None, stamp: Stamp) -> Change | None:
    """None: it is theirs already. Raises IllegalTransition once the order is invoiced, cancelled or about to
    be."""
    order = locked.order
    if order.lifecycle not in OWNABLE:
        raise illegal(order, "set_customer")
    if order.customer_id == customer_id:
        return None
    return change_of(locked, replace(order, customer_id=customer_id), (), stamp, [Updated("customer")])
