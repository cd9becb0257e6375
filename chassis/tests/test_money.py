from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import divide_half_up, largest_remainder, minor_digits, percent, written

amounts = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(lambda some: sum(some) > 0)


@given(amounts, st.integers(1, 10**6))
def test_division_agrees_with_decimal_half_up(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / Decimal(denominator)
    # Halves are exact in Decimal whenever they occur, so that the tie rule is really compared.
    assert divide_half_up(numerator, denominator) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(amounts, st.integers(0, 20_000))
def test_a_percentage_of_a_refund_mirrors_that_of_the_sale(amount: int, rate: int) -> None:
    assert percent(-amount, rate) == -percent(amount, rate)


@pytest.mark.parametrize(
    ("amount", "rate", "share"),
    [(10000, 1250, 1250), (2500, 1250, 313), (1999, 1250, 250), (-2500, 1250, -313), (230, 100, 2)],
)
def test_percentages_of_known_bills(amount: int, rate: int, share: int) -> None:
    assert percent(amount, rate) == share


@given(amounts, weights)
def test_shares_sum_to_the_total(total: int, parts: list[int]) -> None:
    assert sum(largest_remainder(total, parts)) == total


@given(amounts, weights)
def test_a_share_is_within_one_unit_of_its_exact_quota(total: int, parts: list[int]) -> None:
    whole = sum(parts)
    for share, weight in zip(largest_remainder(total, parts), parts, strict=True):
        assert abs(share * whole - total * weight) < whole


@given(amounts, weights)
def test_weight_zero_gets_nothing_and_equal_weights_differ_by_one_at_most(
    total: int, parts: list[int]
) -> None:
    shares = largest_remainder(total, parts)
    assert all(share == 0 for share, weight in zip(shares, parts, strict=True) if weight == 0)
    for weight in set(parts):
        equal = [share for share, other in zip(shares, parts, strict=True) if other == weight]
        assert max(equal) - min(equal) <= 1


@pytest.mark.parametrize(
    ("total", "parts", "shares"),
    [
        (10001, [1, 1, 1], [3334, 3334, 3333]),
        (3000, [1] * 7, [429, 429, 429, 429, 428, 428, 428]),
        (100, [1, 1, 1], [34, 33, 33]),
        (9717, [1, 1, 1], [3239, 3239, 3239]),
        (197, [895, 450, 620], [90, 45, 62]),
        (500, [360, 120, 120], [300, 100, 100]),
        (-100, [1, 1, 1], [-34, -33, -33]),
    ],
)
def test_known_splits(total: int, parts: list[int], shares: list[int]) -> None:
    assert largest_remainder(total, parts) == shares


@pytest.mark.parametrize("parts", [[], [0, 0], [1, -1]])
def test_weights_that_cannot_share_are_refused(parts: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        largest_remainder(1, parts)


@pytest.mark.parametrize("denominator", [0, -3])
def test_a_denominator_must_be_positive(denominator: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        divide_half_up(1, denominator)


def test_currencies_have_their_own_minor_units() -> None:
    assert [minor_digits(code) for code in ("GBP", "JPY", "KWD")] == [2, 0, 3]


def test_an_amount_is_written_in_major_units() -> None:
    amounts = [(-1205, "GBP"), (5, "GBP"), (1250, "JPY"), (1250, "KWD"), (100, "")]
    expected = ["-12.05 GBP", "0.05 GBP", "1250 JPY", "1.250 KWD", "1.00"]
    assert [written(minor, code) for minor, code in amounts] == expected
