"""What payments know of a restaurant."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from chassis.clock import business_date
from services.payments.domain.errors import CurrencyMismatch

MINUTES_IN_HOUR = 60


@dataclass(frozen=True, slots=True)
class RestaurantCopy:
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
