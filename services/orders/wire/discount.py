"""What is taken off an order, as its message carries it, and as somebody asks for it."""

from collections.abc import Sequence
from uuid import UUID

from fynlo.orders.v1 import discounts_pb2, orders_pb2
from fynlo.orders.v1 import discounts_service_pb2 as discounts_api

from chassis.ids import parse_id
from chassis.instants import instant_of, timestamp
from services.orders.domain.discount import Discount, DiscountKind, OfPromotion
from services.orders.domain.errors import DiscountValue
from services.orders.domain.order.discount import WantedDiscount
from services.orders.domain.order.order import Line
from services.orders.wire import enums
from services.orders.wire.actor import actor_message, actor_of


def discount_messages(discounts: Sequence[Discount], lines: Sequence[Line]) -> list[discounts_pb2.Discount]:
    """``lines`` are the order's: a promotion names its lines by their place among them."""
    places = {line.id: place for place, line in enumerate(lines)} if discounts else {}
    return [_discount_message(discount, places) for discount in discounts]


def discounts_of(message: orders_pb2.Order) -> tuple[Discount, ...]:
    """The way back."""
    return tuple(_discount_of(discount, message) for discount in message.discounts)


def wanted_discount(request: discounts_api.AddDiscountRequest, own_id: UUID) -> WantedDiscount:
    """``own_id`` is the discount's where the client names none. Raises InvalidArgument, DiscountValue."""
    kind = enums.DISCOUNT_KIND_OF[request.kind]
    _refuse_other_values(request, kind)
    value = request.value_bp if kind is DiscountKind.PERCENT else request.amount_minor
    return WantedDiscount(
        id=parse_id(request.discount_id) if request.discount_id else own_id,
        kind=kind,
        value=value,
        line_id=parse_id(request.line_id) if request.line_id else None,
        reason=request.reason.strip(),
    )


def _refuse_other_values(request: discounts_api.AddDiscountRequest, kind: DiscountKind) -> None:
    needed = {DiscountKind.PERCENT: "value_bp", DiscountKind.AMOUNT: "amount_minor"}.get(kind, "")
    for field in ("value_bp", "amount_minor"):
        if request.HasField(field) != (field == needed):
            raise DiscountValue(
                field, "A percentage has value_bp, an amount has amount_minor, a comp neither."
            )


def _discount_message(discount: Discount, places: dict[UUID, int]) -> discounts_pb2.Discount:
    promotion = discount.promotion
    message = discounts_pb2.Discount(
        id=str(discount.id),
        kind=enums.DISCOUNT_KIND[discount.kind],
        value_bp=discount.value if discount.kind is DiscountKind.PERCENT else 0,
        value_minor=discount.value if discount.kind is DiscountKind.AMOUNT else 0,
        amount_minor=discount.amount_minor,
        reason=discount.reason,
        by=None if discount.given_by is None else actor_message(discount.given_by),
        approved_by=None if discount.approved_by is None else actor_message(discount.approved_by),
        given_at=timestamp(discount.at),
        cap_bp=discount.cap_bp,
        of_order_id="" if discount.of_order is None else str(discount.of_order),
    )
    if promotion is None:
        message.line_id = str(discount.line_ids[0]) if discount.line_ids else ""
        return message
    message.promotion_id, message.promotion_name = str(promotion.id), promotion.name
    message.each_line = promotion.each_line
    message.lines.extend(places[line_id] for line_id in discount.line_ids if line_id in places)
    return message


def _discount_of(message: discounts_pb2.Discount, order: orders_pb2.Order) -> Discount:
    kind = enums.DISCOUNT_KIND_OF[message.kind]
    values = {DiscountKind.PERCENT: message.value_bp, DiscountKind.AMOUNT: message.value_minor}
    promoted = bool(message.promotion_id)
    line_ids = [order.lines[place].id for place in message.lines] if promoted else [message.line_id]
    return Discount(
        id=UUID(message.id),
        kind=kind,
        value=values.get(kind, 0),
        at=instant_of(message.given_at, "given_at"),
        line_ids=tuple(UUID(line_id) for line_id in line_ids if line_id),
        reason=message.reason,
        given_by=actor_of(message.by) if message.HasField("by") else None,
        approved_by=actor_of(message.approved_by) if message.HasField("approved_by") else None,
        cap_bp=message.cap_bp,
        promotion=_promotion_of(message) if promoted else None,
        amount_minor=message.amount_minor,
        of_order=UUID(message.of_order_id) if message.of_order_id else None,
    )


def _promotion_of(message: discounts_pb2.Discount) -> OfPromotion:
    return OfPromotion(UUID(message.promotion_id), message.promotion_name, message.each_line)
