"""What an order must come to, by the rules of the trade alone: exact fractions, rounded where they say so.

Half up, away from zero; what is spread goes by largest remainder, ties to the first. VAT is reckoned over the
whole order by rate. Source: HMRC Notice 700, 17.6; VAT Notice 709/1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

from tests.e2e.friday.carte import (
    BY_NAME,
    EAT_IN,
    PROMOTION_BP,
    RATES,
    SERVICE_BP,
    Choice,
    Dish,
    Picks,
)
from tests.e2e.friday.notes import Line, Off, Visit


@dataclass(frozen=True)
class Bill:
    """In pence; ``vat``: by rate, (goods of that rate, VAT in them)."""

    goods: int
    discount: int
    service: int
    vat: dict[int, tuple[int, int]]
    lines: dict[str, int]
    """What each line costs after what is taken off it."""

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.goods + self.service


def half_up(exact: Fraction) -> int:
    """To whole pence."""
    return int((Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP))


def part_of(amount: int, basis_points: int) -> int:
    """A part of an amount."""
    return half_up(Fraction(amount * basis_points, 10_000))


def dealt(total: int, weights: Sequence[int]) -> list[int]:
    """The total in whole pence, in proportion."""
    if not any(weights):
        return [0] * len(weights)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    whole = [floor(one) for one in exact]
    first = sorted(range(len(exact)), key=lambda index: (whole[index] - exact[index], index))
    for index in first[: total - sum(whole)]:
        whole[index] += 1
    return whole


def unit(dish: Dish, picks: Picks, order_type: str) -> list[tuple[int, int]]:
    """One of it as parts: (VAT rate, pence)."""
    if any(pick.component for pick in picks):
        return _combo(dish, picks, order_type)
    rate = RATES[(dish.vat_class, order_type)]
    parts = [(rate, dish.price)]
    for pick in picks:
        own = RATES[(pick.vat_class or dish.vat_class, order_type)]
        if own == rate:
            parts[0] = (rate, parts[0][1] + pick.delta)
        else:
            parts.append((own, pick.delta))
    return parts


def _combo(dish: Dish, picks: Sequence[Choice], order_type: str) -> list[tuple[int, int]]:
    """A combo's price lies on its components by what they would cost alone."""
    components = [BY_NAME[pick.component] for pick in picks]
    whole = dish.price + sum(pick.delta for pick in picks)
    alone = [one.price + pick.delta for one, pick in zip(components, picks, strict=True)]
    rates = [RATES[(one.vat_class, order_type)] for one in components]
    return list(zip(rates, dealt(whole, alone), strict=True))


def reckon(visit: Visit) -> Bill:
    """The bill of an order as its notes stand."""
    sold = [line for line in visit.lines if line.left]
    parts = [
        [(rate, pence * line.left) for rate, pence in unit(line.dish, line.picks, visit.order_type)]
        for line in sold
    ]
    gross = [sum(pence for _, pence in of_line) for of_line in parts]
    net = _reduced(visit, sold, gross)
    goods = sum(net)
    by_rate: dict[int, int] = {}
    for left, of_line in zip(net, parts, strict=True):
        shares = dealt(left, [pence for _, pence in of_line])
        for (rate, _), share in zip(of_line, shares, strict=True):
            by_rate[rate] = by_rate.get(rate, 0) + share
    pennies = visit.vat_pennies
    return Bill(
        goods=goods,
        discount=sum(gross) - goods,
        service=part_of(goods, SERVICE_BP) + visit.service_penny
        if goods and visit.order_type == EAT_IN
        else 0,
        vat={
            rate: (of, half_up(Fraction(of * rate, 10_000 + rate)) + pennies[rate])
            for rate, of in by_rate.items()
        },
        lines={line.id: left for line, left in zip(sold, net, strict=True)},
    )


def _reduced(visit: Visit, sold: Sequence[Line], gross: Sequence[int]) -> list[int]:
    """Promotions on lines first, then people's on lines, then those on the order, and comps last."""
    off = visit.off
    left = [
        pence - part_of(pence, PROMOTION_BP) if line.promoted else pence
        for line, pence in zip(sold, gross, strict=True)
    ]
    given = [one for one in off if not one.is_comp]
    for one in sorted(
        (one for one in given if one.line_id), key=lambda one: (one.bp == 0, one.bp, one.amount)
    ):
        for index, line in enumerate(sold):
            if line.id == one.line_id:
                left[index] -= part_of(left[index], one.bp) if one.bp else min(left[index], one.amount)
    for one in sorted(
        (one for one in given if not one.line_id), key=lambda one: (one.bp == 0, one.bp, one.amount)
    ):
        theirs = [pence if _is_of(one, line, visit) else 0 for pence, line in zip(left, sold, strict=True)]
        whole = part_of(sum(theirs), one.bp) if one.bp else min(sum(theirs), one.amount)
        left = [pence - share for pence, share in zip(left, dealt(whole, theirs), strict=True)]
    comps = {one.line_id for one in off if one.is_comp}
    return [0 if line.id in comps else pence for line, pence in zip(sold, left, strict=True)]


def _is_of(off: Off, line: Line, visit: Visit) -> bool:
    """Of orders that were merged, each keeps what was given off the whole of it."""
    return not off.home or off.home == (line.home or visit.id)
