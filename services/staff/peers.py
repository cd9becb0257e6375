"""What staff asks of auth, as itself."""

from uuid import UUID

from fynlo.auth.v1.auth_service_pb2 import GetRestaurantRequest
from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub

from chassis.rpc import Channel, acting_for
from services.staff import wire
from services.staff.domain import Place

READ_THROUGH_SECONDS = 1.5


class AuthPeer:
    """The auth service."""

    def __init__(self, channel: Channel) -> None:
        self._stub = AuthServiceStub(channel)

    async def place(self, restaurant_id: UUID) -> Place:
        """A restaurant that no event has told of yet. Raises NotFound, Unavailable."""
        with acting_for(restaurant_id, budget_seconds=READ_THROUGH_SECONDS):
            reply = await self._stub.GetRestaurant(GetRestaurantRequest(restaurant_id=str(restaurant_id)))
        return wire.place_of(reply.restaurant.settings)
