"""The services behind the gateway: one channel each, typed stubs on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

from chassis.auth import ServiceIdentity
from chassis.clock import SystemClock
from chassis.rpc import Channel, channel_credentials, open_channel
from gateway.settings import GatewaySettings

if TYPE_CHECKING:
    # Exists in the type stubs alone.
    from fynlo.realtime.v1.channel_source_service_pb2_grpc import ChannelSourceServiceAsyncStub

# Which service owns which channel of the socket protocol, and so answers its snapshot.
CHANNEL_OWNERS = {
    "kitchen": "orders",
    "orders": "orders",
    "floor": "orders",
    "metrics": "orders",
    "inventory": "catalog",
    "staff": "staff",
    "tills": "payments",
}
CONSUMERS = ("catalog", "orders", "payments", "staff")
"""Services with an inbox, which may have parked events."""
_PARKED = "fynlo.operations.v1.ParkedEventsService"
# Idempotent methods of these are tried again when a replica is not there; this is the only layer that does.
_RETRIED = {
    "auth": ["fynlo.auth.v1.AuthService", "fynlo.auth.v1.PeopleService"],
    "catalog": [
        "fynlo.catalog.v1.CatalogService",
        "fynlo.realtime.v1.ChannelSourceService",
        _PARKED,
    ],
    "orders": [
        "fynlo.orders.v1.OrdersService",
        "fynlo.orders.v1.KitchenService",
        "fynlo.realtime.v1.ChannelSourceService",
        _PARKED,
    ],
    "payments": [
        "fynlo.payments.v1.PaymentsService",
        "fynlo.payments.v1.TillService",
        "fynlo.realtime.v1.ChannelSourceService",
        _PARKED,
    ],
    "staff": ["fynlo.staff.v1.StaffService", "fynlo.realtime.v1.ChannelSourceService", _PARKED],
    "realtime": [],
}


class Services:
    """Typed stubs. Calls act with the token of the request in progress."""

    def __init__(self, settings: GatewaySettings) -> None:
        identity, credentials = ServiceIdentity.of(settings, SystemClock()), channel_credentials(settings)
        addresses = {
            "auth": settings.auth_address,
            "catalog": settings.catalog_address,
            "orders": settings.orders_address,
            "payments": settings.payments_address,
            "staff": settings.staff_address,
            "realtime": settings.realtime_address,
        }
        self.channels: dict[str, Channel] = {
            peer: open_channel(
                address, peer=peer, identity=identity, credentials=credentials, retry=_RETRIED[peer]
            )
            for peer, address in addresses.items()
        }
        self.auth = AuthServiceStub(self.channels["auth"])
        self.people = PeopleServiceStub(self.channels["auth"])
        self.catalog = CatalogServiceStub(self.channels["catalog"])
        self.orders = OrdersServiceStub(self.channels["orders"])
        self.kitchen = KitchenServiceStub(self.channels["orders"])
        self.payments = PaymentsServiceStub(self.channels["payments"])
        self.tills = TillServiceStub(self.channels["payments"])
        self.staff = StaffServiceStub(self.channels["staff"])
        self.parked = {name: ParkedEventsServiceStub(self.channels[name]) for name in CONSUMERS}
        self._sources = {
            owner: ChannelSourceServiceStub(self.channels[owner]) for owner in set(CHANNEL_OWNERS.values())
        }

    def source_of(self, channel: str) -> ChannelSourceServiceAsyncStub | None:
        """The stub that answers snapshots of a channel; None for a channel that nobody owns."""
        owner = CHANNEL_OWNERS.get(channel)
        return None if owner is None else self._sources[owner]

    async def close(self) -> None:
        """Closes all channels."""
        for channel in self.channels.values():
            await channel.close()
