"""Lines that are sold although they are not on sale are written down."""

from collections.abc import Iterable

from chassis.db import Transaction
from chassis.db.audit import audit
from services.orders.domain.order.order import Line, Order


def record_overrides(tx: Transaction, order: Order, lines: Iterable[Line]) -> None:
    """Those of the ``lines`` that the order has gained."""
    for line in lines:
        if line.override is not None:
            approver = line.override.approved_by
            audit(
                tx,
                "orders.sold_off_sale",
                order_id=order.id,
                number=order.number,
                line_id=line.id,
                item_id=line.item_id,
                quantity=line.quantity,
                amount_minor=line.gross_minor,
                currency=order.currency_code,
                reason=line.override.reason,
                approver_id=None if approver is None else approver.user_id,
            )
