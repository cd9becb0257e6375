"""What staff knows of a restaurant: a copy of what auth says."""

from dataclasses import dataclass
from datetime import date, datetime, time

from chassis.clock import business_date


@dataclass(frozen=True, slots=True)
class RestaurantCopy:
    """What staff needs to know of a restaurant. ``currency_code`` ISO 4217, ``time_zone`` IANA; a business
    day ends ``day_cutoff_minutes`` after local midnight.
    """

    version: int
    currency_code: str
    time_zone: str
    day_cutoff_minutes: int

    def business_date(self, at: datetime) -> date:
        """The trading day of an instant."""
        return business_date(at, self.time_zone, time(*divmod(self.day_cutoff_minutes, 60)))
