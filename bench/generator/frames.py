"""WebSocket bytes as a device sends and reads them (RFC 6455), without a library: pure."""

import base64
import re
from collections.abc import Iterator

SUBPROTOCOL = "fynlo.rt.v1"
_NONCE = base64.b64encode(b"the bench's nonce"[:16]).decode()
_INSTANT = re.compile(rb'"cid":"b\.(\d+)\.')


def upgrade_request(host: str, port: int, path: str, subprotocol: str | None) -> bytes:
    """The bytes that ask for a socket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {_NONCE}",
        "Sec-WebSocket-Version: 13",
    ]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def masked_text(payload: bytes) -> bytes:
    """A client's text frame. Masked with zeros, which the protocol allows and which costs nothing."""
    length = len(payload)
    if length < 126:
        head = bytes((0x81, 0x80 | length))
    else:
        head = bytes((0x81, 0xFE)) + length.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


def split(buffer: bytes) -> Iterator[tuple[int, int, int]]:
    """The whole frames at the start of a server's bytes: (opcode, start of the payload, its end)."""
    at, size = 0, len(buffer)
    while size - at >= 2:
        length, start = buffer[at + 1], at + 2
        if length == 126:
            if size - at < 4:
                return
            length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
        elif length == 127:
            if size - at < 10:
                return
            length, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
        end = start + length
        if end > size:
            return
        yield buffer[at] & 0x0F, start, end
        at = end


def instant_in(frame: bytes) -> int:
    """When the command of an event frame was made (ns of the monotonic clock); 0 where the frame does not
    say.
    """
    found = _INSTANT.search(frame)
    return int(found.group(1)) if found else 0
