"""A payment as it is stored, and what payments know of a restaurant."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from chassis.clock import business_date
from services.payments.domain.errors import CurrencyMismatch
from services.payments.domain.fees import Fee, Method
from services.payments.domain.till import Actor

MINUTES_IN_HOUR = 60


class PaymentStatus(StrEnum):
    """Where a payment stands. Cash is captured at once; the other states belong to providers."""

    CREATED = "created"
    PENDING_CUSTOMER = "pending_customer"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    SETTLED = "settled"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money taken for a bill, in minor units of ``currency_code``; ``amount_minor`` is without the tip."""

    id: UUID
    restaurant_id: UUID
    order_id: UUID
    order_number: int
    sequence: int
    method: Method
    status: PaymentStatus
    currency_code: str
    amount_minor: int
    tip_minor: int
    tendered_minor: int
    change_minor: int
    fee: Fee
    till_session_id: UUID | None
    check_id: str
    business_date: date
    created_at: datetime
    taken_by: Actor
    approved_by: Actor | None = None
    """Who approved a tip that ``taken_by`` could not take alone."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Restaurant:
    """The settings of a restaurant that money depends on; auth owns them."""

    id: UUID
    version: int
    currency_code: str
    time_zone: str
    day_cutoff_minutes: int
    fee_preset: str

    def business_date(self, at: datetime) -> date:
        """The trading day of an instant, by the restaurant's time zone and cut-off."""
        hour, minute = divmod(self.day_cutoff_minutes, MINUTES_IN_HOUR)
        return business_date(at, self.time_zone, time(hour, minute))

    def check_currency(self, currency_code: str) -> None:
        """Raises CurrencyMismatch for another currency than the restaurant's."""
        if currency_code != self.currency_code:
            raise CurrencyMismatch(
                f"This restaurant trades in {self.currency_code}.",
                metadata={"currency_code": self.currency_code, "given": currency_code},
            )
