"""How goods are taxed, and which VAT rate holds on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.catalog.domain.errors import NoVatRateYet


@dataclass(frozen=True, slots=True)
class VatRate:
    """From this local date on, in basis points."""

    effective_from: date
    eat_in_bp: int
    takeaway_bp: int


@dataclass(frozen=True, slots=True)
class VatClass:
    """How a kind of goods is taxed, with its history, oldest rate first."""

    code: str
    name: str
    rates: tuple[VatRate, ...]
    version: int = 0


def rate_on(rates: Sequence[VatRate], on: date) -> VatRate:
    """The newest rate that is not in the future of the local date ``on``. Raises NoVatRateYet."""
    begun = [rate for rate in rates if rate.effective_from <= on]
    if not begun:
        raise NoVatRateYet(f"no rate holds on {on.isoformat()}")
    return max(begun, key=lambda rate: rate.effective_from)
