"""The admin port of a process: /live, /ready and /metrics over HTTP, for the platform and never for the
public.

Forty lines of HTTP/1.1 instead of a web framework: three pages, one request per connection.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable

from chassis.process.health import Readiness
from chassis.telemetry import metrics_page

REQUEST_MAX_BYTES = 8 * 1024
REQUEST_SECONDS = 2.0
CONNECTIONS_MAX = 64

Page = tuple[int, str, bytes]

_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class AdminServer:
    """Serves the three pages on ``host``:``port`` (0: any free port)."""

    def __init__(self, host: str, port: int, readiness: Readiness) -> None:
        self._host = host
        self.port = port
        self._pages: dict[str, Callable[[], Awaitable[Page]]] = {
            "/live": _live,
            "/ready": self._ready,
            "/metrics": _metrics,
        }
        self._readiness = readiness
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self) -> int:
        """Begins to serve; the port. Raises OSError where the port is taken."""
        self._server = await asyncio.start_server(
            self._serve, self._host, self.port, limit=REQUEST_MAX_BYTES, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Closes the port."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= CONNECTIONS_MAX:
                async with asyncio.timeout(REQUEST_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(_encoded(*await self._answer(head)))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, head: bytes) -> Page:
        method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        page = self._pages.get(rest.partition(" ")[0].partition("?")[0])
        if page is None:
            return 404, "text/plain", b"not found\n"
        return await page() if method == "GET" else (405, "text/plain", b"GET only\n")

    async def _ready(self) -> Page:
        report = await self._readiness.report()
        body = json.dumps({"ready": report.ready, "parts": report.parts}).encode()
        return 200 if report.ready else 503, "application/json", body


async def _live() -> Page:
    return 200, "application/json", b'{"live": true}'


async def _metrics() -> Page:
    return 200, "text/plain; version=0.0.4; charset=utf-8", metrics_page()


def _encoded(status: int, media_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n"
    )
    return head.encode() + body
