"""One HTTP connection, bounded: uvicorn's protocol reads and answers, this one says how long and how much.

uvicorn has one time-out, between two requests. Nothing in it bounds the time before the first byte, a head
or a body that comes a little at a time, the size of a head, or a client that does not take its answer.
"""

import asyncio
from enum import Enum
from typing import Any, ClassVar

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from chassis.rpc.client_address import bucket_of, client_of
from gateway import problems
from gateway.connections import SWEEP_SECONDS, Connections, count_ended
from gateway.tunnel import SocketTunnel

FIRST_BYTE_SECONDS = 10.0
HEAD_SECONDS = 10.0
"""From the first byte of a request to the end of its header fields."""
BODY_GRACE_SECONDS = 10.0
BODY_BYTES_PER_SECOND_MIN = 4_096
"""A body may take the grace and, beyond it, what its bytes so far take at this rate ..."""
BODY_SECONDS = 120.0
"""... and this in all."""
KEEP_ALIVE_SECONDS = 75.0
SEND_SECONDS = 60.0
"""How long a client may leave an answer that fills the buffer."""
LINGER_SECONDS = 2.0
"""How long a client that was answered before its body ended may go on: it must be able to read the answer."""

HEAD_BYTES_MAX = 32_768
FIELDS_MAX = 100
FRAMING_BYTES_PER_BYTE = 8
"""What the framing of a body may cost: a chunk of one byte comes in six."""
LINGER_BYTES_MAX = 4_194_304
"""What is read and thrown away of a body whose request has been answered ..."""
REFUSED_BYTES_MAX = 262_144
"""... and of a client that was refused."""
PIPELINED_MAX = 16

_HEAD_TOO_LARGE = (431, "headers_too_large", f"header fields take at most {HEAD_BYTES_MAX} bytes in all")
_TOO_MANY_FIELDS = (431, "headers_too_large", f"a request has at most {FIELDS_MAX} header fields")
_BODY_FRAMING = (413, "body_too_large", "the framing of this body is larger than the body")
_TOO_MANY_PIPELINED = (503, "service_unavailable", "wait for answers before you send more requests")
_MALFORMED = (400, "malformed_request", "this is not HTTP/1.1")
_HEAD_LATE = (408, "request_timeout", f"the header fields did not come within {HEAD_SECONDS:g} s")
_BODY_LATE = (408, "request_timeout", "the body came too slowly; send it again")
_FULL = (503, "service_unavailable", "too many requests are being served; try again in a moment")
_TOO_MANY_SOCKETS = (429, "rate_limited", "your address holds or opens too many sockets; wait a moment")
_NAMES_A_CLIENT = frozenset({b"forwarded", b"x-real-ip"})

Refusal = tuple[int, str, str]
"""Status, code and detail of a problem document."""


class Phase(Enum):
    """What a connection waits for. The value names it in metrics."""

    FIRST_BYTE = "no first byte"
    HEAD = "slow head"
    BODY = "slow body"
    SERVED = "served"
    IDLE = "idle"
    LINGER = "body after its answer"
    REFUSED = "refused"
    CLOSING = "closed"


_ENDING = frozenset({Phase.LINGER, Phase.REFUSED, Phase.CLOSING})


class _Refused(Exception):
    """Stops the parser; the reason is kept beside it."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn makes one per connection; see the module. ``connections``: of this gateway."""

    connections_open: ClassVar[Connections]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bucket = "unknown"
        self.answered = False
        self._peer = ""
        self._admitted = False
        self._phase = Phase.FIRST_BYTE
        self._deadline = self._send_deadline = self._body_began = 0.0
        self._refusal: Refusal = _MALFORMED
        self._began_message = False
        # Of the message that is being read: bytes since its last stage began, and what of them was content.
        self._raw_bytes = self._fresh_bytes = 0
        self._head_bytes = self._fields = self._body_bytes = 0

    # --- the transport ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""
        self.bucket = bucket_of(client_of(self._peer, (), ()))
        self._admitted = self.connections_open.admit(self, self._peer)
        if self._admitted:
            self._wait(Phase.FIRST_BYTE, FIRST_BYTE_SECONDS)
        else:
            self._refuse(_FULL)

    def data_received(self, data: bytes) -> None:
        """Some bytes. After a refusal they are thrown away until the client has had time to read it."""
        self._raw_bytes += len(data)
        if self._phase in _ENDING:
            most = LINGER_BYTES_MAX if self._phase is Phase.LINGER else REFUSED_BYTES_MAX
            if self._raw_bytes > most:
                self.transport.abort()
            if self._phase is not Phase.LINGER:
                return
        self._unset_keepalive_if_required()
        self._began_message = False
        # Where no message is under way, all of this belongs to the next one, as far as that is not whole.
        self._fresh_bytes = len(data) if self._phase in (Phase.FIRST_BYTE, Phase.IDLE) else 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            else:
                # It is answered as if it had not asked; what follows would be no HTTP.
                self.cycle.keep_alive = False
            return
        except httptools.HttpParserError:
            self._refuse(self._refusal)
            return
        self._check_size()

    def _check_size(self) -> None:
        if self._phase is Phase.HEAD and self._raw_bytes > HEAD_BYTES_MAX:
            self._refuse(_HEAD_TOO_LARGE)
        elif self._phase is Phase.BODY and self._raw_bytes > (
            HEAD_BYTES_MAX + FRAMING_BYTES_PER_BYTE * self._body_bytes
        ):
            self._refuse(_BODY_FRAMING)
        elif self._began_message:
            self._take_side()

    def pause_writing(self) -> None:
        """The client does not take its answer."""
        super().pause_writing()
        if self._admitted:
            self._send_deadline = self.loop.time() + SEND_SECONDS
            self.connections_open.waits(self)

    def resume_writing(self) -> None:
        """It has taken it."""
        super().resume_writing()
        self._send_deadline = 0.0
        self._take_side()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        super().connection_lost(exc)
        self._release()

    def _release(self) -> None:
        if self._admitted:
            self._admitted = False
            self.connections_open.release(self)

    # --- the parser ---------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._raw_bytes, self._fresh_bytes = self._fresh_bytes, 0
        self._head_bytes = self._fields = self._body_bytes = 0
        self._began_message = True
        self._phase, self._deadline = Phase.HEAD, self.loop.time() + HEAD_SECONDS

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer field."""
        self._fields += 1
        if self._fields > FIELDS_MAX:
            self._stop(_TOO_MANY_FIELDS)
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES_MAX:
            self._stop(_HEAD_TOO_LARGE)

    def _stop(self, refusal: Refusal) -> None:
        self._refusal = refusal
        raise _Refused

    def on_headers_complete(self) -> None:
        """The request can begin."""
        if len(self.pipeline) >= PIPELINED_MAX:
            self._stop(_TOO_MANY_PIPELINED)
        super().on_headers_complete()
        self._phase, self._raw_bytes = Phase.BODY, 0
        self._body_began = self.loop.time()
        self._deadline = self._body_began + BODY_GRACE_SECONDS

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: from here on its client waits for us."""
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            self._wait(Phase.IDLE, KEEP_ALIVE_SECONDS)
        else:
            self._phase = Phase.SERVED
            self._take_side()

    def on_response_complete(self) -> None:
        """The answer is on its way."""
        super().on_response_complete()
        if not self._admitted:
            return
        if not self.answered:
            self.connections_open.is_served(self)
            self.answered = True
        if self.transport.is_closing():
            self._wait(Phase.CLOSING, SEND_SECONDS)
        elif self._phase is Phase.HEAD:
            # The next request began before this answer: its time begins when we can read on.
            self._wait(Phase.HEAD, HEAD_SECONDS)
        elif not self.cycle.response_complete:
            self._take_side()
        elif self._phase is Phase.SERVED:
            self._wait(Phase.IDLE, KEEP_ALIVE_SECONDS)
        elif self._phase is Phase.BODY:
            self._wait(Phase.LINGER, LINGER_SECONDS)

    # --- limits -------------------------------------------------------------------------------------------

    def _wait(self, phase: Phase, seconds: float) -> None:
        self._phase, self._deadline = phase, self.loop.time() + seconds
        if self._admitted:
            self.connections_open.waits(self)

    def _take_side(self) -> None:
        """Whether we wait for the client or it waits for us."""
        if not self._admitted:
            return
        if self._is_ours() and not self._send_deadline:
            self.connections_open.is_served(self)
        else:
            self.connections_open.waits(self)

    def _is_ours(self) -> bool:
        """Whether there is a whole request without its answer."""
        if self.cycle is None or self.cycle.response_complete:
            return False
        return bool(self.pipeline) or self._phase is not Phase.BODY

    def check(self, now: float) -> None:
        """Ends the connection where its client had its time."""
        if self._send_deadline and now >= self._send_deadline:
            count_ended("slow reader")
            self.transport.abort()
        elif now >= self._until(now):
            count_ended(self._phase.value)
            if self._phase is Phase.HEAD:
                self._refuse(_HEAD_LATE)
            elif self._phase is Phase.BODY:
                self._refuse(_BODY_LATE)
            else:
                self.make_room()

    def _until(self, now: float) -> float:
        if self.flow.read_paused or self._phase is Phase.SERVED:
            # We do not take what the client would send.
            self._deadline = self._deadline + SWEEP_SECONDS
            self._body_began += SWEEP_SECONDS
            return now + SWEEP_SECONDS
        if self._phase is Phase.BODY:
            earned = self._deadline + self._body_bytes / BODY_BYTES_PER_SECOND_MIN
            return min(earned, self._body_began + BODY_SECONDS)
        return self._deadline

    def make_room(self) -> None:
        """Ends the connection: gently where everything was sent, at once where the client takes nothing."""
        self._leave_cycle()
        if self._phase in _ENDING or self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
            self._phase = Phase.CLOSING
        self._release()

    def _refuse(self, refusal: Refusal) -> None:
        """Answers with a problem document where no other answer is under way, and reads no more."""
        if self._is_ours() or (self._phase is Phase.BODY and self.cycle.response_started):
            self.transport.abort()
            return
        self._leave_cycle()
        self.transport.write(_answer(*refusal))
        self._wait(Phase.REFUSED, LINGER_SECONDS)
        if self._admitted and self.transport.can_write_eof():
            # The client reads the answer and then the end, however much it still wants to send.
            self.transport.write_eof()
        else:
            self.transport.close()

    def _leave_cycle(self) -> None:
        """Whoever reads the body of this connection's request learns that there will be no more of it."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    # --- sockets ------------------------------------------------------------------------------------------

    def handle_websocket_upgrade(self) -> None:
        """The connection becomes a device socket. Realtime learns its address from us and from nobody else:
        what the client says of it is dropped.
        """
        lines = [value.decode("latin-1") for name, value in self.headers if name == b"x-forwarded-for"]
        address = client_of(self._peer, lines, self.connections_open.trusted)
        bucket = bucket_of(address)
        if not self.connections_open.add_socket(bucket):
            self._refuse(_TOO_MANY_SOCKETS)
            return
        kept = [
            (name, value)
            for name, value in self.headers
            if name not in _NAMES_A_CLIENT and not name.startswith(b"x-forwarded-")
        ]
        if address is not None:
            kept.append((b"x-forwarded-for", str(address).encode()))
        self.scope["headers"] = kept
        self._release()
        super().handle_websocket_upgrade()
        tunnel = self.transport.get_protocol()
        assert isinstance(tunnel, SocketTunnel)
        tunnel.on_lost = lambda: self.connections_open.remove_socket(bucket)


def _answer(status: int, code: str, detail: str) -> bytes:
    """The bytes of a problem document that ends its connection."""
    body = orjson.dumps(problems.document(status, code, detail))
    retry = b"retry-after: 1\r\n" if status in (429, 503) else b""
    return b"%bcontent-type: %b\r\ncontent-length: %d\r\n%bconnection: close\r\n\r\n%b" % (
        STATUS_LINE[status],
        problems.PROBLEM_JSON.encode(),
        len(body),
        retry,
        body,
    )


def http_over(connections: Connections) -> type[BoundedHttp]:
    """A protocol class for uvicorn's ``http`` setting that counts in ``connections``."""
    return type("BoundedHttpOver", (BoundedHttp,), {"connections_open": connections})
