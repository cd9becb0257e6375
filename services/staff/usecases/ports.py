"""What staff needs of others."""

from typing import Protocol
from uuid import UUID

from services.staff.domain.restaurant import RestaurantCopy


class Restaurants(Protocol):
    """Where restaurants are owned."""

    async def restaurant(self, restaurant_id: UUID) -> RestaurantCopy:
        """Raises NotFound, Unavailable."""
