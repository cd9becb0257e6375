"""What the catalog needs of others."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.catalog.domain.image import Rendered
from services.catalog.domain.reservation import StockOrder
from services.catalog.domain.restaurant import RestaurantCopy

AskAuth = Callable[[UUID], Awaitable[RestaurantCopy]]
"""Reads a restaurant where it is owned. Raises NotFound, Unavailable."""

AskOrders = Callable[[UUID, UUID], Awaitable[StockOrder | None]]
"""(restaurant, order) -> the order, None where there is none. Raises Unavailable."""

Render = Callable[[bytes, str], Awaitable[Rendered]]
"""(picture, announced type) -> what is shown of it. Raises UnreadableImage, ImagesBusy."""


class ImageStore(Protocol):
    """Where pictures lie, by key. Whatever waits raises Unavailable where the store does not answer."""

    def upload_url(
        self, key: str, content_type: str, length: int, now: datetime, lifetime: timedelta, /
    ) -> str:
        """Where a device sends exactly so many bytes of this type, from now on for so long."""
        ...

    def address(self, key: str) -> str:
        """Where everybody finds it."""
        ...

    async def read(self, key: str, limit: int) -> bytes | None:
        """At most ``limit`` bytes of it; None where it is not there."""
        ...

    async def write(self, key: str, content: bytes, content_type: str) -> None:
        """Whole, or not at all."""
        ...

    async def copy(self, source: str, target: str) -> bool:
        """Whether there was something to copy."""
        ...

    async def remove(self, keys: Sequence[str]) -> None:
        """What is not there is no matter."""
        ...
