"""Promotions."""

from datetime import date
from uuid import UUID

from fynlo.orders.v1 import discounts_pb2

from chassis.errors import FieldError
from chassis.ids import new_id, parse_id
from services.orders.domain.discount import DiscountKind
from services.orders.domain.errors import DiscountValue, PromotionDates
from services.orders.domain.hours import Window
from services.orders.domain.label import label_of
from services.orders.domain.promotion import Promotion
from services.orders.wire import enums


def promotion_message(promotion: Promotion) -> discounts_pb2.Promotion:
    """The whole promotion."""
    is_percent = promotion.kind is DiscountKind.PERCENT
    return discounts_pb2.Promotion(
        id=str(promotion.id),
        name=promotion.name,
        kind=enums.DISCOUNT_KIND[promotion.kind],
        value_bp=promotion.value if is_percent else 0,
        value_minor=0 if is_percent else promotion.value,
        scope=enums.PROMOTION_SCOPE[promotion.scope],
        item_ids=[str(one) for one in sorted(promotion.item_ids)],
        category_ids=[str(one) for one in sorted(promotion.category_ids)],
        weekdays=sorted(promotion.window.weekdays),
        from_minutes=promotion.window.from_minutes,
        until_minutes=promotion.window.until_minutes,
        effective_from=_text(promotion.effective_from),
        effective_until=_text(promotion.effective_until),
        active=promotion.active,
        version=promotion.version,
    )


def wanted_promotion(message: discounts_pb2.Promotion) -> Promotion:
    """Without an id: a new one, version 0. Raises InvalidArgument, DiscountValue, PromotionDates."""
    kind = enums.DISCOUNT_KIND_OF[message.kind]
    is_percent = kind is DiscountKind.PERCENT
    if message.value_minor if is_percent else message.value_bp:
        raise DiscountValue("value_minor" if is_percent else "value_bp", "A promotion has one value.")
    return Promotion(
        id=parse_id(message.id) if message.id else new_id(),
        name=label_of(message.name),
        kind=kind,
        value=message.value_bp if is_percent else message.value_minor,
        scope=enums.PROMOTION_SCOPE_OF[message.scope],
        item_ids=frozenset(UUID(one) for one in message.item_ids),
        category_ids=frozenset(UUID(one) for one in message.category_ids),
        window=Window(frozenset(message.weekdays), message.from_minutes, message.until_minutes),
        effective_from=_date("effective_from", message.effective_from),
        effective_until=_date("effective_until", message.effective_until),
        active=message.active,
        version=message.version if message.id else 0,
    )


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _date(field: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        detail = "A date is written YYYY-MM-DD."
        raise PromotionDates(detail, fields=[FieldError(field, "PROMOTION_DATES", detail)]) from None
