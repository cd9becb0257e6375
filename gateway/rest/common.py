"""Made of the contracts: `make protos FIX=1` writes it anew.

Bodies, requests and routes of fynlo.common.v1.
"""

from typing import Annotated, Literal

from fynlo.common.v1 import common_pb2
from fynlo_json.common import BILL_MODE
from pydantic import Field

from gateway.bodies import Body


class DiscountCaps(Body):
    """What each may take off a line or an order without a second person, in basis points."""

    employee_bp: Annotated[int, Field(ge=0, le=10000)] = 1000
    manager_bp: Annotated[int, Field(ge=0, le=10000)] = 5000
    owner_bp: Annotated[int, Field(ge=0, le=10000)] = 10000


def discount_caps(of: DiscountCaps) -> common_pb2.DiscountCaps:
    return common_pb2.DiscountCaps(
        employee_bp=of.employee_bp,
        manager_bp=of.manager_bp,
        owner_bp=of.owner_bp,
    )


class RestaurantSettings(Body):
    """What the other services need to know of a restaurant; auth owns it and publishes it whole with a version."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    timezone: Annotated[str, Field(min_length=1, max_length=64)]
    bill_mode: Literal["inclusive_optional", "inclusive_compulsory", "exclusive_legacy"]
    service_charge_bp: Annotated[int, Field(ge=0, le=5000)]
    day_cutoff_minutes: Annotated[int, Field(ge=0, lt=1440)]
    fee_preset: Literal["listed", "stripe_uk_online", "stripe_uk_in_person"]
    auto_complete: bool
    address: Annotated[str, Field(max_length=300)] | None = None
    vat_number: Annotated[str, Field(pattern="^([A-Z]{2}[0-9A-Z]{2,13})?$")] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    discount_caps: DiscountCaps | None = None


def restaurant_settings(of: RestaurantSettings) -> common_pb2.RestaurantSettings:
    return common_pb2.RestaurantSettings(
        name=of.name,
        time_zone=of.timezone,
        bill_mode=BILL_MODE.numbers[of.bill_mode],
        service_charge_bp=of.service_charge_bp,
        day_cutoff_minutes=of.day_cutoff_minutes,
        fee_preset=of.fee_preset,
        auto_complete=of.auto_complete,
        address=of.address,
        vat_number=of.vat_number,
        country_code=of.country or "",
        discount_caps=None if of.discount_caps is None else discount_caps(of.discount_caps),
    )


class Approval(Body):
    """A second person stands behind a command that is above what the caller may do alone. It proves who they are and says nothing about what is done, so it is no part of what an idempotency key stands for."""

    token: Annotated[str, Field(min_length=1, max_length=4096)]


def approval(of: Approval) -> common_pb2.Approval:
    return common_pb2.Approval(
        token=of.token,
    )
