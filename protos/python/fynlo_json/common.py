"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.common.v1.
"""

from typing import Final

from fynlo.common.v1 import channels_pb2, common_pb2, json_pb2, rest_pb2

from fynlo_json.scalars import EnumNames, Json

BILL_MODE: Final = EnumNames(common_pb2.BillMode, "BILL_MODE_")
CHANNEL_MODE: Final = EnumNames(channels_pb2.ChannelMode, "CHANNEL_MODE_")
IDEMPOTENCY_KEY: Final = EnumNames(rest_pb2.IdempotencyKey, "IDEMPOTENCY_KEY_")
JSON_TEXT: Final = EnumNames(json_pb2.JsonText, "JSON_TEXT_")
ORDER_TYPE: Final = EnumNames(common_pb2.OrderType, "ORDER_TYPE_")


def actor(of: common_pb2.Actor) -> Json:
    """Who did something, as printed on receipts and histories."""
    return {
        "user_id": of.user_id or None,
        "name": of.name or None,
        "device_id": of.device_id or None,
    }


def discount_caps(of: common_pb2.DiscountCaps) -> Json:
    """What each may take off a line or an order without a second person, in basis points."""
    return {
        "employee_bp": of.employee_bp,
        "manager_bp": of.manager_bp,
        "owner_bp": of.owner_bp,
    }


def restaurant_settings(of: common_pb2.RestaurantSettings) -> Json:
    """What the other services need to know of a restaurant; auth owns it and publishes it whole with a version."""
    return {
        "id": of.restaurant_id,
        "version": of.version,
        "name": of.name,
        "currency": of.currency_code,
        "timezone": of.time_zone,
        "bill_mode": BILL_MODE[of.bill_mode],
        "service_charge_bp": of.service_charge_bp,
        "day_cutoff_minutes": of.day_cutoff_minutes,
        "fee_preset": of.fee_preset or None,
        "platform_id": of.platform_id or None,
        "auto_complete": of.auto_complete,
        "address": of.address if of.HasField("address") else None,
        "vat_number": of.vat_number if of.HasField("vat_number") else None,
        "country": of.country_code or None,
        "discount_caps": discount_caps(of.discount_caps) if of.HasField("discount_caps") else None,
    }
