"""What the catalog needs to know of a restaurant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestaurantCopy:
    """A copy of what auth says: ``currency_code`` is ISO 4217, ``time_zone`` an IANA name.

    ``day_cutoff_minutes``: when the business day begins, after midnight; None in a copy that is kept, for it
    is asked for when it is needed.
    """

    version: int
    name: str
    currency_code: str
    time_zone: str
    day_cutoff_minutes: int | None = None
