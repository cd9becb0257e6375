"""What orders know of a restaurant."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from chassis.clock import business_date
from services.orders.domain.order.basket import Terms
from services.orders.domain.order.discount import USUAL_CAPS, Caps
from services.orders.pricing import BillMode

MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class RestaurantCopy:
    """The settings of a restaurant that decide how it sells and what its papers say of it; auth owns them.

    ``name`` is empty in a copy that is older than its papers are.
    """

    version: int
    currency_code: str
    time_zone: str
    bill_mode: BillMode
    service_charge_bp: int
    day_cutoff_minutes: int
    auto_complete: bool
    discount_caps: Caps = USUAL_CAPS
    name: str = ""
    address: str = ""
    vat_number: str = ""
    country_code: str = ""

    def business_date(self, at: datetime) -> date:
        """The business day that it is in the restaurant at the instant ``at``."""
        return business_date(at, self.time_zone, cutoff_of(self.day_cutoff_minutes))

    def day_begins(self, at: datetime) -> datetime:
        """When the business day began that it is in the restaurant at the instant ``at``."""
        cutoff = cutoff_of(self.day_cutoff_minutes)
        return datetime.combine(self.business_date(at), cutoff, ZoneInfo(self.time_zone)).astimezone(UTC)

    def terms(self, at: datetime) -> Terms:
        """How the restaurant sells at the instant ``at``."""
        return Terms(
            currency_code=self.currency_code,
            bill_mode=self.bill_mode,
            service_charge_bp=self.service_charge_bp,
            local=at.astimezone(ZoneInfo(self.time_zone)),
            business_date=self.business_date(at),
        )


@dataclass(frozen=True, slots=True)
class CopyVersions:
    """Which copies a price was computed with."""

    settings: int
    menu: int
    stations: int


def cutoff_of(minutes: int) -> time:
    """When a business day begins, given in minutes after midnight."""
    return time(*divmod(minutes, MINUTES_PER_HOUR))
