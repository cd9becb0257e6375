"""The bill or the receipt of one check of an order: what that guest pays, with the VAT that is in it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from services.orders.domain.check import Check
from services.orders.domain.order.checks import CheckPart, parts_of
from services.orders.domain.order.order import Order
from services.orders.domain.paper_errors import UnknownCheck
from services.orders.domain.receipt import (
    OnCheck,
    Receipt,
    ReceiptKind,
    ReceiptLine,
    Sums,
    Tender,
    line_on_paper,
    receipt_of,
)
from services.orders.domain.restaurant import RestaurantCopy


def check_receipt_of(
    order: Order, check_id: UUID, restaurant: RestaurantCopy, tenders: Sequence[Tender]
) -> Receipt:
    """Of a check as it is now; of all that was paid for the order, what was paid for it.

    Raises NothingToPrint as receipt_of, UnknownCheck.
    """
    whole = receipt_of(order, restaurant, tenders)
    checks = () if order.split is None else order.split.checks
    place = next((index for index, one in enumerate(checks) if one.id == check_id), None)
    if place is None:
        raise UnknownCheck(check_id)
    check, given = checks[place], tuple(one for one in tenders if one.check_id == check_id)
    is_paid = check.due_minor == 0
    at = max((one.at for one in given), default=None) if is_paid else None
    lines = [part for part in parts_of(order, check) if at is None or _is_older(part, at)]
    return replace(
        whole,
        kind=ReceiptKind.RECEIPT if is_paid else ReceiptKind.BILL,
        at=whole.at if at is None else at.astimezone(ZoneInfo(restaurant.time_zone)),
        lines=tuple(_line(part) for part in lines),
        sums=Sums(
            goods_minor=check.sums.goods_minor,
            discount_minor=check.sums.discount_minor,
            service_charge_minor=check.sums.service_charge_minor,
            vat=check.sums.vat,
            vat_minor=check.sums.vat_minor,
            total_minor=check.sums.total_minor,
            paid_minor=check.paid_minor,
            due_minor=check.due_minor,
        ),
        tenders=given,
        check=OnCheck(check.id, check.name, place + 1, _of_goods(order, check)),
    )


def _of_goods(order: Order, check: Check) -> int | None:
    return None if check.shares else order.totals.goods_minor


def _is_older(part: CheckPart, at: datetime) -> bool:
    """What a part of everything was a part of does not grow once it is paid."""
    return part.part is not None or part.line.added is None or part.line.added.at <= at


def _line(part: CheckPart) -> ReceiptLine:
    share = Fraction(1) if part.part is None else part.part
    return replace(
        line_on_paper(part.line),
        gross_minor=part.amount_minor + part.discount_minor,
        discount_minor=part.discount_minor,
        share=(share.numerator, share.denominator),
    )
