"""What payments need of other services."""

from typing import Protocol
from uuid import UUID

from services.payments.domain.bill import Bill
from services.payments.domain.restaurant import RestaurantCopy


class Peers(Protocol):
    """The services that own the originals. Both raise problems (NotFound, Unavailable)."""

    async def bill(self, restaurant_id: UUID, order_id: UUID) -> Bill | None:
        """The bill of an order as it stands; None for a draft, which has none yet. Raises OrderNotFound."""
        ...

    async def restaurant(self, restaurant_id: UUID) -> RestaurantCopy:
        """The settings as they stand."""
        ...
