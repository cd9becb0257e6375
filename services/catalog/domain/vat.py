"""Which VAT rate holds on a day."""

from collections.abc import Sequence
from datetime import date

from chassis.errors import Unprocessable
from services.catalog.domain.menu import VatRate


class NoVatRateYet(Unprocessable):
    """The day lies before the first rate of the class."""


def rate_on(rates: Sequence[VatRate], on: date) -> VatRate:
    """The newest rate that is not in the future of the local date ``on``. Raises NoVatRateYet."""
    begun = [rate for rate in rates if rate.effective_from <= on]
    if not begun:
        raise NoVatRateYet(f"no rate holds on {on.isoformat()}")
    return max(begun, key=lambda rate: rate.effective_from)
