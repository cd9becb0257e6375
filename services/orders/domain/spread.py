"""How the sums of an order are spread over its checks. Every part is whole, and all parts are the sum.

Everything goes by largest remainder (``chassis.money``): no part is a whole unit from its exact share.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor, lcm

from chassis.money import largest_remainder
from services.orders.domain.check import Sums


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder, in equal parts where no weight says anything; nothing over nobody."""
    if not weights:
        return []
    return largest_remainder(total, weights if any(weights) else [1] * len(weights))


def by_totals(pool: Sums, totals: Sequence[int]) -> list[Sums]:
    """Checks that come to these totals, which sum up to the pool's.

    Each takes goods, then service charge, in proportion of what it pays, so that it comes to its total
    exactly; VAT and discounts go by goods.
    """
    goods = spread(pool.goods_minor, totals)
    charges = [total - of_goods for total, of_goods in zip(totals, goods, strict=True)]
    if pool.vat_is_on_top:
        service = spread(pool.service_charge_minor, charges)
        vat = [charge - of_service for charge, of_service in zip(charges, service, strict=True)]
    else:
        service, vat = charges, spread(pool.vat_minor, goods)
    discounts = spread(pool.discount_minor, goods)
    return [Sums(*parts) for parts in zip(goods, discounts, service, vat, totals, strict=True)]


def by_goods(pool: Sums, goods: Sequence[Fraction], discounts: Sequence[Fraction]) -> list[Sums]:
    """Checks of goods (exact amounts, after the discounts in them): charges and VAT go by goods."""
    whole = fitted(pool.goods_minor, goods)
    service = spread(pool.service_charge_minor, whole)
    vat = spread(pool.vat_minor, whole)
    on_top = vat if pool.vat_is_on_top else [0] * len(whole)
    totals = [sum(parts) for parts in zip(whole, service, on_top, strict=True)]
    return [
        Sums(*parts)
        for parts in zip(whole, fitted(pool.discount_minor, discounts), service, vat, totals, strict=True)
    ]


def fitted(total: int, exact: Sequence[Fraction]) -> list[int]:
    """Exact amounts as whole ones that sum up to ``total``; in proportion where they do not."""
    whole = [floor(amount) for amount in exact]
    missing = total - sum(whole)
    if not 0 <= missing <= len(exact):
        scale = lcm(*(amount.denominator for amount in exact))
        return spread(total, [int(amount * scale) for amount in exact])
    largest_first = sorted(range(len(exact)), key=lambda index: (whole[index] - exact[index], index))
    for index in largest_first[:missing]:
        whole[index] += 1
    return whole
