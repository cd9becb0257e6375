"""The gRPC server of a service. Every method is wrapped once, when it is registered. A call then passes::

    metadata -> deadline -> who calls -> access rule -> contract rules -> servicer -> reply or problem

Handlers are wrapped and not intercepted: interceptors of grpc.aio cost a task per call. What all of it costs:
docs/adr/0032.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from chassis.auth import Revocations, ServiceIdentity, TokenVerifier
from chassis.clock import Clock
from chassis.process.settings import RpcSettings
from chassis.rpc.admission import Admission
from chassis.rpc.guard import Guard, Handler
from chassis.rpc.policy import Access, policies_of
from chassis.rpc.refusals import Refusals
from chassis.rpc.tls import server_credentials
from chassis.rpc.validation import prepare
from chassis.telemetry import get_logger

MESSAGE_MAX_BYTES = 4 * 1024 * 1024
METADATA_MAX_BYTES = 16 * 1024
KEEPALIVE_SECONDS = 20
KEEPALIVE_TIMEOUT_SECONDS = 5
BOTH_ENDS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_receive_message_length", MESSAGE_MAX_BYTES),
    ("grpc.max_send_message_length", MESSAGE_MAX_BYTES),
    ("grpc.max_metadata_size", METADATA_MAX_BYTES),
    ("grpc.absolute_max_metadata_size", METADATA_MAX_BYTES),
    ("grpc.keepalive_time_ms", KEEPALIVE_SECONDS * 1000),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_SECONDS * 1000),
    ("grpc.keepalive_permit_without_calls", 1),
)
"""What servers and channels are told alike."""
CLIENT_PING_MIN_SECONDS = 5
CONNECTION_AGE_GRACE_SECONDS = 10

_log = get_logger("rpc")


class Register(Protocol):
    """A generated ``add_XServicer_to_server``."""

    def __call__(self, servicer: Any, server: Any, /) -> None:
        """Tells the server the handlers of a servicer."""
        ...


class RpcServer:
    """Serves servicers on ``settings.grpc_port`` (0: any free port)."""

    def __init__(
        self,
        settings: RpcSettings,
        *,
        verifier: TokenVerifier,
        revocations: Revocations,
        identity: ServiceIdentity,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._admission = Admission(verifier, revocations, identity, clock)
        self.refusals = Refusals(clock)
        """Who was refused access here; for whoever writes it down."""
        self._handlers: dict[str, dict[str, Handler]] = {}
        self._health = health_aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self.port = settings.grpc_port

    def add(self, register: Register, servicer: object) -> None:
        """Serves ``servicer``; ``register`` is the generated function for it. Before ``start``."""
        collector = _Collector()
        register(servicer, collector)
        if not collector.handlers:
            raise ValueError(f"{register} registered no method")
        for service, handlers in collector.handlers.items():
            self._handlers[service] = _guarded(service, handlers, self._admission, self.refusals)

    @property
    def services(self) -> Sequence[str]:
        """Full names of what is served."""
        return tuple(self._handlers)

    async def start(self) -> int:
        """Begins to serve; the port. Raises RuntimeError where the port is taken."""
        server = grpc.aio.server(
            options=_options(self._settings),
            maximum_concurrent_rpcs=self._settings.grpc_max_concurrent_calls,
        )
        for service, handlers in self._handlers.items():
            server.add_registered_method_handlers(service, handlers)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        if self._settings.grpc_reflection:
            reflection.enable_server_reflection((*self._handlers, reflection.SERVICE_NAME), server)
        address = f"{self._settings.bind_host}:{self._settings.grpc_port}"
        credentials = server_credentials(self._settings)
        if credentials is None:
            self.port = server.add_insecure_port(address)
        else:
            self.port = server.add_secure_port(address, credentials)
        await server.start()
        self._server = server
        return self.port

    async def report_serving(self, serving: bool) -> None:
        """What grpc.health.v1 answers, for the process as a whole and for each service."""
        states = health_pb2.HealthCheckResponse
        for name in ("", *self._handlers):
            await self._health.set(name, states.SERVING if serving else states.NOT_SERVING)

    async def stop(self, grace_seconds: float) -> None:
        """Takes no more calls and lets those in flight end; after ``grace_seconds`` they are cancelled."""
        if self._server is not None:
            await self._server.stop(grace_seconds)


class _Collector:
    """Stands in for a server while generated code registers, to get at the handlers first."""

    def __init__(self) -> None:
        self.handlers: dict[str, Mapping[str, Handler]] = {}

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        self.handlers[service] = handlers

    def add_generic_rpc_handlers(self, _handlers: object) -> None:
        """Generated code registers the same handlers twice, for old servers; once is enough."""


def _guarded(
    service: str, handlers: Mapping[str, Handler], admission: Admission, refusals: Refusals
) -> dict[str, Handler]:
    policies = policies_of(service)
    described = descriptor_pool.Default().FindServiceByName(service).methods_by_name
    guarded: dict[str, Handler] = {}
    for name, handler in handlers.items():
        if handler.request_streaming:
            raise ValueError(f"{service}/{name} streams requests, which the chassis does not guard")
        if policies[name].access is Access.NOBODY:
            _log.error("a method states no access rule: everybody is refused", rpc=f"{service}/{name}")
        prepare(message_factory.GetMessageClass(described[name].input_type))
        guard = Guard(service, name, policies[name], admission, refusals)
        guarded[name] = guard.around(handler)
    return guarded


def _options(settings: RpcSettings) -> list[tuple[str, Any]]:
    age = settings.grpc_max_connection_age_seconds
    return [
        *BOTH_ENDS,
        ("grpc.http2.min_ping_interval_without_data_ms", CLIENT_PING_MIN_SECONDS * 1000),
        # A second process on the same port must fail at start, not share the load unseen.
        ("grpc.so_reuseport", 0),
        *([("grpc.max_connection_age_ms", int(age * 1000))] if age else []),
        ("grpc.max_connection_age_grace_ms", CONNECTION_AGE_GRACE_SECONDS * 1000),
    ]
