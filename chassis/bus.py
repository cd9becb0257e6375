"""The connection to NATS: reconnects for ever, says when it is gone, and is noticed dead within seconds."""

from nats.aio.client import Client

from chassis.telemetry import gauge, get_logger

CONNECT_TIMEOUT_SECONDS = 2
RECONNECT_WAIT_SECONDS = 0.5
PING_INTERVAL_SECONDS = 5
PINGS_UNANSWERED_MAX = 2
PENDING_MAX_BYTES = 8 * 1024 * 1024
"""What may wait in memory for a connection that is gone; more is refused to whoever publishes."""
DRAIN_SECONDS = 5

_log = get_logger("nats")
_connected = gauge("nats_connected", "1 while the connection to NATS stands")


async def open_nats(url: str, *, name: str) -> Client:
    """A connection that the server's monitoring shows as ``name``. Raises what nats raises."""
    client = Client()

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
    _connected.set(1)
    return client
