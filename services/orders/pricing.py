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
class PartToPrice:
    """A part of a line, before discounts, that has a VAT rate of its own."""

    gross_minor: int
    vat_rate_bp: int


@dataclass(frozen=True, slots=True)
class LineToPrice:
    """One line: the price of one unit with its options, how many, VAT rate and discount.

    Where not all of it has one rate, ``parts`` say which part has which; they add up to the gross.
    """

    unit_minor: int
    quantity: int
    vat_rate_bp: int
    discount_minor: int = 0
    parts: tuple[PartToPrice, ...] = ()

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
class Rounding:
    """Pennies that came to a bill from others, which would otherwise be lost: those of its service charge,
    and those of the groups. Each may be negative.
    """

    service_charge_minor: int = 0
    vat: tuple[VatGroup, ...] = ()

    def plus(self, other: "Rounding") -> "Rounding":
        """Both together."""
        of_rate: dict[int, tuple[int, int]] = {}
        for group in (*self.vat, *other.vat):
            gross, vat = of_rate.get(group.rate_bp, (0, 0))
            of_rate[group.rate_bp] = gross + group.gross_minor, vat + group.vat_minor
        groups = tuple(VatGroup(rate, *of_rate[rate]) for rate in sorted(of_rate) if any(of_rate[rate]))
        return Rounding(self.service_charge_minor + other.service_charge_minor, groups)


EXACT = Rounding()


@dataclass(frozen=True, slots=True)
class Bill:
    """A computed bill; ``line_vat_minor`` has the VAT of each line in the order they came in,
    ``part_vat_minor`` that of the parts of each.
    """

    goods_minor: int
    discount_minor: int
    service_charge_minor: int
    vat_minor: int
    total_minor: int
    vat_groups: tuple[VatGroup, ...]
    line_vat_minor: tuple[int, ...]
    part_vat_minor: tuple[tuple[int, ...], ...]


def bill(
    lines: Sequence[LineToPrice], mode: BillMode, service_charge_bp: int, rounding: Rounding = EXACT
) -> Bill:
    """The bill of ``lines``. ``service_charge_bp`` is 0 where none is due (takeaway, delivery). Of
    ``rounding`` counts what there is something for.

    Raises ValueError for a line or a part of one that is negative, and for parts that are not their line.
    """
    _check(lines)
    net = [line.net_minor for line in lines]
    goods = sum(net)
    service = percent(goods, service_charge_bp)
    if goods and rounding.service_charge_minor:
        service = max(0, service + rounding.service_charge_minor)
    taxed_service = [0] * len(net) if mode is BillMode.INCLUSIVE_OPTIONAL else _spread(service, net)
    taxed = [amount + share for amount, share in zip(net, taxed_service, strict=True)]
    groups, line_vat, part_vat = _line_vat(lines, taxed, mode, rounding)
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
        part_vat_minor=part_vat,
    )


def _check(lines: Sequence[LineToPrice]) -> None:
    for line in lines:
        if line.quantity < 0 or line.unit_minor < 0 or not 0 <= line.discount_minor <= line.gross_minor:
            raise ValueError("a line of a bill is never negative and a discount never more than its line")
        if line.parts and (
            min(part.gross_minor for part in line.parts) < 0
            or sum(part.gross_minor for part in line.parts) != line.gross_minor
        ):
            raise ValueError("the parts of a line are never negative and add up to it")


def _line_vat(
    lines: Sequence[LineToPrice], taxed: Sequence[int], mode: BillMode, rounding: Rounding
) -> tuple[tuple[VatGroup, ...], list[int], tuple[tuple[int, ...], ...]]:
    """The groups, the VAT of each line, and that of its parts, of which most have none."""
    if not any(line.parts for line in lines):
        groups, line_vat = _vat([line.vat_rate_bp for line in lines], taxed, mode, rounding)
        return groups, line_vat, ((),) * len(lines)
    parts = [_parts(line, amount) for line, amount in zip(lines, taxed, strict=True)]
    flat = [part for of_line in parts for part in of_line]
    groups, flat_vat = _vat([rate for rate, _ in flat], [amount for _, amount in flat], mode, rounding)
    vat_of = iter(flat_vat)
    vat = [tuple(next(vat_of) for _ in of_line) for of_line in parts]
    of_parts = tuple(of_line if line.parts else () for line, of_line in zip(lines, vat, strict=True))
    return groups, [sum(of_line) for of_line in vat], of_parts


def _parts(line: LineToPrice, taxed_minor: int) -> list[tuple[int, int]]:
    """(rate, amount) of what of a line has one rate: its discount and service follow the parts' amounts."""
    if not line.parts:
        return [(line.vat_rate_bp, taxed_minor)]
    amounts = _spread(taxed_minor, [part.gross_minor for part in line.parts])
    return [(part.vat_rate_bp, amount) for part, amount in zip(line.parts, amounts, strict=True)]


def _vat(
    rates: Sequence[int], taxed: Sequence[int], mode: BillMode, rounding: Rounding
) -> tuple[tuple[VatGroup, ...], list[int]]:
    """VAT per rate over the whole order, then spread over what has that rate: never per line or per unit."""
    part_vat = [0] * len(rates)
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
        more = next((one for one in rounding.vat if one.rate_bp == rate), None)
        if more is not None and amount:
            gross = max(0, gross + more.gross_minor)
            vat = min(max(0, vat + more.vat_minor), gross)
        groups.append(VatGroup(rate, gross, vat))
        for index, share in zip(members, _spread(vat, amounts), strict=True):
            part_vat[index] = share
    return tuple(groups), part_vat


def _spread(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder, also where everything is free and nothing is to be spread."""
    return largest_remainder(total, weights) if any(weights) else [0] * len(weights)
