"""What the catalog needs of other services."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from services.catalog.domain.reservation import StockOrder
from services.catalog.domain.restaurant import RestaurantCopy

AskAuth = Callable[[UUID], Awaitable[RestaurantCopy]]
"""Reads a restaurant where it is owned. Raises NotFound, Unavailable."""

AskOrders = Callable[[UUID, UUID], Awaitable[StockOrder | None]]
"""(restaurant, order) -> the order, None where there is none. Raises Unavailable."""
