"""The outermost layer: request ids, sizes, security headers, metrics and the last word on errors.

A plain ASGI wrapper: it runs for every request, so it costs microseconds and allocates little.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.ids import new_id
from chassis.telemetry import get_logger, histogram
from gateway import problems

REQUEST_ID_MAX_CHARS = 64
# What metrics tell apart; anything else a client makes up is "other".
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_log = get_logger("edge")
_seconds = histogram("gateway_request_seconds", "Time to answer a request", ["method", "route", "status"])

_API_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
# Scripts, styles and pictures of our own origin only; no frames, no plug-ins, no inline script.
CONTENT_SECURITY_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; manifest-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'"
)

Message = MutableMapping[str, Any]


class Edge:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, *, tls_terminated: bool) -> None:
        self._app = app
        self._headers = [*_API_HEADERS, (b"content-security-policy", CONTENT_SECURITY_POLICY)]
        if tls_terminated:
            self._headers.append(_STRICT_TRANSPORT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (or the lifespan messages, which pass through)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        seen = _Seen()
        try:
            await self._app(scope, receive, self._sender(send, request_id, seen))
        except Exception:
            # The routes turn what is foreseen into answers; this is what nobody foresaw.
            _log.exception("request failed", request_id=request_id, path=scope["path"])
            if seen.status:
                raise
            body = problems.document(
                500, "internal", problems.HIDDEN_DETAIL, extra={"request_id": request_id}
            )
            await problems.answer(body)(scope, receive, self._sender(send, request_id, seen))
        finally:
            route = getattr(scope.get("route"), "path", "none")
            _seconds.labels(
                scope["method"] if scope["method"] in METHODS else "other", route, seen.status
            ).observe(time.perf_counter() - started)

    def _sender(self, send: Send, request_id: str, seen: "_Seen") -> Callable[[Message], Awaitable[None]]:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    *self._headers,
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        return sender


class _Seen:
    __slots__ = ("status",)

    def __init__(self) -> None:
        self.status = 0


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-Id where it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = str(value.decode("latin-1"))
            if 0 < len(text) <= REQUEST_ID_MAX_CHARS and text.isascii() and text.replace("-", "").isalnum():
                return text
    return str(new_id())
