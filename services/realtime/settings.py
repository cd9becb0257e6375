"""Settings of the realtime service, from the environment (FYNLO_*)."""

from ipaddress import ip_network

from pydantic import Field

from chassis.process.settings import RpcSettings
from chassis.rpc.client_address import Networks


class RealtimeSettings(RpcSettings):
    """See ``RpcSettings``."""

    service_name: str = Field(default="realtime", pattern=r"^[a-z][a-z0-9-]{0,31}$")
    drain_grace_seconds: float = Field(default=30.0, ge=0, le=300)
    """Sockets are let go over up to 25 seconds, so that their devices do not come back all at once."""

    auth_address: str
    orders_address: str
    catalog_address: str
    staff_address: str
    payments_address: str

    realtime_socket_port: int = Field(ge=0, le=65535)
    """Where devices connect: ws://.../api/v2/ws. 0: any free port."""
    allowed_origins: list[str] = Field(default_factory=list)
    """Origins of pages that may open sockets, for example ["https://till.example"] (JSON)."""
    trusted_proxies: Networks = (ip_network("127.0.0.1"), ip_network("::1"))
    """Addresses and networks of our own proxies, whose X-Forwarded-For names the device (JSON). Their own
    address is not counted as a device's."""

    connections_max: int = Field(default=12_000, ge=1)
    connections_per_restaurant: int = Field(default=200, ge=1)
    accepts_per_second: int = Field(default=500, ge=1)
    accepts_per_address: float = Field(default=50, gt=0)
    """New sockets of one address per second: one that comes back without end takes no other's turn."""
    preauth_per_address: int = Field(default=100, ge=1)
    """Sockets of one address that have not said who they are yet."""
