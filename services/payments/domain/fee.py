"""What each way to pay costs. Every amount is in minor units; each component of a fee is rounded on its own.

Source of the figures: the product's price list (``listed``) and Stripe's UK list prices.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from chassis.money import BASIS_POINTS_IN_ONE, divide_half_up, percent
from services.payments.domain.errors import FeePresetUnknown, FeeUnknown, PartsAboveAmount


class Method(StrEnum):
    """Ways to pay, in the order in which they are offered when they cost the same."""

    OPEN_BANKING = "open_banking"
    CARD = "card"
    APPLE_PAY = "apple_pay"
    SUMUP = "sumup"
    CASH = "cash"


OFFERED: frozenset[Method] = frozenset({Method.CASH})
"""What can be taken at present. A method joins with its provider's adapter."""


class CardClass(StrEnum):
    """What decides a card's price."""

    STANDARD = "standard"
    PREMIUM = "premium"
    EEA = "eea"
    INTERNATIONAL = "international"


class Bearer(StrEnum):
    """Who pays the fee. Charging consumers is forbidden in the UK and the EU, so only the restaurant does."""

    RESTAURANT = "restaurant"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of the amount in basis points, and a fixed part per currency (none at all when it is empty)."""

    basis_points: int
    fixed_minor: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def charge(self, amount_minor: int, currency_code: str) -> int:
        """The provider's fee. Raises FeeUnknown when the fixed part has no figure in this currency."""
        if self.fixed_minor and currency_code not in self.fixed_minor:
            raise FeeUnknown(f"No price in {currency_code}.", metadata={"currency_code": currency_code})
        return percent(amount_minor, self.basis_points) + self.fixed_minor.get(currency_code, 0)


@dataclass(frozen=True, slots=True)
class Preset:
    """One price list.

    ``sumup`` None: the restaurant has not filled its price in, so it cannot be compared.
    """

    name: str
    cards: Mapping[CardClass, Rate]
    open_banking: Rate
    platform_bp: int
    sumup: Rate | None = None

    def rate(self, method: Method, card_class: CardClass = CardClass.STANDARD) -> Rate | None:
        """The provider's rate of a method; None where the list has none. Cash costs nothing."""
        if method is Method.CASH:
            return Rate(0)
        if method is Method.OPEN_BANKING:
            return self.open_banking
        if method is Method.SUMUP:
            return self.sumup
        return self.cards[card_class]


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee in minor units; ``total_minor`` is the sum of parts that were rounded separately."""

    provider_minor: int
    platform_minor: int
    bearer: Bearer = Bearer.RESTAURANT

    @property
    def total_minor(self) -> int:
        """Provider and platform together."""
        return self.provider_minor + self.platform_minor


NO_FEE = Fee(0, 0)


@dataclass(frozen=True, slots=True)
class MethodCost:
    """``saving_bp``: basis points of the dearest compared method's cost that this one saves."""

    method: Method
    fee: Fee
    saving_bp: int
    offered: bool


def _cards(fixed: Mapping[str, int], **basis_points: int) -> Mapping[CardClass, Rate]:
    return MappingProxyType({CardClass(name): Rate(rate, fixed) for name, rate in basis_points.items()})


_OPEN_BANKING = Rate(20)
_PLATFORM_BP = 100
DEFAULT_PRESET = "listed"
PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            Preset(
                "listed",
                _cards({"GBP": 30, "USD": 30}, standard=290, premium=290, eea=290, international=290),
                _OPEN_BANKING,
                _PLATFORM_BP,
            ),
            Preset(
                "stripe_uk_online",
                _cards({"GBP": 20}, standard=150, premium=190, eea=250, international=325),
                _OPEN_BANKING,
                _PLATFORM_BP,
            ),
            Preset(
                "stripe_uk_in_person",
                _cards({"GBP": 10}, standard=140, premium=140, eea=140, international=290),
                _OPEN_BANKING,
                _PLATFORM_BP,
            ),
        )
    }
)


def preset_named(name: str) -> Preset:
    """The price list of that name; the default one for an empty name. Raises FeePresetUnknown."""
    preset = PRESETS.get(name or DEFAULT_PRESET)
    if preset is None:
        raise FeePresetUnknown(f"No price list is called {name!r:.60}.", metadata={"preset": name[:60]})
    return preset


def fee_of(
    preset: Preset,
    method: Method,
    amount_minor: int,
    currency_code: str,
    *,
    exempt_minor: int = 0,
    card_class: CardClass = CardClass.STANDARD,
) -> Fee:
    """The fee on ``amount_minor`` (the whole captured amount, tip included).

    ``exempt_minor`` is the tip and the optional service charge in it: the provider charges on them, the
    platform does not. Raises FeeUnknown, PartsAboveAmount.
    """
    if not 0 <= exempt_minor <= amount_minor:
        raise PartsAboveAmount(metadata={"amount_minor": str(amount_minor), "parts_minor": str(exempt_minor)})
    if method is Method.CASH or amount_minor == 0:
        return NO_FEE
    rate = preset.rate(method, card_class)
    if rate is None:
        raise FeeUnknown(f"{preset.name} has no price for {method}.", metadata={"method": method.value})
    return Fee(
        provider_minor=rate.charge(amount_minor, currency_code),
        platform_minor=percent(amount_minor - exempt_minor, preset.platform_bp),
    )


def saving_bp(dearest_minor: int, cost_minor: int) -> int:
    """Basis points of the dearer cost that the cheaper one saves; 0 where nothing costs anything."""
    if dearest_minor == 0:
        return 0
    return divide_half_up((dearest_minor - cost_minor) * BASIS_POINTS_IN_ONE, dearest_minor)


def compare(
    preset: Preset, amount_minor: int, currency_code: str, *, exempt_minor: int = 0
) -> tuple[MethodCost, ...]:
    """Every method that the list has a price for, the cheapest first. Raises as ``fee_of``."""
    fees = {
        method: fee_of(preset, method, amount_minor, currency_code, exempt_minor=exempt_minor)
        for method in Method
        if preset.rate(method) is not None
    }
    dearest = max(fee.total_minor for fee in fees.values())
    ranked = sorted(fees.items(), key=lambda pair: pair[1].total_minor)
    return tuple(
        MethodCost(method, fee, saving_bp(dearest, fee.total_minor), method in OFFERED)
        for method, fee in ranked
    )
