"""What the catalog needs to know of a restaurant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestaurantCopy:
    """A copy of what auth says: ``currency_code`` is ISO 4217, ``time_zone`` an IANA name."""

    version: int
    name: str
    currency_code: str
    time_zone: str
