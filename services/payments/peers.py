"""The services that own what payments keep copies of, over gRPC."""

from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

import grpc
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import auth_service_pb2_grpc as auth_grpc
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1 import orders_service_pb2_grpc as orders_grpc

from chassis.errors import NotFound
from chassis.rpc import acting_for, current_call
from services.payments.domain.errors import OrderNotFound


class GrpcPeers:
    """Asks orders on behalf of the person whose payment it is, and auth as this service."""

    def __init__(self, orders: grpc.aio.Channel, auth: grpc.aio.Channel) -> None:
        self._orders = orders_grpc.OrdersServiceStub(orders)
        self._auth = auth_grpc.AuthServiceStub(auth)

    async def order(self, restaurant_id: UUID, order_id: UUID) -> orders_pb2.Order:
        """Raises OrderNotFound, Unavailable."""
        request = orders_api.GetOrderRequest(order_id=str(order_id), restaurant_id=str(restaurant_id))
        try:
            with _asking(restaurant_id):
                reply = await self._orders.GetOrder(request)
        except NotFound as problem:
            raise OrderNotFound("This restaurant has no such order.") from problem
        return reply.order

    async def restaurant(self, restaurant_id: UUID) -> common_pb2.RestaurantSettings:
        """Raises NotFound, Unavailable."""
        request = auth_api.GetRestaurantRequest(restaurant_id=str(restaurant_id))
        with _asking(restaurant_id):
            reply = await self._auth.GetRestaurant(request)
        return reply.restaurant.settings


def _asking(restaurant_id: UUID) -> AbstractContextManager[object]:
    """For whoever called; outside any call as this service, for one restaurant."""
    return acting_for(restaurant_id) if current_call() is None else nullcontext()
