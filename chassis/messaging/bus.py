"""The connection to NATS: reconnects for ever, says when it is gone, and is noticed dead within seconds."""

import ssl
from typing import Any

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DEFAULT_PREFIX

from chassis.process.settings import BusSettings
from chassis.rpc.tls import client_context
from chassis.telemetry import gauge, get_logger

CONNECT_TIMEOUT_SECONDS = 2
RECONNECT_WAIT_SECONDS = 0.5
PING_INTERVAL_SECONDS = 5
PINGS_UNANSWERED_MAX = 2
PENDING_MAX_BYTES = 8 * 1024 * 1024
"""What may wait in memory for a connection that is gone; more is refused to whoever publishes."""
DRAIN_SECONDS = 5
OLDEST_SERVER = (2, 14)
"""Older servers lack what the stream and its consumers rely on."""

_log = get_logger("nats")
_connected = gauge("nats_connected", "1 while the connection to NATS stands")


class ServerTooOld(Exception):
    """The NATS server is older than OLDEST_SERVER. Waiting does not help."""


class Bus(Client):
    """A client whose JetStream answers at ``api_prefix``: where the account of the client has imported it."""

    api_prefix = DEFAULT_PREFIX

    def jetstream(self, **opts: Any) -> JetStreamContext:
        """As nats-py's own, at ``api_prefix`` unless another is named."""
        return super().jetstream(**{"prefix": self.api_prefix, **opts})


def api_prefix_of(client: Client) -> str:
    """Where JetStream answers ``client``."""
    return client.api_prefix if isinstance(client, Bus) else DEFAULT_PREFIX


async def bus_of(settings: BusSettings) -> Client:
    """The connection that the settings of a process describe. Raises what nats raises, and ServerTooOld."""
    return await open_nats(
        settings.nats_url,
        name=settings.service_name,
        api_prefix=settings.nats_api_prefix,
        tls=client_context(settings) if settings.nats_url.startswith("tls://") else None,
    )


async def open_nats(
    url: str, *, name: str, api_prefix: str = DEFAULT_PREFIX, tls: ssl.SSLContext | None = None
) -> Client:
    """A connection that the server's monitoring shows as ``name``.

    Raises what nats raises, and ServerTooOld.
    """
    client = Bus()
    client.api_prefix = api_prefix

    async def lost() -> None:
        _connected.set(0)
        # Also called when we close it ourselves.
        if not client.is_closed:
            _log.warning("NATS is gone; what happens meanwhile waits in the outbox")

    async def back() -> None:
        _connected.set(1)
        _log.info("NATS is back")

    async def failed(error: Exception) -> None:
        _log.warning("NATS reports an error", error=str(error) or type(error).__name__)

    await client.connect(
        url,
        name=name,
        tls=tls,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_WAIT_SECONDS,  # type: ignore[arg-type] # any number is slept
        ping_interval=PING_INTERVAL_SECONDS,
        max_outstanding_pings=PINGS_UNANSWERED_MAX,
        pending_size=PENDING_MAX_BYTES,
        drain_timeout=DRAIN_SECONDS,
        disconnected_cb=lost,
        reconnected_cb=back,
        error_cb=failed,
    )
    try:
        version = client.connected_server_version
        refuse_old_server(version.major, version.minor)
    except ServerTooOld:
        await client.close()
        raise
    _connected.set(1)
    return client


def refuse_old_server(major: int, minor: int) -> None:
    """Raises ServerTooOld where a server of this version is below OLDEST_SERVER."""
    if (major, minor) < OLDEST_SERVER:
        oldest = ".".join(str(number) for number in OLDEST_SERVER)
        raise ServerTooOld(
            f"The NATS server is {major}.{minor}; Fynlo needs {oldest} or newer. Update the server."
        )
