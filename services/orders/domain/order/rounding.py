"""No penny is lost when lines go from one bill to another.

Service charge and VAT are rounded once for a bill, so that two bills come to a penny more or less when they
are put together otherwise. That penny stays with one of them for good.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.orders.domain.order.bill import rebilled
from services.orders.domain.order.order import Order
from services.orders.pricing import EXACT, Rounding, VatGroup


def balanced(before: Sequence[Order], after: Sequence[Order], service_charge_bp: int) -> list[Order]:
    """The orders ``after`` with the pennies by which they come to something else than those ``before``. Where
    their goods do, because the discount of a whole order is of other lines now, they are as they were
    computed.
    """
    settled = list(after)
    if _goods(before) != _goods(after):
        return settled
    for part in (_service_for, _vat_for):  # in this order: what is charged for service may be taxed with it
        for index, order in enumerate(settled):
            missing = part(order, _difference(before, settled))
            if missing != EXACT:
                rounding = order.rounding.plus(missing)
                settled[index] = rebilled(replace(order, rounding=rounding), service_charge_bp)
    return settled


def _goods(orders: Sequence[Order]) -> int:
    return sum(order.totals.goods_minor for order in orders)


def _billed(orders: Sequence[Order]) -> Rounding:
    """What they come to together, but for the goods."""
    found = EXACT
    for order in orders:
        found = found.plus(Rounding(order.totals.service_charge_minor, order.vat))
    return found


def _difference(before: Sequence[Order], after: Sequence[Order]) -> Rounding:
    found = _billed(after)
    less = Rounding(
        -found.service_charge_minor,
        tuple(VatGroup(group.rate_bp, -group.gross_minor, -group.vat_minor) for group in found.vat),
    )
    return _billed(before).plus(less)


def _service_for(order: Order, missing: Rounding) -> Rounding:
    """What of it the order can bear: its service charge gets no less than nothing."""
    service = missing.service_charge_minor
    bears = order.totals.goods_minor > 0 and order.totals.service_charge_minor + service >= 0
    return Rounding(service) if bears else EXACT


def _vat_for(order: Order, missing: Rounding) -> Rounding:
    """What of it the order can bear: no VAT gets less than nothing, nor more than its amount."""
    has = {group.rate_bp: group for group in order.vat if group.gross_minor}
    groups = tuple(
        group
        for group in missing.vat
        if group.rate_bp in has
        and 0
        <= has[group.rate_bp].vat_minor + group.vat_minor
        <= has[group.rate_bp].gross_minor + group.gross_minor
    )
    return Rounding(vat=groups)
