"""Checks: the bills that one order is split into. Amounts are integer minor units of the order's currency.

A check holds shares of lines, or a part of everything. All checks of an order together are the order, to the
penny, in goods, discount, service charge, VAT and total.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar
from uuid import UUID

from services.orders.pricing import VatGroup

K = TypeVar("K")
CHECKS_MAX = 40
"""Of one order."""
SHARES_MAX = 300
"""Of lines, on all checks of an order together."""
VAT_GROUPS_MAX = 4 * CHECKS_MAX
"""On all checks of an order together: four rates on each of 40."""
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
    """What a check, or a whole order, comes to; ``goods_minor`` is after discounts. ``vat`` is by rate, in
    ascending order, without the rates of which there is nothing.
    """

    goods_minor: int = 0
    discount_minor: int = 0
    service_charge_minor: int = 0
    vat: tuple[VatGroup, ...] = ()
    total_minor: int = 0

    @property
    def vat_minor(self) -> int:
        """Of all rates."""
        return sum(group.vat_minor for group in self.vat)

    @property
    def vat_is_on_top(self) -> bool:
        """Whether the total is goods, service charge and VAT; else VAT is inside the other two."""
        return self.total_minor != self.goods_minor + self.service_charge_minor

    @property
    def taxed(self) -> tuple[int, ...]:
        """What each rate applies to, without the VAT that comes on top of it."""
        return tuple(group.gross_minor - (group.vat_minor if self.vat_is_on_top else 0) for group in self.vat)

    @property
    def service_is_taxed(self) -> bool:
        """Whether the service charge is in the rates as well, as a compulsory one is."""
        return sum(self.taxed) != self.goods_minor

    def fits(self, pennies: int = 0) -> bool:
        """Whether nothing of it is negative, but for so many pennies of a rate: each line and each check was
        rounded by itself."""
        rates = [minor for group in self.vat for minor in (group.gross_minor, group.vat_minor)]
        sums = (self.goods_minor, self.discount_minor, self.service_charge_minor, self.total_minor)
        return min(sums) >= 0 and min(rates, default=0) >= -pennies

    def plus(self, other: "Sums") -> "Sums":
        """Both together."""
        return self._with(other, 1)

    def minus(self, other: "Sums") -> "Sums":
        """What is left of it; parts may be negative."""
        return self._with(other, -1)

    def _with(self, other: "Sums", sign: int) -> "Sums":
        return Sums(
            self.goods_minor + sign * other.goods_minor,
            self.discount_minor + sign * other.discount_minor,
            self.service_charge_minor + sign * other.service_charge_minor,
            by_rate(
                [
                    *self.vat,
                    *(
                        VatGroup(group.rate_bp, sign * group.gross_minor, sign * group.vat_minor)
                        for group in other.vat
                    ),
                ]
            ),
            self.total_minor + sign * other.total_minor,
        )


def by_rate(groups: Iterable[VatGroup]) -> tuple[VatGroup, ...]:
    """Those of each rate together, without what comes to nothing."""
    found: dict[int, tuple[int, int]] = {}
    for group in groups:
        gross, vat = found.get(group.rate_bp, (0, 0))
        found[group.rate_bp] = (gross + group.gross_minor, vat + group.vat_minor)
    return tuple(VatGroup(rate, *found[rate]) for rate in sorted(found) if any(found[rate]))


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
    def name(self) -> str:
        """What it is called on paper: ``Check 1 of 3``, ``Seat 2``, or what somebody has called it."""
        return f"Check {self.label}" if self.label[:1].isdigit() else self.label

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
    def words(self) -> str:
        """How it is split, for people."""
        return _words(self.mode, self.ways, len(self.checks))

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
    """A split as the client asks for it; ``ways`` 0 where it says none.

    ``base_version`` is the version of the order that the client saw, 0 where it says none.
    """

    mode: SplitMode
    ways: int = 0
    groups: tuple[Group, ...] = ()
    base_version: int = 0

    @property
    def words(self) -> str:
        """How it shall be split, for people."""
        is_one = self.ways == 1 or not (self.ways or self.groups or self.mode is SplitMode.SEAT)
        return ONE_BILL if is_one else _words(self.mode, self.ways, len(self.groups))


ONE_BILL = "one bill"
"""An order that is not split."""


def _words(mode: SplitMode, ways: int, checks: int) -> str:
    if mode is SplitMode.EVEN:
        return f"evenly by {ways}"
    return f"by {mode.value}" + (f", {checks} check{'s' if checks > 1 else ''}" if checks else "")


def sums_of(checks: Iterable[Check]) -> Sums:
    """All of them together."""
    total = Sums()
    for check in checks:
        total = total.plus(check.sums)
    return total


def held(checks: Iterable[Check]) -> dict[UUID, Fraction]:
    """How much of each line these checks hold."""
    return together((share.line_id, share.part) for check in checks for share in check.shares)


def together(parts: Iterable[tuple[K, Fraction]]) -> dict[K, Fraction]:
    """All parts of each line, or whatever they are of."""
    found: dict[K, Fraction] = {}
    for key, part in parts:
        found[key] = found.get(key, Fraction()) + part
    return found
