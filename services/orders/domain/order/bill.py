"""What an order comes to: of its lines, what is taken off them, and the settings it was placed under.

Whoever adds lines, takes some off, or changes a discount computes the bill anew by ``rebilled``; percentages
then follow the lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.money import BASIS_POINTS_IN_ONE, divide_half_up, percent
from services.orders.domain.discount import Discount, DiscountKind
from services.orders.domain.menu import OrderType
from services.orders.domain.order.order import Line, Order, Totals
from services.orders.domain.order.portion import to_price, with_vat
from services.orders.pricing import (
    EXACT,
    Bill,
    BillMode,
    Reduction,
    Rounding,
    Stage,
    Target,
    bill,
    reduce,
)


@dataclass(frozen=True, slots=True)
class Billed:
    """Lines with what is taken off each and its VAT, discounts with what each takes off, and the bill."""

    lines: tuple[Line, ...]
    discounts: tuple[Discount, ...]
    bill: Bill
    totals: Totals


def billed(
    lines: Sequence[Line],
    discounts: Sequence[Discount],
    mode: BillMode,
    service_charge_bp: int,
    paid_minor: int = 0,
    rounding: Rounding = EXACT,
    order_id: UUID | None = None,
) -> Billed:
    """The bill of lines that are sold; those that are voided cost nothing. ``service_charge_bp`` is 0 where
    none is due. ``order_id`` of an order that there is already: others may be merged into it.
    """
    sold = [index for index, line in enumerate(lines) if not line.voided]
    reduced = reduce(
        [0 if line.voided else line.gross_minor for line in lines],
        [_reduction(discount, lines, sold, order_id) for discount in discounts],
    )
    less = [
        replace(line, discount_minor=off, vat_minor=0) for line, off in zip(lines, reduced.lines, strict=True)
    ]
    computed = bill([to_price(less[index]) for index in sold], mode, service_charge_bp, rounding)
    taxed = with_vat([less[index] for index in sold], computed)
    for index, line in zip(sold, taxed, strict=True):
        less[index] = line
    return Billed(
        lines=tuple(less),
        discounts=tuple(
            replace(discount, amount_minor=amount)
            for discount, amount in zip(discounts, reduced.reductions, strict=True)
        ),
        bill=computed,
        totals=Totals(
            goods_minor=computed.goods_minor,
            discount_minor=computed.discount_minor,
            service_charge_minor=computed.service_charge_minor,
            vat_minor=computed.vat_minor,
            total_minor=computed.total_minor,
            paid_minor=paid_minor,
        ),
    )


def rebilled(
    order: Order,
    service_charge_bp: int,
    *,
    lines: Iterable[Line] | None = None,
    discounts: Iterable[Discount] | None = None,
) -> Order:
    """The order with these lines and discounts (None: its own) and what it comes to. ``service_charge_bp`` is
    the restaurant's of today, for orders that do not know their own.
    """
    charge_bp = charge_of(order, service_charge_bp)
    now = billed(
        order.lines if lines is None else tuple(lines),
        order.discounts if discounts is None else tuple(discounts),
        order.bill_mode,
        charge_bp,
        order.totals.paid_minor,
        order.rounding,
        order.id,
    )
    return replace(
        order,
        lines=now.lines,
        discounts=now.discounts,
        vat=now.bill.vat_groups,
        totals=now.totals,
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


def stage_of(discount: Discount) -> Stage:
    """When it is taken off."""
    if discount.promotion is not None:
        return Stage.LINE_PROMOTION if discount.promotion.each_line else Stage.ORDER_PROMOTION
    if discount.kind is DiscountKind.COMP:
        return Stage.COMP
    return Stage.LINE if discount.line_ids else Stage.ORDER


def _is_of(line: Line, discount: Discount, order_id: UUID | None) -> bool:
    """Whether the discount of a whole order is off the line: of orders that were merged each has its own."""
    came = line.moved_from
    home = came.order_id if came is not None and came.merged else order_id
    return discount.of_order in {None, home}


def _reduction(
    discount: Discount, lines: Sequence[Line], sold: Sequence[int], order_id: UUID | None
) -> Reduction:
    """A promotion's amount is off each unit, a person's off the line."""
    named = set(discount.line_ids)
    everything = not named and discount.promotion is None
    promoted = discount.promotion is not None
    targets = tuple(
        Target(index, lines[index].quantity if promoted else 1)
        for index in sold
        if (everything and _is_of(lines[index], discount, order_id)) or lines[index].id in named
    )
    percent_bp = BASIS_POINTS_IN_ONE if discount.kind is DiscountKind.COMP else discount.value
    is_amount = discount.kind is DiscountKind.AMOUNT
    return Reduction(
        stage_of(discount),
        targets,
        percent_bp=0 if is_amount else percent_bp,
        amount_minor=discount.value if is_amount else 0,
        cap_bp=discount.cap_bp,
        id=str(discount.id),
    )
