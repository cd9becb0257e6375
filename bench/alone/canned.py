"""Our layers with nothing below them: a gRPC channel that answers at once, a call's context, an HTTP request
that is there already. What is left is the cost of our own code.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, cast

import grpc
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.orders.v1 import orders_service_pb2_grpc as orders_grpc

from bench.alone import messages
from bench.alone.orders import CannedOrders
from chassis.auth import ServiceIdentity
from chassis.rpc import Refusals, policies_of
from chassis.rpc.admission import Admission
from chassis.rpc.client import DEFAULT_SECONDS, Channel
from chassis.rpc.guard import Guard, Handler
from gateway.services import Services

SERVICE = "fynlo.orders.v1.OrdersService"


class CannedCall:
    """A call of grpc.aio that has its reply."""

    def __init__(self, reply: Any) -> None:
        self._reply = reply

    def __await__(self) -> Generator[Any, None, Any]:
        return self._reply
        yield

    async def trailing_metadata(self) -> tuple[tuple[str, str], ...]:
        """Nothing is a replay."""
        return ()


class CannedChannel:
    """A channel of grpc.aio that sends nothing."""

    def __init__(self) -> None:
        order = messages.order()
        self._replies = {
            "PlaceOrder": orders_api.PlaceOrderResponse(order=order),
            "GetOrder": orders_api.GetOrderResponse(order=order),
        }

    def unary_unary(self, path: str, *_: Any, **__: Any) -> Callable[..., CannedCall]:
        """The call of a method."""
        reply = self._replies.get(path.rpartition("/")[2])
        return lambda *_, **__: CannedCall(reply)

    unary_stream = unary_unary


class CannedServices(Services):
    """The gateway's services, over a canned channel that is our channel above it."""

    def __init__(self, identity: ServiceIdentity) -> None:
        plain: Any = CannedChannel()
        self._stub = orders_grpc.OrdersServiceStub(Channel(plain, "orders", identity, DEFAULT_SECONDS))

    def method(self, service: str, name: str, message: Any) -> Callable[..., Any]:
        """The call of a method of orders."""
        call: Callable[..., Any] = getattr(self._stub, name)
        return call


class CannedContext:
    """The context of a call that is being served."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        self._metadata = tuple(metadata.items())

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """What the caller sent along."""
        return self._metadata

    def time_remaining(self) -> float:
        """What is left of the deadline."""
        return DEFAULT_SECONDS


def guarded(admission: Admission, refusals: Refusals, method: str) -> Callable[..., Awaitable[Any]]:
    """A method of the canned orders with all that a server of ours puts around it."""
    guard = Guard(SERVICE, method, policies_of(SERVICE)[method], admission, refusals)
    canned: Any = CannedOrders()  # type: ignore[abstract]
    handler: Handler = grpc.unary_unary_rpc_method_handler(getattr(canned, method))
    served: Any = guard.around(handler).unary_unary
    return cast(Callable[..., Awaitable[Any]], served)


def http_scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A request as uvicorn hands it on."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50_000),
        "scheme": "http",
        "method": method,
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "state": {},
    }
