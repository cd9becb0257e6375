"""The socket shell: picows on one side, the hub on the other. No task and no buffer per connection.

picows does the handshake and reads frames. Frames out are built once for all receivers and handed to the
transport as they are: uvloop keeps references and writes what has gathered with one system call.
"""

import asyncio
import fcntl
import logging
import socket
import sys
import termios
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from chassis.rpc import server_context
from chassis.rpc.client_address import bucket_of, client_of, is_trusted
from chassis.telemetry import get_logger
from services.realtime import upgrade
from services.realtime.codes import Close
from services.realtime.hub.core import Hub
from services.realtime.hub.session import Phase, Session
from services.realtime.limits import INBOUND_FRAME_BYTES, RESUME_BUFFER_BYTES, SOFT_BUFFER_BYTES
from services.realtime.protocol import SUBPROTOCOL
from services.realtime.settings import RealtimeSettings
from services.realtime.upgrade import Accepted, AcceptRate, Refused

READ_BUFFER_BYTES: Final = 2_048
"""Grows for a larger frame; a hello fits."""
UPGRADE_SECONDS: Final = 5.0
BACKLOG: Final = 4_096
SEND_BUFFER_BYTES: Final = 64 * 1024
NOT_SENT_LOW_BYTES: Final = 16 * 1024
"""The kernel takes no more than this unsent: what waits, waits where it can be counted."""
USER_TIMEOUT_MS: Final = 20_000
_TCP_USER_TIMEOUT: Final = 18
_TCP_NOTSENT_LOWAT: Final = 25
_ACKED_AT: Final = 120
"""Of tcpi_bytes_acked in struct tcp_info (linux/tcp.h, since 4.1)."""

_log = get_logger("sockets")
# picows logs every hostile frame with a stack; what matters is counted here by close code.
_picows_log = logging.getLogger("picows.realtime")
_picows_log.setLevel(logging.CRITICAL)


class Connection(WSListener):
    """One socket. Implements the hub's ``Wire``."""

    __slots__ = ("_fragments", "_server", "_transport", "accepted", "session", "write")

    def __init__(self, server: "SocketServer", accepted: Accepted) -> None:
        super().__init__()
        self._server = server
        self._transport: Any = None
        self._fragments: bytearray | None = None
        self.accepted: Accepted | None = accepted
        self.session: Session | None = None
        self.write: Callable[[bytes], None]

    # --- picows -------------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade is done."""
        raw = transport.underlying_transport
        raw.set_write_buffer_limits(SOFT_BUFFER_BYTES, RESUME_BUFFER_BYTES)
        self._transport = raw
        self.write = raw.write
        # Nobody looks at the handshake again, and it would stay as long as the socket.
        transport.request.headers.clear()
        transport.response.headers.clear()
        accepted, self.accepted = self.accepted, None
        assert accepted is not None
        self.session = self._server.connected(self, raw, accepted)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame of the client."""
        session = self.session
        if session is None:
            return
        server = self._server
        try:
            kind = frame.msg_type
            if kind == WSMsgType.TEXT and frame.fin and self._fragments is None and not frame.rsv1:
                server.hub.received(session, frame.get_payload_as_bytes(), server.now())
            elif kind == WSMsgType.CLOSE:
                self._close_asked(session, frame)
            else:
                self._other_frame(session, frame)
        except Exception as error:
            _log.error("a frame could not be handled", exc_info=error)
            server.hub.drop(session, Close.INTERNAL)
        server.carry_out()

    def _other_frame(self, session: Session, frame: WSFrame) -> None:
        hub, now, kind = self._server.hub, self._server.now(), frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            hub.drop(session, Close.PROTOCOL)
        elif kind == WSMsgType.PING:
            hub.pinged(session, frame.get_payload_as_bytes(), now)
        elif kind == WSMsgType.PONG:
            hub.heard(session, now)
        elif kind == WSMsgType.BINARY:
            hub.drop(session, Close.BINARY)
        else:
            self._fragment(session, frame, now)

    def _fragment(self, session: Session, frame: WSFrame, now: float) -> None:
        """A message in pieces (RFC 6455, 5.4): collected up to the limit of one frame."""
        hub, start = self._server.hub, frame.msg_type == WSMsgType.TEXT
        if start == (self._fragments is not None):
            hub.drop(session, Close.PROTOCOL)
            return
        if self._fragments is None:
            self._fragments = bytearray()
        if not frame.fin:
            # Each piece counts, as the whole does: pieces of nothing would never meet the limit of size.
            hub.heard(session, now)
        self._fragments += frame.get_payload_as_bytes()
        if len(self._fragments) > INBOUND_FRAME_BYTES:
            self._fragments = None
            hub.drop(session, Close.TOO_BIG)
        elif frame.fin:
            whole, self._fragments = bytes(self._fragments), None
            hub.received(session, whole, now)

    def _close_asked(self, session: Session, frame: WSFrame) -> None:
        """The client closes, or answers our close."""
        if session.phase is not Phase.CLOSED:
            code = frame.get_payload_as_bytes()[:2]
            self._server.hub.closed(session)
            self.write(bytes((0x88, len(code))) + code)
        self._transport.close()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is gone."""
        if self.session is not None:
            self._server.disconnected(self.session)
            self.session = None
        self._transport = None

    def pause_writing(self) -> None:
        """More than the soft limit waits in the transport."""
        if self.session is not None:
            self._server.hub.paused(self.session, self._server.now())

    def resume_writing(self) -> None:
        """The transport has drained."""
        if self.session is not None:
            self._server.hub.resumed(self.session)

    # --- Wire ---------------------------------------------------------------------------------------------

    def unsent(self) -> int:
        """Bytes in the transport."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def progress(self) -> tuple[int, int]:
        """Bytes that the peer has acknowledged, and those in the transport and in the kernel."""
        if self._transport is None:
            return 0, 0
        return kernel_progress(self._transport.get_extra_info("socket").fileno(), self.unsent())

    def finish(self) -> None:
        """The close frame is on its way. The client answers it, or the hub cuts after CLOSE_SECONDS."""

    def abort(self) -> None:
        """Cuts the socket, whatever waits in it."""
        if self._transport is not None:
            self._transport.abort()


def kernel_progress(descriptor: int, before: int) -> tuple[int, int]:
    """What the peer of a TCP socket has acknowledged, and what is in the kernel and, ``before``, in front."""
    # The loop's own object has no getsockopt. This one owns nothing: it is let go of before it could close.
    view = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=descriptor)
    try:
        info = view.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKED_AT + 8)
        queued = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0, 0
    finally:
        view.detach()
    return int.from_bytes(info[_ACKED_AT:], sys.byteorder), int.from_bytes(queued, sys.byteorder) + before


class SocketServer:
    """Listens for devices."""

    def __init__(
        self,
        hub: Hub,
        settings: RealtimeSettings,
        loop: asyncio.AbstractEventLoop,
        carry_out: Callable[[], None],
    ) -> None:
        self.hub = hub
        self.now = loop.time
        self.carry_out = carry_out
        self._settings = settings
        self._origins = frozenset(settings.allowed_origins)
        self._proxies = settings.trusted_proxies
        self._rate = AcceptRate(settings.accepts_per_second, loop.time())
        self._server: asyncio.Server | None = None
        self._open = 0
        self.overloaded = False
        """Set while the process cannot keep up: new sockets are refused."""
        self.port = settings.realtime_socket_port
        self.refused: dict[int, int] = {}

    async def start(self) -> int:
        """Begins to listen; the port. Raises OSError where it is taken."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit these: no system calls per connection.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listening.setsockopt(socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        listening.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, NOT_SENT_LOW_BYTES)
        listening.bind((self._settings.bind_host, self._settings.realtime_socket_port))
        self._server = await ws_create_server(
            self._upgrade,
            sock=listening,
            ssl=server_context(self._settings),
            backlog=BACKLOG,
            websocket_handshake_timeout=UPGRADE_SECONDS,
            logger_name=logging.LoggerAdapter(_picows_log, {}),
            enable_auto_pong=False,
            max_frame_size=INBOUND_FRAME_BYTES,
            read_buffer_init_size=READ_BUFFER_BYTES,
        )
        self.port = listening.getsockname()[1]
        return self.port

    def stop_accepting(self) -> None:
        """Closes the port; open sockets stay."""
        if self._server is not None:
            self._server.close()

    def _upgrade(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        lines = request.headers.getall("x-forwarded-for", [])
        decision = upgrade.decide(request.path, request.headers, self._origins, lines)
        if isinstance(decision, Accepted):
            if self._open >= self._settings.connections_max or self.overloaded:
                decision = upgrade.too_many(HTTPStatus.SERVICE_UNAVAILABLE)
            elif not self._rate.take(self.now()):
                decision = upgrade.too_many(HTTPStatus.TOO_MANY_REQUESTS)
        if isinstance(decision, Refused):
            self.refused[decision.status] = self.refused.get(decision.status, 0) + 1
            response = WSUpgradeResponse.create_error_response(decision.status, b"", decision.headers)
            return WSUpgradeResponseWithListener(response, None)
        response = WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": SUBPROTOCOL})
        return WSUpgradeResponseWithListener(response, Connection(self, decision))

    def connected(self, connection: Connection, raw: Any, accepted: Accepted) -> Session:
        """A socket is open: tells the hub."""
        self._open += 1
        address = self._address(raw, accepted)
        session = self.hub.opened(connection, address, accepted.origin_allowed, self.now())
        if session.phase is Phase.CLOSED:
            # Its address has too many: who that is was not known before the upgrade.
            self._rate.give_back()
        return session

    def disconnected(self, session: Session) -> None:
        """A socket is gone: tells the hub."""
        self._open -= 1
        self.hub.closed(session)

    def _address(self, raw: Any, accepted: Accepted) -> str:
        """Whom a socket is counted for before it says who it is; empty: a proxy that does not tell."""
        peer = raw.get_extra_info("peername")
        host = str(peer[0]) if peer else ""
        if not accepted.forwarded and is_trusted(host, self._proxies):
            return ""
        return bucket_of(client_of(host, accepted.forwarded, self._proxies))
