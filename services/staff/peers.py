"""What staff asks of auth, as itself."""

from uuid import UUID

from fynlo.auth.v1.auth_service_pb2 import GetRestaurantRequest
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub

from chassis.rpc import Channel, acting_for
from services.staff.domain.restaurant import RestaurantCopy
from services.staff.wire.restaurant import restaurant_of

READ_THROUGH_SECONDS = 1.5


class AuthPeer:
    """The auth service."""

    def __init__(self, channel: Channel) -> None:
        self._stub = AuthServiceStub(channel)

    async def restaurant(self, restaurant_id: UUID) -> RestaurantCopy:
        """A restaurant that no event has told of yet. Raises NotFound, Unavailable."""
        with acting_for(restaurant_id, budget_seconds=READ_THROUGH_SECONDS):
            reply = await self._stub.GetRestaurant(GetRestaurantRequest(restaurant_id=str(restaurant_id)))
        return restaurant_of(reply.restaurant.settings)
