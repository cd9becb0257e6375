"""Channels to peers. A call carries on whose behalf it is made, its trace and what is left of the deadline;
what the peer refuses comes back as the problem it raised there.

Generated stubs take such a channel as they take a plain one::

    stub = CatalogServiceStub(open_channel(settings.catalog_address, peer="catalog", identity=identity))
    reply = await stub.ReserveStock(request)              # raises chassis.errors.Problem

Calls are wrapped, not intercepted: the interceptors of grpc.aio cost a task per call.
"""

import json
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import MethodOptions

from chassis.auth import ServiceIdentity
from chassis.rpc.outgoing import Outgoing, Replies, Reply
from chassis.rpc.server import BOTH_ENDS

DEFAULT_SECONDS = 2.0
"""The time-out of a unary call, unless the call or its channel names one."""
RECONNECT_MIN_MS = 100
RECONNECT_MAX_MS = 2_000
"""A peer that comes back is noticed within this; the library's own limit is two minutes."""
DNS_MIN_INTERVAL_MS = 10_000
RETRY_ATTEMPTS = 3
RETRY_TOKENS = 100
RETRY_TOKEN_RATIO = 0.1
"""A retry costs a token and ten successes earn one: retries stay below a tenth of the calls."""


def open_channel(
    address: str,
    *,
    peer: str,
    identity: ServiceIdentity,
    credentials: grpc.ChannelCredentials | None = None,
    retry: Sequence[str] = (),
    call_seconds: float = DEFAULT_SECONDS,
) -> "Channel":
    """A channel to ``peer`` at ``address`` (host:port, or a dns:/// name with several hosts). Connects when
    used.

    ``retry`` names the gRPC services whose idempotent methods are tried again when the peer is not there.
    Retries belong to one layer, the gateway; every other caller leaves it empty. ``call_seconds`` is the
    time-out of a unary call that names none.
    """
    options = _options(retry)
    if credentials is None:
        plain = grpc.aio.insecure_channel(address, options=options)
    else:
        plain = grpc.aio.secure_channel(address, credentials, options=options)
    return Channel(plain, peer, identity, call_seconds)


async def was_replayed(call: object) -> bool:
    """Whether the reply of a finished call is the stored one of an earlier call with the same request id."""
    if not isinstance(call, Reply):
        raise TypeError("only a call made through open_channel knows this")
    return await call.replayed()


class Channel(grpc.aio.Channel):
    """A grpc.aio channel whose calls carry the context along and raise problems. See ``open_channel``."""

    def __init__(
        self, plain: grpc.aio.Channel, peer: str, identity: ServiceIdentity, call_seconds: float
    ) -> None:
        self._plain = plain
        self._peer = peer
        self._identity = identity
        self._call_seconds = call_seconds

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The guarded call of a unary method."""
        outgoing = Outgoing(method, self._peer, self._identity)
        inner = self._plain.unary_unary(method, *args, **kwargs)
        otherwise = self._call_seconds

        def invoke(
            request: Any, *, timeout: float | None = None, wait_for_ready: bool | None = None
        ) -> Reply[Any]:
            departure = outgoing.departure(timeout if timeout is not None else otherwise)
            call = inner(
                request, timeout=departure.timeout, metadata=departure.metadata, wait_for_ready=wait_for_ready
            )
            return Reply(call, outgoing, departure)

        return invoke

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The guarded call of a method that streams replies; without a time-out it lives as its caller."""
        outgoing = Outgoing(method, self._peer, self._identity)
        inner = self._plain.unary_stream(method, *args, **kwargs)

        def invoke(
            request: Any, *, timeout: float | None = None, wait_for_ready: bool | None = None
        ) -> Replies[Any]:
            departure = outgoing.departure(timeout)
            call = inner(
                request, timeout=departure.timeout, metadata=departure.metadata, wait_for_ready=wait_for_ready
            )
            return Replies(call, outgoing, departure)

        return invoke

    def stream_unary(self, method: str, *_args: Any, **_kwargs: Any) -> Any:
        """Generated stubs ask for it; calling it raises, for no contract of ours streams requests."""
        return _refusing(method)

    def stream_stream(self, method: str, *_args: Any, **_kwargs: Any) -> Any:
        """Generated stubs ask for it; calling it raises, for no contract of ours streams requests."""
        return _refusing(method)

    async def close(self, grace: float | None = None) -> None:
        """Ends the channel; calls in flight get ``grace`` seconds."""
        await self._plain.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """The state of the connection."""
        return self._plain.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Returns when the state is another than ``last_observed_state``."""
        await self._plain.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Returns when the peer has been reached."""
        await self._plain.channel_ready()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> bool | None:
        await self.close()
        return None


def _refusing(method: str) -> Callable[..., Any]:
    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError(f"{method} streams requests, which the chassis does not carry")

    return refuse


def _options(retry: Sequence[str]) -> list[tuple[str, Any]]:
    return [
        *BOTH_ENDS,
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", RECONNECT_MIN_MS),
        ("grpc.min_reconnect_backoff_ms", RECONNECT_MIN_MS),
        ("grpc.max_reconnect_backoff_ms", RECONNECT_MAX_MS),
        ("grpc.dns_min_time_between_resolutions_ms", DNS_MIN_INTERVAL_MS),
        # Else channels of one process share their connections by address: a new one would wait for as long as
        # an old one does whose server at that port is gone.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_retries", 1 if retry else 0),
        ("grpc.service_config", json.dumps(_service_config(retry))),
    ]


def _service_config(retry: Sequence[str]) -> dict[str, Any]:
    config: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
    names = [{"service": service, "method": method} for service in retry for method in _idempotent(service)]
    if names:
        policy = {
            "maxAttempts": RETRY_ATTEMPTS,
            "initialBackoff": "0.05s",
            "maxBackoff": "0.5s",
            "backoffMultiplier": 3,
            # ABORTED is not tried again: here it says that the caller's version is stale.
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
        config["methodConfig"] = [{"name": names, "retryPolicy": policy}]
        config["retryThrottling"] = {"maxTokens": RETRY_TOKENS, "tokenRatio": RETRY_TOKEN_RATIO}
    return config


def _idempotent(service: str) -> list[str]:
    """The methods that the contract calls idempotent or free of side effects."""
    methods = descriptor_pool.Default().FindServiceByName(service).methods
    unknown = MethodOptions.IDEMPOTENCY_UNKNOWN
    return [method.name for method in methods if method.GetOptions().idempotency_level != unknown]
