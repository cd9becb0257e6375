"""A restaurant as auth tells of it."""

from fynlo.common.v1 import common_pb2

from services.staff.domain.restaurant import RestaurantCopy


def restaurant_of(settings: common_pb2.RestaurantSettings) -> RestaurantCopy:
    """The part of a restaurant's settings that matters here."""
    return RestaurantCopy(
        version=settings.version,
        currency_code=settings.currency_code,
        time_zone=settings.time_zone,
        day_cutoff_minutes=settings.day_cutoff_minutes,
    )
