"""What auth says of a restaurant."""

from fynlo.common.v1 import common_pb2

from services.catalog.domain.restaurant import RestaurantCopy


def restaurant_in(settings: common_pb2.RestaurantSettings) -> RestaurantCopy:
    """What the catalog keeps of a restaurant's settings."""
    return RestaurantCopy(
        settings.version,
        settings.name,
        settings.currency_code,
        settings.time_zone,
        settings.day_cutoff_minutes,
    )
