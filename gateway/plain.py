"""Routes that are plain calls: one request of a device is one call of a service.

The table of them is made of the contracts (``gateway.rest``). What is no plain call (the cached menu, a file,
a snapshot) has a row there as well, and a function of its own; see ``gateway.app``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from fynlo_json.scalars import Json
from starlette.requests import Request
from starlette.responses import Response

from gateway.approvals import forget_ended
from gateway.bodies import JSON, Body, header
from gateway.calls import BUDGET_SECONDS, Call, entered, idempotency_key

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    ``permission``: what the caller's token must hold; None: no token. ``request``: makes the message of what
    the client sent. ``answer``: makes JSON of the reply; None where it is no plain call. ``key``: whether an
    Idempotency-Key is needed, taken or not looked at. ``reads``: it has no effect. ``approved``: a second
    person may stand behind it. ``etag``, ``location``: header fields, of the reply. ``seconds``: what it may
    take in all. ``file``: the reply is one, which is answered as it is; with ``accepts`` it is one where the
    client accepts one of these types, which the message then says.
    """

    verb: str
    path: str
    service: str
    name: str
    permission: str | None
    request: Callable[[Call, Any], Any]
    body: type[Body] | None = None
    answer: Callable[[Any], Json] | None = None
    status: int = 200
    key: Literal["none", "optional", "required"] = "none"
    reads: bool = False
    approved: bool = False
    etag: Callable[[Any], str] | None = None
    location: Callable[[Any], str] | None = None
    seconds: float = BUDGET_SECONDS
    file: bool = False
    accepts: tuple[str, ...] = ()

    async def enter(self, request: Request) -> Call:
        """The request, let in; see ``entered`` for what it raises."""
        key = "" if self.key == "none" else idempotency_key(request, required=self.key == "required")
        return await entered(request, key, self.permission, self.seconds)

    async def asked(self, call: Call) -> Any:
        """The message of what the client sent. Raises InvalidArgument, NotFound."""
        return self.request(call, None if self.body is None else await call.body(self.body))


def nothing(_: Any) -> Json:
    """The answer of a method that has nothing to say."""
    return {}


def handler_of(route: Route) -> Handler:
    """The function of a route that is a plain call."""
    answer = route.answer
    if answer is None:
        raise ValueError(f"{route.verb} {route.path} is no plain call: it needs a function of its own")

    async def handle(request: Request) -> Response:
        call = await route.enter(request)
        message = await route.asked(call)
        if route.accepts:
            message.accept = accepted(request, route.accepts)
        if route.approved:
            await forget_ended(call, message)
        pending = call.services.method(route.service, route.name, message)(message, timeout=route.seconds)
        reply = await (pending if route.key == "none" else call.write(pending))
        if not route.reads:
            call.wrote(route.service)
        return _answered(route, call, reply, answer)

    return handle


def accepted(request: Request, types: tuple[str, ...]) -> str:
    """The first of ``types`` that the client accepts (not with q=0), unless JSON comes before; else ""."""
    named = [one.partition(";") for one in request.headers.get("accept", "").lower().split(",")]
    wanted = (kind.strip() for kind, _, weight in named if weight.strip(" 0.") != "q=")
    first = next((kind for kind in wanted if kind in (JSON, *types)), JSON)
    return "" if first == JSON else first


def _answered(route: Route, call: Call, reply: Any, answer: Callable[[Any], Json]) -> Response:
    headers = {"Vary": "Accept"} if route.accepts else {}
    if route.file or (route.accepts and reply.content):
        headers["Content-Disposition"] = f'attachment; filename="{reply.file_name}"'
        return call.mark(Response(reply.content, route.status, headers, reply.media_type))
    if route.location is not None:
        headers["Location"] = route.location(reply)
    if route.etag is not None:
        headers["ETag"] = tag = route.etag(reply)
        if route.reads and header(call.request, b"if-none-match") == tag:
            return call.mark(Response(status_code=304, headers=headers))
    return call.answer(answer(reply), route.status, headers)
