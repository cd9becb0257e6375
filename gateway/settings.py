"""Every variable of the gateway."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from chassis.process.settings import BusSettings
from chassis.rpc.client_address import Networks

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def origin_of(address: str) -> str:
    """Scheme, host and port; "" of no address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class GatewaySettings(BusSettings):
    """Where the gateway listens, whom it calls and how much it lets in."""

    service_name: str = "gateway"
    gateway_port: int = Field(default=8080, ge=0, le=65535)
    redis_url: str | None = Field(default=None, repr=False)
    """Valkey, for rate limits that hold over all gateways. Without it each gateway limits on its own."""

    auth_address: str
    catalog_address: str
    orders_address: str
    payments_address: str
    staff_address: str
    realtime_address: str
    realtime_socket_address: str
    """host:port of the realtime service's socket port; on one machine the gateway tunnels to it."""

    rate_user_per_second: float = Field(default=100, gt=0)
    rate_user_burst: int = Field(default=400, ge=1)
    rate_restaurant_per_second: float = Field(default=1_000, gt=0)
    rate_restaurant_burst: int = Field(default=2_000, ge=1)
    rate_address_per_second: float = Field(default=1_500, gt=0)
    """Per network address and gateway, before anything else is known; a restaurant's devices share one."""
    rate_address_burst: int = Field(default=3_000, ge=1)
    rate_login_per_second: float = Field(default=20, gt=0)
    """Log-ins and refreshes per network address."""
    rate_login_burst: int = Field(default=200, ge=1)
    rate_socket_per_second: float = Field(default=50, gt=0)
    """New device sockets per network address and gateway: devices that lost theirs come back together."""
    rate_socket_burst: int = Field(default=250, ge=1)

    connections_max: int = Field(default=4_000, ge=1)
    """HTTP connections; device sockets are counted apart."""
    connections_per_address: int = Field(default=256, ge=1)
    """All devices of a restaurant may call from one address. Trusted proxies have no such limit."""
    sockets_per_address: int = Field(default=1_000, ge=1)
    """Device sockets that are tunnelled to realtime."""
    requests_max: int = Field(default=1_000, ge=1)
    """Requests that are worked on at the same time."""

    trusted_proxies: Networks = ()
    """Addresses and networks of our own proxies, for example ["10.0.0.0/8"] (JSON). The client is the first
    address of X-Forwarded-For, read from the right, that is none of theirs. Empty: the header is ignored."""
    setup_done_file: Path | None = None
    """A file that whoever sets the system up makes when a sale can be made; until then /health says so.
    None: nothing is awaited."""
    tls_terminated: bool = False
    """True where a proxy in front speaks TLS: adds Strict-Transport-Security."""
    mail_adapter: Literal["local", "smtp", "resend", ""] = ""
    """As auth's. local: the page /outbox shows every mail with its secret link."""

    images_dir: Path | None = None
    """As the catalog's: pictures are taken and shown here. None: they lie in a bucket."""
    images_secret: SecretStr = Field(default=SecretStr(""))
    images_address: str = ""
    s3_endpoint: str = ""
    """As the catalog's: where pages read pictures, and where they send them."""

    @property
    def image_origins(self) -> tuple[str, str]:
        """Whence pages show pictures and whither they send them, beside this server itself."""
        if self.images_dir is not None:
            return "", ""
        return origin_of(self.images_address or self.s3_endpoint), origin_of(self.s3_endpoint)

    @model_validator(mode="after")
    def _folder_has_a_secret(self) -> Self:
        if self.images_dir is not None and not self.images_secret.get_secret_value():
            raise ValueError("FYNLO_IMAGES_DIR needs FYNLO_IMAGES_SECRET, which the catalog has too")
        return self

    @model_validator(mode="after")
    def _local_mail_stays_local(self) -> Self:
        if self.mail_adapter == "local" and self.bind_host not in LOOPBACK:
            raise ValueError(
                "mail that is kept locally shows everybody's secret links: listen on loopback, or set"
                " FYNLO_MAIL_ADAPTER to smtp or resend"
            )
        return self
