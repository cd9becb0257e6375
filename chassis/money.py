"""Arithmetic on amounts of money in integer minor units (pence). No floats; callers carry the currency.

Rates are basis points (1 % = 100). Ties round half away from zero, so that a refund mirrors its sale.
"""

from collections.abc import Sequence

BASIS_POINTS_IN_ONE = 10_000
DEFAULT_MINOR_DIGITS = 2
_NO_MINOR_UNITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_MINOR_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS = dict.fromkeys(_NO_MINOR_UNITS.split(), 0) | dict.fromkeys(_THREE_MINOR_DIGITS.split(), 3)
"""ISO 4217, where it is not two."""


def minor_digits(currency_code: str) -> int:
    """How many digits of an amount are minor units."""
    return MINOR_DIGITS.get(currency_code, DEFAULT_MINOR_DIGITS)


def written(amount_minor: int, currency_code: str) -> str:
    """An amount in major units with its currency, for people who read a log: ``-12.50 GBP``."""
    digits = minor_digits(currency_code)
    whole, rest = divmod(abs(amount_minor), 10**digits)
    sign, tail = "-" if amount_minor < 0 else "", f".{rest:0{digits}}" if digits else ""
    return f"{sign}{whole}{tail} {currency_code}".rstrip()


def divide_half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded to the nearest integer, ties away from zero. ValueError for denominator <= 0."""
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient


def percent(amount_minor: int, basis_points: int) -> int:
    """``basis_points`` of an amount in minor units; 1250 basis points of 10000 pence are 1250 pence."""
    return divide_half_up(amount_minor * basis_points, BASIS_POINTS_IN_ONE)


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Shares of ``total`` (minor units, may be negative) in proportion to ``weights``; they sum to it.

    Every share is the exact quota cut to a whole unit; units left over go to the largest remainders, earlier
    weights first on a tie (10001 in three equal parts: 3334, 3334, 3333). Source: Hamilton's method.
    Raises ValueError for no weights, a negative weight, or weights that are all zero.
    """
    if not weights or min(weights) < 0 or sum(weights) == 0:
        raise ValueError("weights must be non-negative and not all zero")
    sign, magnitude, whole = (1 if total >= 0 else -1), abs(total), sum(weights)
    shares = [magnitude * weight // whole for weight in weights]
    remainders = [magnitude * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: magnitude - sum(shares)]:
        shares[index] += 1
    return [sign * share for share in shares]
