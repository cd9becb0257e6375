"""A contract made for tests: one method per access rule, a stream, and one that states no rule at all."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import grpc
from fynlo.common.v1 import options_pb2
from fynlo.staff.v1 import staff_service_pb2 as staff_api
from google.protobuf import descriptor_pb2, descriptor_pool

SERVICE = "fynlo.probe.v1.ProbeService"
PERMISSION = "staff.clock"

Request = staff_api.ClockInRequest
Response = staff_api.ClockInResponse
Behaviour = Callable[[Request], Awaitable[Response]]


def _declare() -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name="fynlo/probe/v1/probe_service.proto", package="fynlo.probe.v1", syntax="proto3"
    )
    file.dependency.append("fynlo/staff/v1/staff_service.proto")
    file.dependency.append("fynlo/common/v1/options.proto")
    service = file.service.add(name="ProbeService")
    guarded = _method(service, "Guarded").Extensions
    guarded[options_pb2.permission] = PERMISSION
    guarded[options_pb2.callers].append("realtime")
    _method(service, "Public").Extensions[options_pb2.public] = True
    service_only = _method(service, "ServiceOnly").Extensions
    service_only[options_pb2.service_only] = True
    service_only[options_pb2.callers].extend(("gateway", "realtime", "test"))
    _method(service, "Unruled")
    retried = _method(service, "Idempotent")
    retried.Extensions[options_pb2.permission] = PERMISSION
    retried.idempotency_level = descriptor_pb2.MethodOptions.IDEMPOTENT
    _method(service, "Watch", streams=True).Extensions[options_pb2.permission] = PERMISSION
    ambiguous = _method(file.service.add(name="AmbiguousService"), "Both")
    ambiguous.Extensions[options_pb2.public] = True
    ambiguous.Extensions[options_pb2.permission] = PERMISSION
    descriptor_pool.Default().Add(file)


def _method(service: Any, name: str, *, streams: bool = False) -> Any:
    method = service.method.add(name=name, server_streaming=streams)
    method.input_type = ".fynlo.staff.v1.ClockInRequest"
    method.output_type = ".fynlo.staff.v1.ClockInResponse"
    return method.options


_declare()


async def answer(request: Request) -> Response:
    """Says the request id back."""
    return reply(request.request_id)


def reply(text: str) -> Response:
    """A response that carries one text."""
    made = Response()
    made.timecard.id = text
    return made


class Probe:
    """Does in every method what it was made with."""

    def __init__(self, behaviour: Behaviour = answer) -> None:
        self.behaviour = behaviour
        self.served = 0

    async def serve(self, request: Request, _context: object) -> Response:
        """Any unary method."""
        self.served += 1
        return await self.behaviour(request)

    async def watch(self, request: Request, _context: object) -> AsyncIterator[Response]:
        """Three replies, then whatever the behaviour does."""
        for text in ("1", "2", "3"):
            yield reply(text)
        yield await self.behaviour(request)


def register(servicer: Probe, server: Any) -> None:
    """What generated code would do for the probe."""
    codecs: Any = (Request.FromString, Response.SerializeToString)
    unary = ("Guarded", "Public", "ServiceOnly", "Unruled", "Idempotent")
    serve, watch = cast(Any, servicer.serve), cast(Any, servicer.watch)
    handlers: dict[str, Any] = {name: grpc.unary_unary_rpc_method_handler(serve, *codecs) for name in unary}
    handlers["Watch"] = grpc.unary_stream_rpc_method_handler(watch, *codecs)
    server.add_registered_method_handlers(SERVICE, handlers)


class Stub:
    """Calls the probe by method name."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    def __getattr__(self, method: str) -> Any:
        kind = self._channel.unary_stream if method == "Watch" else self._channel.unary_unary
        return kind(
            f"/{SERVICE}/{method}",
            request_serializer=Request.SerializeToString,
            response_deserializer=Response.FromString,
        )


def request(text: str = "r1") -> Request:
    """A valid request."""
    return Request(request_id=text)
