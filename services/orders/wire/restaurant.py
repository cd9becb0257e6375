"""What auth says of a restaurant."""

from fynlo.common.v1 import common_pb2

from services.orders.domain.order.discount import USUAL_CAPS, Caps
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.pricing import BillMode
from services.orders.wire import enums


def restaurant_in(settings: common_pb2.RestaurantSettings) -> RestaurantCopy:
    """An unspecified bill mode is the default of the United Kingdom: inclusive, service optional."""
    return RestaurantCopy(
        version=settings.version,
        currency_code=settings.currency_code,
        time_zone=settings.time_zone,
        bill_mode=enums.BILL_MODE_OF.get(settings.bill_mode, BillMode.INCLUSIVE_OPTIONAL),
        service_charge_bp=settings.service_charge_bp,
        day_cutoff_minutes=settings.day_cutoff_minutes,
        auto_complete=settings.auto_complete,
        name=settings.name,
        address=settings.address,
        vat_number=settings.vat_number,
        country_code=settings.country_code,
        discount_caps=_caps_of(settings.discount_caps) if settings.HasField("discount_caps") else USUAL_CAPS,
    )


def kept_restaurant(restaurant: RestaurantCopy) -> bytes:
    """How the copy is kept: in the encoding of auth's own message."""
    return common_pb2.RestaurantSettings(
        version=restaurant.version,
        currency_code=restaurant.currency_code,
        time_zone=restaurant.time_zone,
        bill_mode=enums.BILL_MODE[restaurant.bill_mode],
        service_charge_bp=restaurant.service_charge_bp,
        day_cutoff_minutes=restaurant.day_cutoff_minutes,
        auto_complete=restaurant.auto_complete,
        name=restaurant.name,
        address=restaurant.address or None,
        vat_number=restaurant.vat_number or None,
        country_code=restaurant.country_code,
        discount_caps=common_pb2.DiscountCaps(
            employee_bp=restaurant.discount_caps.staff_bp,
            manager_bp=restaurant.discount_caps.manager_bp,
            owner_bp=restaurant.discount_caps.owner_bp,
        ),
    ).SerializeToString()


def restaurant_kept(kept: bytes) -> RestaurantCopy:
    """The copy that was kept."""
    return restaurant_in(common_pb2.RestaurantSettings.FromString(kept))


def _caps_of(caps: common_pb2.DiscountCaps) -> Caps:
    return Caps(caps.employee_bp, caps.manager_bp, caps.owner_bp)
