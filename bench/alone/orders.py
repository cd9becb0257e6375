"""The gRPC servers: ours with every guard, and a bare one of grpc.aio; both answer with the same order.

Settings: {ours, bare, jwks}: ports and the keys of tokens. Runs until it is ended.
"""

import asyncio
from typing import Any, cast

import grpc
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1 import orders_service_pb2_grpc as orders_grpc

from bench.alone import messages
from bench.generator.talk import Talk, run
from chassis.auth import Revocations, ServiceIdentity, TokenVerifier
from chassis.clock import SystemClock
from chassis.rpc import RpcServer
from harness.rpc import settings_for_tests


class CannedOrders(orders_grpc.OrdersServiceServicer):
    """Answers at once: what is measured is the way there and back."""

    def __init__(self) -> None:
        self._order = messages.order()

    async def PlaceOrder(self, request: object, context: object) -> orders_api.PlaceOrderResponse:  # noqa: N802
        """Places nothing."""
        return orders_api.PlaceOrderResponse(order=self._order)

    async def GetOrder(self, request: object, context: object) -> orders_api.GetOrderResponse:  # noqa: N802
        """Whatever is asked for."""
        return orders_api.GetOrderResponse(order=self._order)


async def serve(talk: Talk) -> dict[str, Any]:
    """Both servers."""
    asked = await talk.order()
    clock = SystemClock()
    settings = settings_for_tests(grpc_port=asked["ours"])
    verifier = TokenVerifier(lambda: _keys(asked), clock, known_keys=asked["jwks"])
    identity = ServiceIdentity.of(settings, clock)
    ours = RpcServer(
        settings, verifier=verifier, revocations=Revocations(clock), identity=identity, clock=clock
    )
    canned = CannedOrders()  # type: ignore[abstract]
    ours.add(orders_grpc.add_OrdersServiceServicer_to_server, canned)
    await ours.start()
    bare = grpc.aio.server()
    orders_grpc.add_OrdersServiceServicer_to_server(canned, cast(Any, bare))
    bare.add_insecure_port(f"127.0.0.1:{asked['bare']}")
    await bare.start()
    talk.say("ready")
    await asyncio.Event().wait()
    return {}


async def _keys(asked: dict[str, Any]) -> dict[str, Any]:
    return dict(asked["jwks"])


if __name__ == "__main__":
    run(serve)
