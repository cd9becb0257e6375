"""The fee engine against the published vectors, and laws that hold for every amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.errors import FeePresetUnknown, FeeUnknown, PartsAboveAmount
from services.payments.domain.fee import (
    PRESETS,
    CardClass,
    Method,
    compare,
    fee_of,
    preset_named,
    saving_bp,
)

LISTED = PRESETS["listed"]
ONLINE = PRESETS["stripe_uk_online"]
IN_PERSON = PRESETS["stripe_uk_in_person"]
amounts = st.integers(1, 10**9)

VECTORS = [
    # amount, open banking (provider, platform), listed card (provider, total, saving %), Stripe online
    # (the same)
    (230, (0, 2), (37, 39, 94.9), (23, 25, 92.0)),
    (1000, (2, 10), (59, 69, 82.6), (35, 45, 73.3)),
    (2500, (5, 25), (103, 128, 76.6), (58, 83, 63.9)),
    (5000, (10, 50), (175, 225, 73.3), (95, 145, 58.6)),
    (10000, (20, 100), (320, 420, 71.4), (170, 270, 55.6)),
]


@pytest.mark.parametrize(("amount", "bank", "listed", "online"), VECTORS)
def test_the_published_fees_come_out_to_the_penny(
    amount: int, bank: tuple[int, int], listed: tuple[int, int, float], online: tuple[int, int, float]
) -> None:
    for preset, (provider, total, saving) in ((LISTED, listed), (ONLINE, online)):
        card = fee_of(preset, Method.CARD, amount, "GBP")
        open_banking = fee_of(preset, Method.OPEN_BANKING, amount, "GBP")
        assert (open_banking.provider_minor, open_banking.platform_minor) == bank
        assert (card.provider_minor, card.total_minor) == (provider, total)
        assert round(saving_bp(card.total_minor, open_banking.total_minor) / 100, 1) == saving


@pytest.mark.parametrize(("preset", "percent"), [("listed", 69.2), ("stripe_uk_online", 52.0)])
def test_without_the_fixed_part_the_saving_tends_to_its_limit(preset: str, percent: float) -> None:
    costs = {cost.method: cost for cost in compare(PRESETS[preset], 10**11, "GBP")}
    assert round(costs[Method.OPEN_BANKING].saving_bp / 100, 1) == percent


def test_components_are_rounded_apart_not_together() -> None:
    fee = fee_of(LISTED, Method.OPEN_BANKING, 230, "GBP")
    assert fee.total_minor == 2  # 1.2 % of 2.30 in one step would be 3


def test_tips_and_optional_service_pay_the_provider_but_not_the_platform() -> None:
    fee = fee_of(LISTED, Method.CARD, 10000, "GBP", exempt_minor=2000)
    assert (fee.provider_minor, fee.platform_minor) == (320, 80)


def test_an_exemption_above_the_amount_is_refused() -> None:
    fee_of(LISTED, Method.CARD, 100, "GBP", exempt_minor=100)
    with pytest.raises(PartsAboveAmount):
        fee_of(LISTED, Method.CARD, 100, "GBP", exempt_minor=101)


@pytest.mark.parametrize(
    ("preset", "card_class", "provider"),
    [
        ("stripe_uk_online", CardClass.STANDARD, 170),
        ("stripe_uk_online", CardClass.PREMIUM, 210),
        ("stripe_uk_online", CardClass.EEA, 270),
        ("stripe_uk_online", CardClass.INTERNATIONAL, 345),
        ("stripe_uk_in_person", CardClass.EEA, 150),
        ("stripe_uk_in_person", CardClass.INTERNATIONAL, 300),
        ("listed", CardClass.INTERNATIONAL, 320),
    ],
)
def test_a_card_costs_what_its_class_costs(preset: str, card_class: CardClass, provider: int) -> None:
    assert (
        fee_of(PRESETS[preset], Method.CARD, 10000, "GBP", card_class=card_class).provider_minor == provider
    )


def test_the_fixed_part_belongs_to_a_currency() -> None:
    assert fee_of(LISTED, Method.CARD, 1000, "USD").provider_minor == 59
    with pytest.raises(FeeUnknown):
        fee_of(LISTED, Method.CARD, 1000, "EUR")
    assert fee_of(LISTED, Method.OPEN_BANKING, 1000, "EUR").provider_minor == 2


def test_a_method_without_a_price_is_not_compared() -> None:
    assert Method.SUMUP not in {cost.method for cost in compare(LISTED, 1000, "GBP")}
    with pytest.raises(FeeUnknown):
        fee_of(LISTED, Method.SUMUP, 1000, "GBP")


def test_the_default_price_list_is_the_listed_one_and_unknown_names_are_refused() -> None:
    assert preset_named("") is LISTED
    with pytest.raises(FeePresetUnknown):
        preset_named("free_for_all")


def test_only_cash_is_offered_and_it_is_free() -> None:
    costs = compare(IN_PERSON, 4000, "GBP")
    assert [cost.method for cost in costs if cost.offered] == [Method.CASH]
    assert costs[0].method is Method.CASH
    assert costs[0].fee.total_minor == 0
    assert costs[0].saving_bp == 10000


@given(amounts, st.sampled_from(sorted(PRESETS)), st.data())
def test_the_comparison_is_ranked_and_savings_follow_from_it(
    amount: int, name: str, data: st.DataObject
) -> None:
    exempt = data.draw(st.integers(0, amount))
    costs = compare(PRESETS[name], amount, "GBP", exempt_minor=exempt)
    totals = [cost.fee.total_minor for cost in costs]
    assert totals == sorted(totals)
    assert [cost.saving_bp for cost in costs] == sorted((c.saving_bp for c in costs), reverse=True)
    assert costs[-1].saving_bp == 0
    assert all(0 <= cost.saving_bp <= 10000 for cost in costs)


@given(amounts, amounts)
def test_a_larger_amount_never_costs_less(one: int, other: int) -> None:
    low, high = sorted((one, other))
    for method in (Method.CARD, Method.OPEN_BANKING, Method.APPLE_PAY):
        cheap, dear = fee_of(LISTED, method, low, "GBP"), fee_of(LISTED, method, high, "GBP")
        assert cheap.provider_minor <= dear.provider_minor
        assert cheap.platform_minor <= dear.platform_minor


@given(amounts)
def test_apple_pay_costs_what_a_card_costs(amount: int) -> None:
    assert fee_of(ONLINE, Method.APPLE_PAY, amount, "GBP") == fee_of(ONLINE, Method.CARD, amount, "GBP")
