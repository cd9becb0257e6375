"""Bills: vectors computed by hand, and laws over random baskets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import largest_remainder, percent
from services.orders.pricing import Bill, BillMode, LineToPrice, bill

STANDARD = 2000
SERVICE = 1250
LEGACY, OPTIONAL, COMPULSORY = (
    BillMode.EXCLUSIVE_LEGACY,
    BillMode.INCLUSIVE_OPTIONAL,
    BillMode.INCLUSIVE_COMPULSORY,
)

lines = st.lists(
    st.builds(
        LineToPrice,
        unit_minor=st.integers(0, 100_000),
        quantity=st.integers(1, 99),
        vat_rate_bp=st.sampled_from([0, 500, 1250, 2000]),
    ),
    max_size=12,
)


def one(unit_minor: int, quantity: int = 1, rate: int = STANDARD, discount: int = 0) -> LineToPrice:
    return LineToPrice(unit_minor, quantity, rate, discount)


@pytest.mark.parametrize(
    ("subtotal", "mode", "service", "vat", "total"),
    [
        (10000, LEGACY, 1250, 2250, 13500),
        (10000, OPTIONAL, 1250, 1667, 11250),
        (10000, COMPULSORY, 1250, 1875, 11250),
        (2500, LEGACY, 313, 563, 3376),
        (2500, OPTIONAL, 313, 417, 2813),
        (2500, COMPULSORY, 313, 469, 2813),
        (1999, LEGACY, 250, 450, 2699),
        (1999, OPTIONAL, 250, 333, 2249),
        (1999, COMPULSORY, 250, 375, 2249),
    ],
)
def test_the_three_modes_give_the_published_totals(
    subtotal: int, mode: BillMode, service: int, vat: int, total: int
) -> None:
    computed = bill([one(subtotal)], mode, SERVICE)
    assert (computed.service_charge_minor, computed.vat_minor, computed.total_minor) == (service, vat, total)


def test_vat_is_computed_on_the_group_and_not_per_unit() -> None:
    computed = bill([one(199, 36)], OPTIONAL, 0)
    assert (computed.total_minor, computed.vat_minor) == (7164, 1194)


def test_each_rate_has_a_group_of_its_own_and_the_gross_never_moves() -> None:
    computed = bill([one(2890, rate=2200), one(125, rate=1000)], OPTIONAL, 0)
    assert [(group.rate_bp, group.vat_minor) for group in computed.vat_groups] == [(1000, 11), (2200, 521)]
    assert computed.total_minor == 3015


def test_a_meal_deal_is_apportioned_by_list_price_and_its_vat_spread_over_the_lines() -> None:
    shares = largest_remainder(500, [360, 120, 120])
    assert shares == [300, 100, 100]
    computed = bill([one(300, rate=0), one(100), one(100)], OPTIONAL, 0)
    assert computed.vat_minor == 33
    assert computed.line_vat_minor == (0, 17, 16)


def test_a_discount_of_the_order_is_spread_by_largest_remainder() -> None:
    grosses = [895, 450, 620]
    discount = percent(sum(grosses), 1000)
    spread = largest_remainder(discount, grosses)
    assert (discount, spread) == (197, [90, 45, 62])
    discounted = [one(gross, discount=share) for gross, share in zip(grosses, spread, strict=True)]
    computed = bill(discounted, OPTIONAL, 0)
    assert (computed.goods_minor, computed.discount_minor, computed.total_minor) == (1768, 197, 1768)


@pytest.mark.parametrize(
    ("total", "payers", "shares"),
    [
        (10001, 3, [3334, 3334, 3333]),
        (3000, 7, [429] * 4 + [428] * 3),
        (100, 3, [34, 33, 33]),
        (8637 + 1080, 3, [3239] * 3),
        (1440, 3, [480] * 3),
    ],
)
def test_an_even_split_adds_up_to_the_penny(total: int, payers: int, shares: list[int]) -> None:
    assert largest_remainder(total, [1] * payers) == shares


def test_service_on_the_table_of_three_is_the_published_one() -> None:
    computed = bill([one(8637)], OPTIONAL, SERVICE)
    assert (computed.service_charge_minor, computed.vat_minor) == (1080, 1440)


def test_a_compulsory_charge_is_taxed_at_the_rate_of_the_lines_it_falls_on() -> None:
    computed = bill([one(1000, rate=0), one(1000)], COMPULSORY, SERVICE)
    assert [(group.rate_bp, group.gross_minor) for group in computed.vat_groups] == [(0, 1125), (2000, 1125)]
    assert computed.vat_minor == 188  # a sixth of 11.25


def test_a_free_order_has_nothing_to_spread() -> None:
    computed = bill([one(0), one(0)], COMPULSORY, SERVICE)
    assert (computed.total_minor, computed.line_vat_minor) == (0, (0, 0))


@pytest.mark.parametrize("wrong", [one(-1), one(100, -1), one(100, discount=101), one(100, discount=-1)])
def test_a_line_below_zero_is_refused(wrong: LineToPrice) -> None:
    with pytest.raises(ValueError, match="never negative"):
        bill([wrong], OPTIONAL, 0)


@given(lines, st.sampled_from(BillMode), st.integers(0, 5000))
def test_lines_groups_and_totals_add_up(basket: list[LineToPrice], mode: BillMode, service_bp: int) -> None:
    computed = bill(basket, mode, service_bp)
    assert sum(line.net_minor for line in basket) == computed.goods_minor
    assert sum(computed.line_vat_minor) == computed.vat_minor
    assert sum(group.vat_minor for group in computed.vat_groups) == computed.vat_minor
    for group in computed.vat_groups:
        its_lines = [
            vat
            for vat, line in zip(computed.line_vat_minor, basket, strict=True)
            if line.vat_rate_bp == group.rate_bp
        ]
        assert sum(its_lines) == group.vat_minor
    assert _taxed(computed, mode) == sum(group.gross_minor for group in computed.vat_groups)
    on_top = computed.vat_minor if mode is LEGACY else 0
    assert computed.total_minor == computed.goods_minor + computed.service_charge_minor + on_top


@given(lines, st.sampled_from(BillMode), st.integers(0, 5000))
def test_nothing_on_a_bill_is_negative(basket: list[LineToPrice], mode: BillMode, service_bp: int) -> None:
    computed = bill(basket, mode, service_bp)
    amounts = [
        computed.goods_minor,
        computed.service_charge_minor,
        computed.vat_minor,
        *computed.line_vat_minor,
    ]
    assert min(amounts) >= 0
    assert computed.vat_minor <= computed.total_minor


@given(lines, st.sampled_from([OPTIONAL, COMPULSORY]))
def test_vat_of_a_line_is_within_a_penny_of_its_exact_share(
    basket: list[LineToPrice], mode: BillMode
) -> None:
    computed = bill(basket, mode, 0)
    for line, vat in zip(basket, computed.line_vat_minor, strict=True):
        exact = line.net_minor * line.vat_rate_bp / (10_000 + line.vat_rate_bp)
        assert abs(vat - exact) < 1.5


def _taxed(computed: Bill, mode: BillMode) -> int:
    """What the groups' gross comes to: an optional charge is outside the scope of VAT."""
    return computed.goods_minor if mode is OPTIONAL else computed.total_minor
