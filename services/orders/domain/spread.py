"""How the sums of an order are spread over its checks. Every part is whole, and all parts are the sum.

Everything goes by largest remainder (``chassis.money``): no part is a whole unit from its exact share. VAT
goes by rate: a check has what is its own of each, so that one without goods of a rate has nothing of it.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor, lcm

from chassis.money import largest_remainder
from services.orders.domain.check import Sums, by_rate
from services.orders.domain.levelling import level, sums_of_columns
from services.orders.pricing import VatGroup


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder, in equal parts where no weight says anything; nothing over nobody."""
    if not weights:
        return []
    return largest_remainder(total, weights if any(weights) else [1] * len(weights))


def by_totals(pool: Sums, totals: Sequence[int]) -> list[Sums]:
    """Checks that come to these totals, which sum up to the pool's.

    Each takes goods, then service charge, in proportion of what it pays, so that it comes to its total
    exactly; discounts go by goods, and each rate by what it applies to.
    """
    goods = spread(pool.goods_minor, totals)
    taxed = totals if pool.vat_is_on_top or pool.service_is_taxed else goods
    gross = level([_row(group.gross_minor, taxed) for group in pool.vat], taxed, [taxed] * len(pool.vat))
    vat = _vat(pool, gross)
    net = list(totals)
    if pool.vat_is_on_top:
        net = [
            total - of_vat for total, of_vat in zip(totals, sums_of_columns(vat, len(totals)), strict=True)
        ]
        goods = spread(pool.goods_minor, [max(0, one) for one in net])
    service = [total - of_goods for total, of_goods in zip(net, goods, strict=True)]
    discounts = spread(pool.discount_minor, goods)
    groups = _groups(pool, gross, vat, len(totals))
    return [Sums(*parts) for parts in zip(goods, discounts, service, groups, totals, strict=True)]


def by_goods(
    pool: Sums,
    goods: Sequence[Fraction],
    discounts: Sequence[Fraction],
    of_rates: Sequence[Mapping[int, Fraction]],
) -> list[Sums]:
    """Checks of goods (exact amounts, after the discounts in them), by rate ``of_rates``: the service charge
    goes by goods, and each rate by the goods that have it.
    """
    checks = len(goods)
    whole = fitted(pool.goods_minor, goods)
    service = spread(pool.service_charge_minor, whole)
    weights = [_whole([of.get(group.rate_bp, Fraction()) for of in of_rates]) for group in pool.vat]
    taxed = [_row(minor, row) for minor, row in zip(pool.taxed, weights, strict=True)]
    if not pool.service_is_taxed:
        taxed = level(taxed, whole, weights)
    else:
        with_service = [sum(parts) for parts in zip(whole, service, strict=True)]
        taxed = level(taxed, with_service, weights, firmly=False)
        found = sums_of_columns(taxed, checks)
        # What is taxed at a rate is so many whole units; a check of that rate alone pays the odd one of them.
        its_own = [minor - of_goods for minor, of_goods in zip(found, whole, strict=True)]
        if min(its_own, default=0) >= 0:
            service = its_own
        else:
            taxed = level(taxed, with_service, weights)
    vat = _vat(pool, taxed)
    on_top = vat if pool.vat_is_on_top else [[0] * checks for _ in vat]
    gross = [[sum(parts) for parts in zip(*rows, strict=True)] for rows in zip(taxed, on_top, strict=True)]
    totals = [sum(parts) for parts in zip(whole, service, sums_of_columns(on_top, checks), strict=True)]
    groups = _groups(pool, gross, vat, checks)
    parts = zip(whole, fitted(pool.discount_minor, discounts), service, groups, totals, strict=True)
    return [Sums(*one) for one in parts]


def told_before_rates(
    groups: Sequence[VatGroup], goods: Sequence[int], totals: Sequence[int], vat: Sequence[int]
) -> list[tuple[VatGroup, ...]]:
    """The rates of checks that were told their VAT alone: each keeps it, and all together are the order's
    ``groups``."""
    of_goods = sum(group.gross_minor for group in groups) == sum(goods)
    taxed = goods if of_goods else totals
    pool = Sums(vat=tuple(groups))
    gross = level([_row(group.gross_minor, taxed) for group in groups], taxed, [taxed] * len(groups))
    return _groups(pool, gross, level(_vat(pool, gross), vat, gross), len(goods))


def fitted(total: int, exact: Sequence[Fraction]) -> list[int]:
    """Exact amounts as whole ones that sum up to ``total``; in proportion where they do not."""
    whole = [floor(amount) for amount in exact]
    missing = total - sum(whole)
    if not 0 <= missing <= len(exact):
        return spread(total, _whole(exact))
    largest_first = sorted(range(len(exact)), key=lambda index: (whole[index] - exact[index], index))
    for index in largest_first[:missing]:
        whole[index] += 1
    return whole


def _whole(exact: Sequence[Fraction]) -> list[int]:
    """The same proportions without fractions."""
    scale = lcm(*(amount.denominator for amount in exact))
    return [int(amount * scale) for amount in exact]


def _row(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder; pennies that rounding has left, and that are nobody's, are the last one's."""
    weights = [max(0, one) for one in weights]
    if total < 0 or not any(weights):
        return [0] * (len(weights) - 1) + [total] * bool(weights)
    return largest_remainder(total, weights)


def _vat(pool: Sums, taxed: Sequence[Sequence[int]]) -> list[list[int]]:
    return [_row(group.vat_minor, row) for group, row in zip(pool.vat, taxed, strict=True)]


def _groups(
    pool: Sums, gross: Sequence[Sequence[int]], vat: Sequence[Sequence[int]], checks: int
) -> list[tuple[VatGroup, ...]]:
    """Of each check."""
    return [
        by_rate(
            VatGroup(group.rate_bp, gross[row][check], vat[row][check]) for row, group in enumerate(pool.vat)
        )
        for check in range(checks)
    ]
