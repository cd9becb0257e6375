"""Promotions: what the restaurant takes off for everybody who orders in its time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import FieldError
from chassis.ids import derived_id
from services.orders.domain.discount import Discount, DiscountKind, OfPromotion
from services.orders.domain.errors import (
    DiscountValue,
    PromotionDates,
    PromotionScope,
    TooManyPromotions,
)
from services.orders.domain.hours import Window
from services.orders.domain.label import name_key
from services.orders.domain.order.order import Line

PROMOTIONS_MAX = 100
"""In one restaurant; all are looked at for every order."""


class Scope(StrEnum):
    """What it is taken off."""

    ORDER = "order"
    ITEMS = "items"
    CATEGORIES = "categories"


@dataclass(frozen=True, slots=True)
class Promotion:
    """``value`` is basis points of a percentage, minor units of an amount: off the order, or off each unit of
    a line. Its dates are those of the days on which its window opens, both included.
    """

    id: UUID
    name: str
    kind: DiscountKind
    value: int
    scope: Scope
    item_ids: frozenset[UUID]
    category_ids: frozenset[UUID]
    window: Window
    effective_from: date | None
    effective_until: date | None
    active: bool
    version: int

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)

    def holds(self, local: datetime) -> bool:
        """Whether what is ordered at this local time has it."""
        day = self.window.opened_on(local)
        return (
            self.active
            and day is not None
            and (self.effective_from is None or self.effective_from <= day)
            and (self.effective_until is None or day <= self.effective_until)
        )

    def is_for(self, line: Line) -> bool:
        """Whether it is taken off the line, or off the order for it too."""
        if self.scope is Scope.ORDER:
            return True
        return (
            line.item_id in self.item_ids
            if self.scope is Scope.ITEMS
            else line.category_id in self.category_ids
        )


def with_promotions(
    before: Iterable[Discount], ordered: Sequence[Line], promotions: Iterable[Promotion], at: datetime
) -> tuple[Discount, ...]:
    """The discounts of an order to which lines come: ``promotions`` are those whose time it is.

    One that the order has already is for these lines as well; one that has changed since comes beside it.
    """
    discounts = {discount.id: discount for discount in before}
    for promotion in promotions:
        line_ids = tuple(line.id for line in ordered if promotion.is_for(line))
        if not line_ids:
            continue
        discount_id = derived_id(promotion.id, promotion.version)
        known = discounts.get(discount_id)
        if known is not None:
            discounts[discount_id] = replace(
                known, line_ids=tuple(dict.fromkeys((*known.line_ids, *line_ids)))
            )
            continue
        each_line = promotion.scope is not Scope.ORDER
        discounts[discount_id] = Discount(
            id=discount_id,
            kind=promotion.kind,
            value=promotion.value,
            at=at,
            line_ids=line_ids,
            promotion=OfPromotion(promotion.id, promotion.name, each_line),
        )
    return tuple(discounts.values())


def check_promotion(promotion: Promotion, others: int) -> None:
    """Whether it can be kept beside so many others.

    Raises DiscountValue, PromotionScope, PromotionDates, TooManyPromotions.
    """
    if promotion.value <= 0:
        raise DiscountValue("value_bp" if promotion.kind is DiscountKind.PERCENT else "value_minor")
    named = promotion.item_ids if promotion.scope is Scope.ITEMS else promotion.category_ids
    if promotion.scope is not Scope.ORDER and not named:
        raise PromotionScope("item_ids" if promotion.scope is Scope.ITEMS else "category_ids")
    first, last = promotion.effective_from, promotion.effective_until
    if first is not None and last is not None and last < first:
        detail = "A promotion ends on the day it begins, or later."
        raise PromotionDates(detail, fields=[FieldError("effective_until", "PROMOTION_DATES", detail)])
    if others >= PROMOTIONS_MAX:
        raise TooManyPromotions(f"A restaurant has at most {PROMOTIONS_MAX} promotions.")
