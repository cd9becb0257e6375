"""A caller of the servers of ``bench.alone.orders``: through our channel or a bare one of grpc.aio.

Settings: {ours, bare, token}. A piece of work: {channel: ours | bare, method, calls}, one call after another.
"""

from typing import Any

import grpc
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1.orders_service_pb2_grpc import OrdersServiceStub

from bench.alone import messages
from bench.generator.talk import Talk, run
from chassis.clock import SystemClock
from chassis.ids import new_id
from chassis.rpc import inbound, open_channel
from harness.rpc import identity_for_tests

REQUESTS = {
    "PlaceOrder": messages.place_order(),
    "GetOrder": orders_api.GetOrderRequest(order_id=messages.ORDER_ID),
}
BUDGET_SECONDS = 600.0


async def call(talk: Talk) -> dict[str, Any]:
    """Works until the bench is gone."""
    settings = await talk.order()
    identity = identity_for_tests("gateway", SystemClock())
    ours = open_channel(f"127.0.0.1:{settings['ours']}", peer="orders", identity=identity)
    bare = grpc.aio.insecure_channel(f"127.0.0.1:{settings['bare']}")
    stubs: dict[str, Any] = {"ours": OrdersServiceStub(ours), "bare": OrdersServiceStub(bare)}
    talk.say("ready")
    with inbound(budget_seconds=BUDGET_SECONDS, token=settings["token"], request_id=str(new_id())):
        while True:
            asked = await talk.order()
            method, request = getattr(stubs[asked["channel"]], asked["method"]), REQUESTS[asked["method"]]
            for _ in range(asked["calls"]):
                await method(request, timeout=2.0)
            talk.say("ready")


if __name__ == "__main__":
    run(call)
