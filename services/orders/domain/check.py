"""Checks: the bills that one order is split into. Amounts are integer minor units of the order's currency.

A check holds shares of lines, or a part of everything. All checks of an order together are the order, to the
penny, in goods, discount, service charge, VAT and total.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

CHECKS_MAX = 40
"""Of one order."""
SHARES_MAX = 300
"""Of lines, on all checks of an order together."""
SHARE_DENOMINATOR_MAX = 1_000_000
"""What is left of a line when shares of it are taken is written down as a fraction, too."""


class SplitMode(StrEnum):
    """By what an order is split."""

    EVEN = "even"
    ITEM = "item"
    SEAT = "seat"
    AMOUNT = "amount"
    PERCENTAGE = "percentage"

    @property
    def of_lines(self) -> bool:
        """Whether its checks hold shares of lines; else each is a part of everything."""
        return self in {SplitMode.ITEM, SplitMode.SEAT}


class CheckState(StrEnum):
    """How far a check is paid."""

    OPEN = "open"
    PART_PAID = "part_paid"
    PAID = "paid"


class CheckKind(StrEnum):
    """How a check came to be."""

    SHARE = "share"
    """What somebody was asked to pay."""
    REST = "rest"
    """What no other check holds."""
    EARLIER = "earlier"
    """Paid before the order was split as it is now."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What a check, or a whole order, comes to; ``goods_minor`` is after discounts."""

    goods_minor: int = 0
    discount_minor: int = 0
    service_charge_minor: int = 0
    vat_minor: int = 0
    total_minor: int = 0

    @property
    def parts(self) -> tuple[int, int, int, int, int]:
        """All of them, in the order of the fields."""
        return (
            self.goods_minor,
            self.discount_minor,
            self.service_charge_minor,
            self.vat_minor,
            self.total_minor,
        )

    @property
    def vat_is_on_top(self) -> bool:
        """Whether the total is goods, service charge and VAT; else VAT is inside the other two."""
        return self.total_minor != self.goods_minor + self.service_charge_minor

    @property
    def fits(self) -> bool:
        """Whether nothing of it is negative."""
        return min(self.parts) >= 0

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(*(one + more for one, more in zip(self.parts, other.parts, strict=True)))

    def minus(self, other: "Sums") -> "Sums":
        """What is left of it; parts may be negative."""
        return Sums(*(one - less for one, less in zip(self.parts, other.parts, strict=True)))


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of a line, more than 0 and at most 1."""

    line_id: UUID
    part: Fraction


@dataclass(frozen=True, slots=True)
class Check:
    """One bill. From the first money on it is frozen: none of it changes but what is paid.

    ``asked_minor`` and ``asked_bp`` are what it was asked to be, by amount or by percentage.
    """

    id: UUID
    label: str
    kind: CheckKind = CheckKind.SHARE
    sums: Sums = Sums()
    paid_minor: int = 0
    shares: tuple[Share, ...] = ()
    seats: tuple[int, ...] = ()
    asked_minor: int = 0
    asked_bp: int = 0

    @property
    def due_minor(self) -> int:
        """What is still to pay, never negative."""
        return max(0, self.sums.total_minor - self.paid_minor)

    @property
    def frozen(self) -> bool:
        """Whether somebody has paid on it."""
        return self.paid_minor > 0

    @property
    def state(self) -> CheckState:
        """A check of nothing is paid."""
        if self.due_minor == 0:
            return CheckState.PAID
        return CheckState.PART_PAID if self.frozen else CheckState.OPEN

    def with_sums(self, sums: Sums) -> "Check":
        """The same check, come to something else."""
        return self if sums == self.sums else replace(self, sums=sums)


@dataclass(frozen=True, slots=True)
class Split:
    """The checks of an order, and how it was split; ``ways`` is 0 unless that was evenly."""

    mode: SplitMode
    checks: tuple[Check, ...]
    ways: int = 0

    @property
    def frozen(self) -> tuple[Check, ...]:
        """Those with money on them."""
        return tuple(check for check in self.checks if check.frozen)

    @property
    def open(self) -> tuple[Check, ...]:
        """Those without."""
        return tuple(check for check in self.checks if not check.frozen)


@dataclass(frozen=True, slots=True)
class WantedShare:
    """Of a line; ``part`` None: what is left of it, with all who ask for it so."""

    line_id: UUID
    part: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What one check shall be; which of these counts is the mode's."""

    label: str = ""
    shares: tuple[WantedShare, ...] = ()
    seats: tuple[int, ...] = ()
    amount_minor: int = 0
    bp: int = 0


@dataclass(frozen=True, slots=True)
class WantedSplit:
    """A split as the client asks for it; ``ways`` 0 where it says none."""

    mode: SplitMode
    ways: int = 0
    groups: tuple[Group, ...] = ()


def sums_of(checks: Iterable[Check]) -> Sums:
    """All of them together."""
    total = Sums()
    for check in checks:
        total = total.plus(check.sums)
    return total


def held(checks: Iterable[Check]) -> dict[UUID, Fraction]:
    """How much of each line these checks hold."""
    return together((share.line_id, share.part) for check in checks for share in check.shares)


def together(parts: Iterable[tuple[UUID, Fraction]]) -> dict[UUID, Fraction]:
    """All parts of each line."""
    found: dict[UUID, Fraction] = {}
    for line_id, part in parts:
        found[line_id] = found.get(line_id, Fraction()) + part
    return found
