"""The device socket on one machine: the bytes of `/api/v2/ws` go to realtime and back, unread.

In production the ingress sends that path straight to realtime. Here uvicorn hands a connection over at the
upgrade; from then on two transports are tied together with back-pressure both ways, and no frame is parsed.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, ClassVar, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from chassis.telemetry import counter, gauge, get_logger

SOCKET_PATH = "/api/v2/ws"
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
"""From the connection to realtime to its first byte; after that realtime bounds the socket itself."""
BUFFER_BYTES_MAX = 65_536
EARLY_BYTES_MAX = 65_536
TUNNELS_MAX = 12_000

_log = get_logger("tunnel")
_open = gauge("gateway_tunnels_open", "Device sockets that this gateway tunnels to realtime")
_failed = counter("gateway_tunnels_failed_total", "Device sockets that found no realtime service")

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


class _Upstream(asyncio.Protocol):
    """The half that talks to realtime."""

    def __init__(self, tunnel: "SocketTunnel") -> None:
        self._tunnel = tunnel

    def data_received(self, data: bytes) -> None:
        self._tunnel.answered = True
        self._tunnel.client.write(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._tunnel.client.close()

    def pause_writing(self) -> None:
        self._tunnel.client.pause_reading()

    def resume_writing(self) -> None:
        self._tunnel.client.resume_reading()


class SocketTunnel(asyncio.Protocol):
    """The half that talks to the device; uvicorn makes one for each upgrade."""

    upstream_address: ClassVar[tuple[str, int]]
    upstream_tls: ClassVar[ssl.SSLContext | None]
    # Not among uvicorn's connections: its limit of concurrent requests must not count sockets.
    open_tunnels: ClassVar[set["SocketTunnel"]] = set()

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._early = bytearray()
        self._upstream: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._closed = False
        self.answered = False
        self.on_lost: Callable[[], None] | None = None
        """Called once, when the device is gone."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection over from uvicorn's HTTP protocol."""
        self.client = cast(asyncio.Transport, transport)
        self.client.set_write_buffer_limits(BUFFER_BYTES_MAX)
        self.open_tunnels.add(self)
        _open.inc()
        if len(self.open_tunnels) > TUNNELS_MAX:
            self._refuse()

    def _refuse(self) -> None:
        _failed.inc()
        self.client.write(_UNAVAILABLE)
        self.client.close()

    def data_received(self, data: bytes) -> None:
        """Forwards; what comes before realtime has answered waits, bounded."""
        if self._upstream is not None:
            self._upstream.write(data)
            return
        if self.client.is_closing():
            return
        self._early += data
        if self._connecting is None:
            self._begin()
        elif len(self._early) > EARLY_BYTES_MAX:
            self.client.abort()

    def _begin(self) -> None:
        target = bytes(self._early).split(b" ", 2)[1]
        if target.partition(b"?")[0] != SOCKET_PATH.encode():
            self.client.write(_NOT_FOUND)
            self.client.close()
            return
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        host, port = self.upstream_address
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                transport, _ = await asyncio.get_running_loop().create_connection(
                    lambda: _Upstream(self), host, port, ssl=self.upstream_tls
                )
        except (OSError, TimeoutError) as error:
            _log.warning("realtime cannot be reached", error=str(error))
            self._refuse()
            return
        if self._closed or self.client.is_closing():
            transport.close()
            return
        transport.set_write_buffer_limits(BUFFER_BYTES_MAX)
        transport.write(bytes(self._early))
        self._early.clear()
        self._upstream = transport
        asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._must_have_answered)

    def _must_have_answered(self) -> None:
        if not self.answered and not self.client.is_closing():
            _log.warning("realtime does not answer", seconds=ANSWER_SECONDS)
            self._refuse()

    def eof_received(self) -> bool:
        """A half-closed socket is of no use to either side."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The device is gone, so realtime must know at once."""
        self._closed = True
        self.open_tunnels.discard(self)
        _open.dec()
        if self.on_lost is not None:
            self.on_lost()
        if self._upstream is not None:
            self._upstream.close()

    def pause_writing(self) -> None:
        """The device reads slowly: realtime's own slow-consumer rule must see that, so stop draining it."""
        if self._upstream is not None:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        """The device caught up."""
        if self._upstream is not None:
            self._upstream.resume_reading()

    def shut(self) -> None:
        """The gateway stops: the device reconnects to another one."""
        if self._upstream is not None:
            self._upstream.close()
        self.client.close()


def tunnel_to(address: str, tls: ssl.SSLContext | None = None) -> type[SocketTunnel]:
    """A protocol class for uvicorn's ``ws`` setting that tunnels to ``address`` (host:port)."""
    host, _, port = address.rpartition(":")
    told = {"upstream_address": (host, int(port)), "upstream_tls": tls}
    return type("SocketTunnelTo", (SocketTunnel,), told)


async def shut_tunnels() -> None:
    """Closes every tunnel of this process."""
    for tunnel in list(SocketTunnel.open_tunnels):
        tunnel.shut()
