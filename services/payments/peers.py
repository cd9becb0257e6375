"""The services that own what payments keep copies of, over gRPC."""

from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

import grpc
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import auth_service_pb2_grpc as auth_grpc
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1 import orders_service_pb2_grpc as orders_grpc

from chassis.errors import NotFound
from chassis.rpc import acting_for, current_call
from services.payments.domain.bill import Bill
from services.payments.domain.errors import OrderNotFound
from services.payments.domain.restaurant import RestaurantCopy
from services.payments.wire.bill import bill_in, is_draft
from services.payments.wire.restaurant import restaurant_in


class GrpcPeers:
    """Asks orders on behalf of the person whose payment it is, and auth as this service."""

    def __init__(self, orders: grpc.aio.Channel, auth: grpc.aio.Channel) -> None:
        self._orders = orders_grpc.OrdersServiceStub(orders)
        self._auth = auth_grpc.AuthServiceStub(auth)

    async def bill(self, restaurant_id: UUID, order_id: UUID) -> Bill | None:
        """The bill of an order; None for a draft, which has none yet. Raises OrderNotFound, Unavailable."""
        request = orders_api.GetOrderRequest(order_id=str(order_id), restaurant_id=str(restaurant_id))
        try:
            with _asking(restaurant_id):
                reply = await self._orders.GetOrder(request)
        except NotFound as problem:
            raise OrderNotFound("This restaurant has no such order.") from problem
        return None if is_draft(reply.order) else bill_in(reply.order)

    async def restaurant(self, restaurant_id: UUID) -> RestaurantCopy:
        """Raises NotFound, Unavailable."""
        request = auth_api.GetRestaurantRequest(restaurant_id=str(restaurant_id))
        with _asking(restaurant_id):
            reply = await self._auth.GetRestaurant(request)
        return restaurant_in(reply.restaurant.settings)


def _asking(restaurant_id: UUID) -> AbstractContextManager[object]:
    """For whoever called; outside any call as this service, for one restaurant."""
    return acting_for(restaurant_id) if current_call() is None else nullcontext()
