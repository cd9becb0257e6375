"""What orders say of an order, as a bill."""

from uuid import UUID

from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import discounts_pb2, orders_pb2

from services.payments.domain.bill import Bill, BillMode, BillState, Charges, VatGroup
from services.payments.domain.check import Check

_MODE_OF = {common_pb2.BillMode.Value(f"BILL_MODE_{mode.name}"): mode for mode in BillMode}


def is_draft(order: orders_pb2.Order) -> bool:
    """A draft has no bill yet."""
    return order.lifecycle in (orders_pb2.LIFECYCLE_DRAFT, orders_pb2.LIFECYCLE_UNSPECIFIED)


def _void_minor(line: orders_pb2.OrderLine) -> int:
    """What was taken off a line; of one that older versions voided, all that it cost."""
    return (line.gross_minor if line.voided else 0) + sum(void.gross_minor for void in line.voids)


def bill_in(order: orders_pb2.Order) -> Bill:
    """The bill of an order, without the money that is on it."""
    comps = [one for one in order.discounts if one.kind == discounts_pb2.DISCOUNT_KIND_COMP]
    cancelled = order.lifecycle == orders_pb2.LIFECYCLE_CANCELLED
    return Bill(
        order_id=UUID(order.id),
        order_number=order.number,
        order_version=order.version,
        currency_code=order.currency_code,
        covers=order.covers,
        state=BillState.CLOSED if cancelled else BillState.OPEN,
        charges=Charges(
            mode=_MODE_OF.get(order.bill_mode, BillMode.INCLUSIVE_OPTIONAL),
            total_minor=order.totals.total_minor,
            service_minor=order.totals.service_charge_minor,
            discount_minor=order.totals.discount_minor,
            void_minor=sum(_void_minor(line) for line in order.lines),
            comp_minor=sum(comp.amount_minor for comp in comps),
            comp_count=len(comps),
            vat=tuple(VatGroup(group.rate_bp, group.gross_minor, group.vat_minor) for group in order.vat),
        ),
        checks=tuple(Check(one.id, one.total_minor, one.paid_minor) for one in order.split.checks),
    )
