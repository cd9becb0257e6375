"""The services behind the gateway: one channel each, and the methods that devices reach by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from fynlo.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from fynlo.auth.v1.people_service_pb2_grpc import PeopleServiceStub
from fynlo.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from fynlo.operations.v1.parked_events_service_pb2_grpc import ParkedEventsServiceStub
from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceStub, OrdersServiceStub
from fynlo.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub, TillServiceStub
from fynlo.realtime.v1.channel_source_service_pb2_grpc import (
    ChannelSourceServiceStub,
)
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceStub

from chassis.clock import SystemClock
from chassis.messaging.channels import OWNERS, ChannelSpec
from chassis.process.composition import Peers
from gateway.settings import GatewaySettings

if TYPE_CHECKING:
    # Exists in the type stubs alone.
    from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceAsyncStub

CONSUMERS = ("catalog", "orders", "payments", "staff")
"""Services with an inbox, which may have parked events."""
PARKED: Final = "fynlo.operations.v1.ParkedEventsService"
SOURCE: Final = "fynlo.realtime.v1.ChannelSourceService"
_STUBS: Final[dict[str, dict[str, Any]]] = {
    "auth": {"fynlo.auth.v1.AuthService": AuthServiceStub, "fynlo.auth.v1.PeopleService": PeopleServiceStub},
    "catalog": {"fynlo.catalog.v1.CatalogService": CatalogServiceStub},
    "orders": {
        "fynlo.orders.v1.OrdersService": OrdersServiceStub,
        "fynlo.orders.v1.KitchenService": KitchenServiceStub,
    },
    "payments": {
        "fynlo.payments.v1.PaymentsService": PaymentsServiceStub,
        "fynlo.payments.v1.TillService": TillServiceStub,
    },
    "staff": {"fynlo.staff.v1.StaffService": StaffServiceStub},
    "realtime": {},
}
"""The stubs by peer and by the full name of the service in the contract."""


class Services:
    """Calls act with the token of the request in progress."""

    def __init__(self, settings: GatewaySettings) -> None:
        peers = Peers(settings, SystemClock())
        self.close = peers.close
        self.channels = {peer: peers.channel(peer, retry=_retried(peer)) for peer in _STUBS}
        self._stubs = {
            service: stub(self.channels[peer])
            for peer, stubs in _STUBS.items()
            for service, stub in stubs.items()
        }
        self._parked = {name: ParkedEventsServiceStub(self.channels[name]) for name in CONSUMERS}
        self._sources = {owner: ChannelSourceServiceStub(self.channels[owner]) for owner in OWNERS}

    def method(self, service: str, name: str, message: Any) -> Callable[..., Any]:
        """The call of a method, by the full name of its service and its own; ``message`` says of which peer
        where several have the service.
        """
        stub = self._parked[message.service] if service == PARKED else self._stubs[service]
        call: Callable[..., Any] = getattr(stub, name)
        return call

    def source_of(self, channel: ChannelSpec) -> ChannelSourceServiceAsyncStub:
        """The stub that answers snapshots of a channel."""
        return self._sources[channel.owner]


def _retried(peer: str) -> list[str]:
    """Idempotent methods of these are tried again when a replica is not there; only the gateway does that."""
    served = list(_STUBS[peer])
    if peer in OWNERS:
        served.append(SOURCE)
    if peer in CONSUMERS:
        served.append(PARKED)
    return served
