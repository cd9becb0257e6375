"""The services behind the gateway: one channel each, and the methods that devices reach by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from chassis.clock import SystemClock
from chassis.messaging.channels import OWNERS, ChannelSpec
from chassis.process.composition import Peers
from gateway.rest.stubs import STUBS
from gateway.settings import GatewaySettings

if TYPE_CHECKING:
    # Exists in the type stubs alone.
    from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceAsyncStub

PEERS = ("auth", "catalog", "orders", "payments", "staff", "realtime")
CONSUMERS = ("catalog", "orders", "payments", "staff")
"""Services with an inbox, which may have parked events."""
CATALOG: Final = "fynlo.catalog.v1."
"""How the names of the catalog's services begin: whatever they write may move the menu."""
PARKED: Final = "fynlo.operations.v1.ParkedEventsService"
SOURCE: Final = "fynlo.realtime.v1.ChannelSourceService"
SHARED: Final = frozenset({PARKED, SOURCE})
"""Several peers serve these."""


class Services:
    """Calls act with the token of the request in progress."""

    def __init__(self, settings: GatewaySettings) -> None:
        peers = Peers(settings, SystemClock())
        self.close = peers.close
        self.channels = {peer: peers.channel(peer, retry=_retried(peer)) for peer in PEERS}
        self._stubs = {
            service: stub(self.channels[_owner(service)])
            for service, stub in STUBS.items()
            if service not in SHARED
        }
        self.parked = {name: STUBS[PARKED](self.channels[name]) for name in CONSUMERS}
        self._sources = {owner: STUBS[SOURCE](self.channels[owner]) for owner in OWNERS}

    def method(self, service: str, name: str, message: Any) -> Callable[..., Any]:
        """The call of a method, by the full name of its service and its own; ``message`` says of which peer
        where several have the service.
        """
        stub = self.parked[message.service] if service == PARKED else self._stubs[service]
        call: Callable[..., Any] = getattr(stub, name)
        return call

    def source_of(self, channel: ChannelSpec) -> ChannelSourceServiceAsyncStub:
        """The stub that answers snapshots of a channel."""
        source: ChannelSourceServiceAsyncStub = self._sources[channel.owner]
        return source


def _owner(service: str) -> str:
    """orders for fynlo.orders.v1.KitchenService."""
    return service.split(".")[1]


def _retried(peer: str) -> list[str]:
    """Idempotent methods of these are tried again when a replica is not there; only the gateway does that."""
    served = [service for service in STUBS if service not in SHARED and _owner(service) == peer]
    return [*served, *([SOURCE] if peer in OWNERS else []), *([PARKED] if peer in CONSUMERS else [])]
