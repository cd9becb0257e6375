"""What the catalog asks of other services, as itself."""

from uuid import UUID

from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import auth_service_pb2_grpc as auth_grpc
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1 import orders_service_pb2_grpc as orders_grpc

from chassis.errors import NotFound
from chassis.rpc import Channel, acting_for
from services.catalog.domain.reservation import StockOrder
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.wire.reservation import stock_order_in
from services.catalog.wire.restaurant import restaurant_in

READ_THROUGH_SECONDS = 1.5


class AuthPeer:
    """The auth service."""

    def __init__(self, channel: Channel) -> None:
        self._stub = auth_grpc.AuthServiceStub(channel)

    async def restaurant(self, restaurant_id: UUID) -> RestaurantCopy:
        """Raises NotFound, Unavailable."""
        request = auth_api.GetRestaurantRequest(restaurant_id=str(restaurant_id))
        with acting_for(restaurant_id, budget_seconds=READ_THROUGH_SECONDS):
            reply = await self._stub.GetRestaurant(request)
        return restaurant_in(reply.restaurant.settings)


class OrdersPeer:
    """The orders service."""

    def __init__(self, channel: Channel) -> None:
        self._stub = orders_grpc.OrdersServiceStub(channel)

    async def order(self, restaurant_id: UUID, order_id: UUID) -> StockOrder | None:
        """None where there is no such order. Raises Unavailable."""
        request = orders_api.GetOrderRequest(order_id=str(order_id), restaurant_id=str(restaurant_id))
        with acting_for(restaurant_id):
            try:
                reply = await self._stub.GetOrder(request)
            except NotFound:
                return None
        return stock_order_in(reply.order)
