"""What of a line has which VAT rate, where it is consumed and elsewhere."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a line that has a VAT rate of its own; gross before discounts."""

    name: str
    vat_rate_bp: int
    gross_minor: int
    vat_minor: int


@dataclass(frozen=True, slots=True)
class Rates:
    """The VAT of a line in the other consumption, on the day for which it was sold. ``portions`` as a line's,
    without their VAT, which a bill says.
    """

    vat_rate_bp: int
    portions: tuple[Portion, ...] = ()
