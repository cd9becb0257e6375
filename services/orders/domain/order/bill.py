"""What an order comes to, computed anew from its lines as they were sold."""

from collections.abc import Sequence
from dataclasses import replace

from chassis.money import BASIS_POINTS_IN_ONE, divide_half_up, percent
from services.orders.domain.menu import OrderType
from services.orders.domain.order.basket import totals_of
from services.orders.domain.order.order import Line, Order
from services.orders.pricing import LineToPrice, bill


def rebilled(order: Order, service_charge_bp: int, *, lines: Sequence[Line]) -> Order:
    """The order with these lines and what it comes to: prices and rates are what each was sold at, mode and
    service charge what it was placed with; what is voided costs nothing. ``service_charge_bp`` is the
    restaurant's of today, for orders that do not know their own.
    """
    charge_bp = charge_of(order, service_charge_bp)
    sold = [line for line in lines if not line.voided]
    computed = bill(
        [LineToPrice(one.unit_minor, one.quantity, one.vat_rate_bp, one.discount_minor) for one in sold],
        order.bill_mode,
        charge_bp,
    )
    vat = {one.id: minor for one, minor in zip(sold, computed.line_vat_minor, strict=True)}
    return replace(
        order,
        lines=tuple(replace(line, vat_minor=vat.get(line.id, 0)) for line in lines),
        vat=computed.vat_groups,
        totals=totals_of(computed, order.totals.paid_minor),
        service_charge_bp=charge_bp,
    )


def charge_of(order: Order, service_charge_bp: int) -> int:
    """The service charge that an order goes by: its own; where it does not know it, today's if that is what
    it was charged, else what comes nearest.
    """
    if order.service_charge_bp is not None:
        return order.service_charge_bp
    goods, charged = order.totals.goods_minor, order.totals.service_charge_minor
    today = service_charge_bp if order.order_type is OrderType.EAT_IN else 0
    if goods == 0 or percent(goods, today) == charged:
        return today
    return divide_half_up(charged * BASIS_POINTS_IN_ONE, goods)
