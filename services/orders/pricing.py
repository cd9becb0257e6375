"""What a bill comes to. Pure; amounts are integer minor units of the restaurant's one currency.

Rates are basis points. Every rounding is half away from zero and every split is by largest remainder, so that
lines, VAT groups and totals add up to the penny. Source: HMRC Notice 700, 17.6 (VAT rounds to the nearest
penny, never down) and VAT Notice 709/1 (catering).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from chassis.money import BASIS_POINTS_IN_ONE, divide_half_up, largest_remainder, percent


class BillMode(StrEnum):
    """How VAT and the service charge enter the bill."""

    INCLUSIVE_OPTIONAL = "inclusive_optional"
    """Prices hold their VAT; the service charge is optional and outside the scope of VAT."""
    INCLUSIVE_COMPULSORY = "inclusive_compulsory"
    """Prices hold their VAT; the service charge is compulsory and taxed like the lines it falls on."""
    EXCLUSIVE_LEGACY = "exclusive_legacy"
    """The first app's formula: service on the subtotal, VAT on top of both."""


@dataclass(frozen=True, slots=True)
class LineToPrice:
    """One line: the price of one unit with its options, how many, VAT rate and discount."""

    unit_minor: int
    quantity: int
    vat_rate_bp: int
    discount_minor: int = 0

    @property
    def gross_minor(self) -> int:
        """Before discounts."""
        return self.unit_minor * self.quantity

    @property
    def net_minor(self) -> int:
        """After discounts."""
        return self.gross_minor - self.discount_minor


class Stage(IntEnum):
    """In which order reductions are taken off, whenever they came."""

    LINE_PROMOTION = 1
    LINE = 2
    ORDER_PROMOTION = 3
    ORDER = 4
    COMP = 5


EACH_LINE = frozenset({Stage.LINE_PROMOTION, Stage.LINE})
"""Stages whose reductions are taken off each of their lines, and not off all of them together."""


@dataclass(frozen=True, slots=True)
class Target:
    """A line that a reduction is taken off: its place on the bill, and how often an amount is taken off."""

    line: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class Reduction:
    """What is taken off some lines: a part of what is left of them (``percent_bp``), or an amount, which
    takes no more than ``cap_bp`` of their gross. ``id`` decides only between two that are alike.
    """

    stage: Stage
    targets: tuple[Target, ...]
    percent_bp: int = 0
    amount_minor: int = 0
    cap_bp: int = BASIS_POINTS_IN_ONE
    id: str = ""

    @property
    def turn(self) -> tuple[int, bool, int, int, tuple[int, ...], str]:
        """Its place among all: by stage, percentages before amounts, and never by when it came."""
        lines = tuple(target.line for target in self.targets)
        is_amount = self.percent_bp == 0
        return self.stage, is_amount, self.percent_bp, self.amount_minor, lines, self.id


@dataclass(frozen=True, slots=True)
class Reduced:
    """What reductions come to, in minor units: of each line, and by each of them, in the order given."""

    lines: tuple[int, ...]
    reductions: tuple[int, ...]


def reduce(gross: Sequence[int], reductions: Sequence[Reduction]) -> Reduced:
    """What ``reductions`` take off lines of these amounts. Nothing gets below 0.

    A line's is rounded by itself. One of several lines together is spread over what is left of them by
    largest remainder.
    """
    left, taken = list(gross), [0] * len(reductions)
    for index in sorted(range(len(reductions)), key=lambda one: reductions[one].turn):
        one = reductions[index]
        shares = _off_each(one, gross, left) if one.stage in EACH_LINE else _off_all(one, gross, left)
        for target, share in zip(one.targets, shares, strict=True):
            left[target.line] -= share
        taken[index] = sum(shares)
    return Reduced(tuple(all_ - rest for all_, rest in zip(gross, left, strict=True)), tuple(taken))


def _off_each(one: Reduction, gross: Sequence[int], left: Sequence[int]) -> list[int]:
    return [
        _off(one, one.amount_minor * target.times, gross[target.line], left[target.line])
        for target in one.targets
    ]


def _off_all(one: Reduction, gross: Sequence[int], left: Sequence[int]) -> list[int]:
    weights = [left[target.line] for target in one.targets]
    off = _off(one, one.amount_minor, sum(gross[target.line] for target in one.targets), sum(weights))
    return _spread(off, weights)


def _off(one: Reduction, amount_minor: int, gross: int, left: int) -> int:
    if one.percent_bp:
        return percent(left, one.percent_bp)
    return min(left, amount_minor, percent(gross, one.cap_bp))


@dataclass(frozen=True, slots=True)
class VatGroup:
    """All goods of one rate: their amount with VAT and the service taxed with it, and the VAT in it."""

    rate_bp: int
    gross_minor: int
    vat_minor: int


@dataclass(frozen=True, slots=True)
class Bill:
    """A computed bill; ``line_vat_minor`` has the VAT of each line in the order they came in."""

    goods_minor: int
    discount_minor: int
    service_charge_minor: int
    vat_minor: int
    total_minor: int
    vat_groups: tuple[VatGroup, ...]
    line_vat_minor: tuple[int, ...]


def bill(lines: Sequence[LineToPrice], mode: BillMode, service_charge_bp: int) -> Bill:
    """The bill of ``lines``. ``service_charge_bp`` is 0 where none is due (takeaway, delivery).

    Raises ValueError for a line that is negative before or after its discount.
    """
    if any(
        line.quantity < 0 or line.unit_minor < 0 or not 0 <= line.discount_minor <= line.gross_minor
        for line in lines
    ):
        raise ValueError("a line of a bill is never negative and a discount never more than its line")
    net = [line.net_minor for line in lines]
    goods = sum(net)
    service = percent(goods, service_charge_bp)
    taxed_service = [0] * len(net) if mode is BillMode.INCLUSIVE_OPTIONAL else _spread(service, net)
    taxed = [amount + share for amount, share in zip(net, taxed_service, strict=True)]
    groups, line_vat = _vat([line.vat_rate_bp for line in lines], taxed, mode)
    vat = sum(group.vat_minor for group in groups)
    on_top = vat if mode is BillMode.EXCLUSIVE_LEGACY else 0
    return Bill(
        goods_minor=goods,
        discount_minor=sum(line.discount_minor for line in lines),
        service_charge_minor=service,
        vat_minor=vat,
        total_minor=goods + service + on_top,
        vat_groups=groups,
        line_vat_minor=tuple(line_vat),
    )


def _vat(
    rates: Sequence[int], taxed: Sequence[int], mode: BillMode
) -> tuple[tuple[VatGroup, ...], list[int]]:
    """VAT per rate over the whole order, then spread over that rate's lines: never per line or per unit."""
    line_vat = [0] * len(rates)
    groups = []
    for rate in sorted(set(rates)):
        members = [index for index, its_rate in enumerate(rates) if its_rate == rate]
        amounts = [taxed[index] for index in members]
        amount = sum(amounts)
        if mode is BillMode.EXCLUSIVE_LEGACY:
            vat = percent(amount, rate)
            gross = amount + vat
        else:
            vat = divide_half_up(amount * rate, BASIS_POINTS_IN_ONE + rate)
            gross = amount
        groups.append(VatGroup(rate, gross, vat))
        for index, share in zip(members, _spread(vat, amounts), strict=True):
            line_vat[index] = share
    return tuple(groups), line_vat


def _spread(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder, also where everything is free and nothing is to be spread."""
    return largest_remainder(total, weights) if any(weights) else [0] * len(weights)
