"""A restaurant and its settings, which every other service copies by version."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from chassis.clock import business_date
from chassis.errors import (
    AlreadyExists,
    FieldError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Stale,
    Unprocessable,
)
from services.auth.domain.invitation import Invited, Invitee

DEFAULT_DAY_CUTOFF_MINUTES = 240
DEFAULT_FEE_PRESET = "listed"
DEFAULT_COUNTRY = "GB"


class BillMode(StrEnum):
    """How a bill is computed; the rules themselves belong to orders."""

    INCLUSIVE_OPTIONAL = "inclusive_optional"
    INCLUSIVE_COMPULSORY = "inclusive_compulsory"
    EXCLUSIVE_LEGACY = "exclusive_legacy"


class RestaurantNotFound(NotFound):
    """There is no such restaurant among the caller's."""


class RestaurantExists(AlreadyExists):
    """The platform has another restaurant of this name."""


class StaleVersion(Stale):
    """The settings were changed since the caller read them."""


class CurrencyFixed(Unprocessable):
    """Amounts already recorded are in the restaurant's currency, so it cannot change."""


class UnknownTimeZone(Unprocessable):
    """No IANA time zone has this name."""


class NotYourRestaurant(PermissionDenied):
    """Settings may be changed only in the restaurant of the caller's token."""


@dataclass(frozen=True, slots=True)
class DiscountCaps:
    """What each may take off alone, in basis points; the rules themselves belong to orders."""

    employee_bp: int = 1_000
    manager_bp: int = 5_000
    owner_bp: int = 10_000


@dataclass(frozen=True, slots=True)
class Settings:
    """``currency_code`` ISO 4217; ``time_zone`` IANA; ``service_charge_bp`` basis points of eat-in goods;
    ``day_cutoff_minutes`` local minutes after midnight at which a business day ends; ``country_code``
    ISO 3166-1. ``address``, ``vat_number`` and ``discount_caps``: None where a change leaves them as they
    are.
    """

    restaurant_id: UUID
    platform_id: UUID
    version: int
    name: str
    currency_code: str
    time_zone: str
    bill_mode: BillMode
    service_charge_bp: int
    day_cutoff_minutes: int
    fee_preset: str
    auto_complete: bool
    address: str | None = ""
    vat_number: str | None = ""
    country_code: str = DEFAULT_COUNTRY
    discount_caps: DiscountCaps | None = DiscountCaps()


@dataclass(frozen=True, slots=True)
class Restaurant:
    """A tenant."""

    settings: Settings
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FoundedRestaurant:
    """A restaurant that somebody asked for. ``owner`` is its first owner as the request named them, whoever
    has the address; ``invited`` is None for one who was there before there were invitations.
    """

    restaurant: Restaurant
    owner: Invitee
    invited: Invited | None


def restaurant_id_for(platform_id: UUID, request_id: str) -> UUID:
    """The id of the restaurant that a request makes: the same for a repeated request.

    A new restaurant is its own tenant, and remembered replies belong to a tenant: only an id that follows
    from the request lets its repetition find the reply.
    """
    return uuid5(platform_id, f"restaurant:{request_id}")


def new_settings(
    restaurant_id: UUID,
    platform_id: UUID,
    *,
    name: str,
    currency_code: str,
    time_zone: str,
    bill_mode: BillMode | None,
    service_charge_bp: int,
) -> Settings:
    """Version 1 of a restaurant's settings. Raises UnknownTimeZone."""
    return _checked(
        Settings(
            restaurant_id=restaurant_id,
            platform_id=platform_id,
            version=1,
            name=" ".join(name.split()),
            currency_code=currency_code,
            time_zone=time_zone,
            bill_mode=bill_mode or BillMode.INCLUSIVE_OPTIONAL,
            service_charge_bp=service_charge_bp,
            day_cutoff_minutes=DEFAULT_DAY_CUTOFF_MINUTES,
            fee_preset=DEFAULT_FEE_PRESET,
            auto_complete=True,
        )
    )


def changed_settings(stored: Settings, wanted: Settings) -> Settings:
    """``wanted`` as the next version of ``stored``; ``stored`` itself where nothing changes. A currency that
    is not said stays what it is.

    Raises StaleVersion, CurrencyFixed, UnknownTimeZone.
    """
    if wanted.version != stored.version:
        raise StaleVersion(
            f"Version {wanted.version} was changed, it is {stored.version} now.",
            metadata={"version": str(stored.version)},
        )
    if wanted.currency_code not in ("", stored.currency_code):
        raise CurrencyFixed(f"The currency stays {stored.currency_code}.")
    same_place = replace(
        wanted,
        restaurant_id=stored.restaurant_id,
        platform_id=stored.platform_id,
        currency_code=stored.currency_code,
        name=" ".join(wanted.name.split()),
        fee_preset=wanted.fee_preset or stored.fee_preset,
        discount_caps=wanted.discount_caps or stored.discount_caps,
        address=stored.address if wanted.address is None else _tidy_lines(wanted.address),
        vat_number=stored.vat_number if wanted.vat_number is None else wanted.vat_number,
        country_code=wanted.country_code or stored.country_code,
    )
    if same_place == stored:
        return stored
    return _checked(replace(same_place, version=stored.version + 1))


def _tidy_lines(text: str) -> str:
    """Without empty lines, nor blanks around what each says."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _checked(settings: Settings) -> Settings:
    if not settings.name:
        raise InvalidArgument(
            "A restaurant needs a name.",
            reason="VALIDATION_FAILED",
            fields=[FieldError("name", "REQUIRED", "must not be blank")],
        )
    try:
        business_date(datetime(2026, 1, 1, tzinfo=UTC), settings.time_zone)
    except InvalidArgument as error:
        raise UnknownTimeZone(
            error.detail, fields=[FieldError("time_zone", "UNKNOWN_TIME_ZONE", error.detail)]
        ) from error
    return settings
