"""Restaurants, their settings, and what other services learn of them."""

from uuid import UUID

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1 import events_pb2 as auth_events
from fynlo.common.v1 import common_pb2

from chassis.errors import FieldError, InvalidArgument
from chassis.ids import parse_id
from chassis.instants import timestamp
from services.auth.domain.restaurant import BillMode, DiscountCaps, Restaurant, Settings

_BILL_MODES = {
    BillMode.INCLUSIVE_OPTIONAL: common_pb2.BILL_MODE_INCLUSIVE_OPTIONAL,
    BillMode.INCLUSIVE_COMPULSORY: common_pb2.BILL_MODE_INCLUSIVE_COMPULSORY,
    BillMode.EXCLUSIVE_LEGACY: common_pb2.BILL_MODE_EXCLUSIVE_LEGACY,
}
_BILL_MODES_READ = {number: mode for mode, number in _BILL_MODES.items()}


def bill_mode_of(number: int) -> BillMode | None:
    """None where none is stated. Raises InvalidArgument for a number without a meaning."""
    if number == common_pb2.BILL_MODE_UNSPECIFIED:
        return None
    mode = _BILL_MODES_READ.get(common_pb2.BillMode.ValueType(number))
    if mode is None:
        raise InvalidArgument(
            "which bill mode?",
            reason="VALIDATION_FAILED",
            fields=[FieldError("bill_mode", "UNKNOWN", "is not a bill mode")],
        )
    return mode


def settings_of(message: common_pb2.RestaurantSettings, tenant: UUID) -> Settings:
    """Whole settings as a client of ``tenant`` wants them; whose platform it is, is not the client's to say.

    Raises InvalidArgument where the bill mode is missing.
    """
    mode = bill_mode_of(message.bill_mode)
    if mode is None:
        raise InvalidArgument(
            "which bill mode?",
            reason="VALIDATION_FAILED",
            fields=[FieldError("settings.bill_mode", "REQUIRED", "must be stated")],
        )
    restaurant_id = parse_id(message.restaurant_id) if message.restaurant_id else tenant
    return Settings(
        restaurant_id=restaurant_id,
        platform_id=restaurant_id,
        version=message.version,
        name=message.name,
        currency_code=message.currency_code,
        time_zone=message.time_zone,
        bill_mode=mode,
        service_charge_bp=message.service_charge_bp,
        day_cutoff_minutes=message.day_cutoff_minutes,
        fee_preset=message.fee_preset,
        auto_complete=message.auto_complete,
        discount_caps=_caps_of(message.discount_caps) if message.HasField("discount_caps") else None,
        address=message.address if message.HasField("address") else None,
        vat_number=message.vat_number if message.HasField("vat_number") else None,
        country_code=message.country_code,
    )


def settings_message(settings: Settings) -> common_pb2.RestaurantSettings:
    """What every other service copies."""
    return common_pb2.RestaurantSettings(
        restaurant_id=str(settings.restaurant_id),
        version=settings.version,
        name=settings.name,
        currency_code=settings.currency_code,
        time_zone=settings.time_zone,
        bill_mode=_BILL_MODES[settings.bill_mode],
        service_charge_bp=settings.service_charge_bp,
        day_cutoff_minutes=settings.day_cutoff_minutes,
        fee_preset=settings.fee_preset,
        platform_id=str(settings.platform_id),
        auto_complete=settings.auto_complete,
        address=settings.address or None,
        vat_number=settings.vat_number or None,
        country_code=settings.country_code,
        discount_caps=_caps_message(settings.discount_caps or DiscountCaps()),
    )


def _caps_of(message: common_pb2.DiscountCaps) -> DiscountCaps:
    return DiscountCaps(message.employee_bp, message.manager_bp, message.owner_bp)


def _caps_message(caps: DiscountCaps) -> common_pb2.DiscountCaps:
    return common_pb2.DiscountCaps(
        employee_bp=caps.employee_bp, manager_bp=caps.manager_bp, owner_bp=caps.owner_bp
    )


def restaurant_message(restaurant: Restaurant) -> auth_pb2.Restaurant:
    """A tenant."""
    return auth_pb2.Restaurant(
        id=str(restaurant.settings.restaurant_id),
        platform_id=str(restaurant.settings.platform_id),
        settings=settings_message(restaurant.settings),
        created_at=timestamp(restaurant.created_at),
    )


def restaurant_updated(settings: Settings) -> auth_events.RestaurantUpdated:
    """Always whole."""
    return auth_events.RestaurantUpdated(settings=settings_message(settings))
