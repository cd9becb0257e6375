"""Local times of sale."""

from collections.abc import Iterable

from fynlo.catalog.v1 import catalog_pb2

from services.catalog.domain.window import AvailabilityWindow


def window_in(message: catalog_pb2.AvailabilityWindow) -> AvailabilityWindow:
    """As a caller sent it."""
    return AvailabilityWindow(tuple(sorted(message.weekdays)), message.from_minutes, message.until_minutes)


def window_messages(windows: Iterable[AvailabilityWindow]) -> list[catalog_pb2.AvailabilityWindow]:
    """As the contract says them."""
    return [
        catalog_pb2.AvailabilityWindow(
            weekdays=window.weekdays,
            from_minutes=window.from_minutes,
            until_minutes=window.until_minutes,
        )
        for window in windows
    ]
