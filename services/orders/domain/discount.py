"""What is taken off an order, by a person or a promotion."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.money import BASIS_POINTS_IN_ONE
from services.orders.domain.actor import Actor


class DiscountKind(StrEnum):
    """How much it takes off."""

    PERCENT = "percent"
    AMOUNT = "amount"
    COMP = "comp"
    """All of it, on the house."""


@dataclass(frozen=True, slots=True)
class OfPromotion:
    """The promotion that a discount comes from, and what it was called then."""

    id: UUID
    name: str
    each_line: bool
    """Taken off each of its lines, and not off all of them together."""


@dataclass(frozen=True, slots=True)
class Discount:
    """What is taken off an order. ``value`` is basis points of a percentage, minor units of an amount.

    ``line_ids``: what it is taken off; empty of a person's discount: the whole order, with what is ordered
    later.
    """

    id: UUID
    kind: DiscountKind
    value: int
    at: datetime
    line_ids: tuple[UUID, ...] = ()
    reason: str = ""
    given_by: Actor | None = None
    approved_by: Actor | None = None
    cap_bp: int = BASIS_POINTS_IN_ONE
    promotion: OfPromotion | None = None
    amount_minor: int = 0
    """What it takes off the order as it is."""
    of_order: UUID | None = None
    """Of orders that were merged: with which one it came. One of the whole order is off that one's lines."""
