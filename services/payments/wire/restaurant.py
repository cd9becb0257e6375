"""What auth says of a restaurant."""

from uuid import UUID

from fynlo.common.v1 import common_pb2

from services.payments.domain.restaurant import RestaurantCopy


def restaurant_in(settings: common_pb2.RestaurantSettings) -> RestaurantCopy:
    """What payments keep of a restaurant's settings."""
    return RestaurantCopy(
        id=UUID(settings.restaurant_id),
        version=settings.version,
        currency_code=settings.currency_code,
        time_zone=settings.time_zone,
        day_cutoff_minutes=settings.day_cutoff_minutes,
        fee_preset=settings.fee_preset,
    )
