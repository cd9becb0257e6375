"""Where an order is consumed: eaten in, taken away or delivered. The VAT follows, the price never does.

Each line knows its rates elsewhere, of the day for which it was sold, so that switching there and back is
nothing at all. Source: VAT Notice 709/1 (catering and takeaway food).
"""

from dataclasses import replace

from services.orders.domain.errors import EditConflict, OrderMerged, RefundRequired
from services.orders.domain.menu import OrderType
from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.change import Change, Locked, Stamp, Updated, change_of
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.line import OPEN
from services.orders.domain.order.order import Line, Order
from services.orders.domain.order.rates import Rates
from services.orders.domain.promise_errors import RatesUnknown
from services.orders.domain.ticket import OPEN_TICKET, of_order
from services.orders.pricing import EXACT

TYPE_CHANGED = "type_changed"


def switch(
    locked: Locked, order_type: OrderType, base_version: int, service_charge_bp: int, stamp: Stamp
) -> Change | None:
    """The order as one of ``order_type``; ``service_charge_bp`` is what guests who eat in are charged.

    None: it is one already. Raises IllegalTransition, EditConflict, RefundRequired (money is on it),
    OrderMerged, RatesUnknown.
    """
    order = locked.order
    if order.lifecycle not in OPEN:
        raise illegal(order, "set_type")
    if order_type is order.order_type:
        return None
    if 0 < base_version < order.changed.order_type:
        raise EditConflict(
            "Somebody changed the type of this order meanwhile.",
            metadata={
                "conflict.field": "order_type",
                "conflict.yours": order_type.value,
                "conflict.theirs": order.order_type.value,
            },
        )
    if order.totals.paid_minor:
        raise RefundRequired("Money is on this order, with its VAT: refund it first.")
    if order.merged:
        # Its parts would come apart with lines that are taxed as theirs are not.
        raise OrderMerged(
            f"Others are part of order {order.number}: take it apart first.",
            metadata={"order_id": str(order.id)},
        )
    after = _as_type(order, order_type, service_charge_bp)
    told = tuple(of_order(ticket, after) for ticket in locked.tickets if ticket.state in OPEN_TICKET)
    return change_of(locked, after, told, stamp, [Updated(TYPE_CHANGED)])


def _as_type(order: Order, order_type: OrderType, service_charge_bp: int) -> Order:
    eaten_in = order_type is OrderType.EAT_IN
    crosses = eaten_in is not (order.order_type is OrderType.EAT_IN)
    after = replace(
        order,
        order_type=order_type,
        table=order.table if eaten_in else None,
        service_charge_bp=service_charge_bp if eaten_in else 0,
        # Pennies that came to a bill of other rates, and of another service charge.
        rounding=EXACT,
        changed=replace(order.changed, order_type=order.version + 1),
    )
    lines = [_elsewhere(line) for line in order.lines] if crosses else order.lines
    return rebilled(after, service_charge_bp, lines=lines)


def _elsewhere(line: Line) -> Line:
    """Taxed as in the other consumption, and knowing the one that it comes from."""
    there = line.elsewhere
    if there is None:
        raise RatesUnknown(f"{line.name} was sold before its other VAT rate was kept: place it anew.")
    here = Rates(line.vat_rate_bp, tuple(replace(one, vat_minor=0) for one in line.portions))
    return replace(line, vat_rate_bp=there.vat_rate_bp, portions=there.portions, elsewhere=here)
