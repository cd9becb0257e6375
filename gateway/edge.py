"""The outermost layer: request ids, sizes, security headers, metrics and the last word on errors.

A plain ASGI wrapper: it runs for every request, so it costs microseconds and allocates little.
"""

import time
from functools import cache
from types import SimpleNamespace

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import Problem
from chassis.ids import new_id
from chassis.telemetry import get_logger, histogram
from gateway import problems
from gateway.admission import Admission

REQUEST_ID_MAX_CHARS = 64
CLIENT_GONE = 499
"""In metrics alone (nginx's number): the client left before it was answered."""
# What metrics tell apart; anything else a client makes up is "other".
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_log = get_logger("edge")
_seconds = histogram("gateway_request_seconds", "Time to answer a request", ["method", "route", "status"])
# Of few values: routes are ours, and methods that clients make up are one.
_observe = cache(lambda method, route, status: _seconds.labels(method, route, status).observe)

_API_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
# Scripts, styles and pictures of our own origin only; no frames, no plug-ins, no inline script.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{shown}; font-src 'self'; "
    "connect-src 'self'{sent}; manifest-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def policy_of(shown: str = "", sent: str = "") -> bytes:
    """What pages may load and whither they may send; ``shown``, ``sent``: origins of pictures beside ours."""
    return _POLICY.format(shown=shown and f" {shown}", sent=sent and f" {sent}").encode()


class Edge:
    """Wraps the application. ``images``: the origins of ``policy_of``."""

    def __init__(
        self, app: ASGIApp, admission: Admission, *, tls_terminated: bool, images: tuple[str, str] = ("", "")
    ) -> None:
        self._app = app
        self._admission = admission
        self._headers = [*_API_HEADERS, (b"content-security-policy", policy_of(*images))]
        if tls_terminated:
            self._headers.append(_STRICT_TRANSPORT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (or the lifespan messages, which pass through)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id, forwarded = _read(scope)
        client = scope.get("client")
        address = self._admission.address_of(client[0] if client else "", forwarded)
        scope.setdefault("state", {}).update(request_id=request_id, client_address=address)
        seen = SimpleNamespace(status=0)
        try:
            await self._admitted(address, scope, receive, self._sender(send, request_id, seen))
        except ClientDisconnect:
            seen.status = CLIENT_GONE
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
            method = scope["method"] if scope["method"] in METHODS else "other"
            _observe(method, route, seen.status)(time.perf_counter() - started)

    async def _admitted(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._admission.check(address)
        except Problem as problem:
            await problems.of_problem(problem)(scope, receive, send)
            return
        self._admission.begin()
        try:
            await self._app(scope, self._admission.reading(receive), send)
        finally:
            self._admission.end()

    def _sender(self, send: Send, request_id: str, seen: SimpleNamespace) -> Send:
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


def _read(scope: Scope) -> tuple[str, list[str]]:
    """The caller's X-Request-Id where it is harmless, else a new one; the lines of X-Forwarded-For."""
    request_id, forwarded = "", []
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = str(value.decode("latin-1"))
            if 0 < len(text) <= REQUEST_ID_MAX_CHARS and text.isascii() and text.replace("-", "").isalnum():
                request_id = request_id or text
        elif name == b"x-forwarded-for":
            forwarded.append(value.decode("latin-1"))
    return request_id or str(new_id()), forwarded
