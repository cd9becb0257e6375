"""One request on its way through the gateway: who calls, what it may cost, which key makes it repeatable."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID

import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from starlette.requests import Request
from starlette.responses import Response

from chassis.auth import Principal, Revocations, TokenVerifier
from chassis.errors import InvalidArgument, NotFound, Unauthenticated
from chassis.ids import new_id
from chassis.recent import Recent
from chassis.rpc import Refusals, enter_inbound, was_replayed
from gateway import texts
from gateway.bodies import BODY_BYTES_MAX, JSON, STRANGER_BODY_BYTES_MAX, Model, header, read_json
from gateway.known import Known
from gateway.limits import Limit, RateLimiter, Verdict
from gateway.menu_cache import MenuCache
from gateway.numbers import INT64_MAX, whole_number
from gateway.services import CATALOG, Services
from gateway.settings import GatewaySettings

BUDGET_SECONDS = 2.0
"""What a request may take in all; carried as the deadline through every service."""
SNAPSHOTS_MAX = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the gateway, by what they count."""

    user: Limit
    restaurant: Limit
    address: Limit
    login: Limit
    socket: Limit

    @classmethod
    def of(cls, settings: GatewaySettings) -> "Limits":
        """As the settings say."""
        return cls(
            Limit("user", settings.rate_user_per_second, settings.rate_user_burst),
            Limit("restaurant", settings.rate_restaurant_per_second, settings.rate_restaurant_burst),
            Limit("address", settings.rate_address_per_second, settings.rate_address_burst),
            Limit("login", settings.rate_login_per_second, settings.rate_login_burst),
            Limit("socket", settings.rate_socket_per_second, settings.rate_socket_burst),
        )


@dataclass(slots=True)
class Gateway:
    """What every route needs; one per process, found at ``request.app.state.gateway``."""

    settings: GatewaySettings
    services: Services
    verifier: TokenVerifier
    revocations: Revocations
    limiter: RateLimiter
    limits: Limits
    refusals: Refusals
    menus: MenuCache = field(default_factory=MenuCache)
    snapshots: Recent[str, Known[bytes]] = field(default_factory=lambda: Recent(SNAPSHOTS_MAX))
    """By the full name of the channel."""
    health: Known[dict[str, str]] = field(init=False)
    """"up" or "down" by the name of the part."""


class Answer(Response):
    """JSON, with its header fields as they are sent: Starlette would make them of texts again and again."""

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str]) -> None:
        self.body, self.status_code, self.background = body, status, None
        given = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        self.raw_headers = [*given, (b"content-length", b"%d" % len(body)), (b"content-type", JSON.encode())]


@dataclass(slots=True)
class Call:
    """A request that may go on. ``key`` is its idempotency key ("" for reads). What reads a query parameter
    raises InvalidArgument (INVALID_QUERY).
    """

    request: Request
    gateway: Gateway
    principal: Principal | None
    key: str
    verdict: Verdict
    replayed: bool = False

    @property
    def address(self) -> str:
        """The key that the client's network address is limited by; the edge has found it."""
        return cast(str, self.request.scope["state"]["client_address"])

    @property
    def version(self) -> int:
        """The version that the client saw, from If-Match. Raises InvalidArgument (PRECONDITION_REQUIRED)."""
        text = (header(self.request, b"if-match") or "").strip()
        if not texts.matches(texts.VERSION_TAG, text):
            raise InvalidArgument(
                'send If-Match with the version that you changed, for example If-Match: "7"',
                reason="PRECONDITION_REQUIRED",
            )
        return int(text.removeprefix("W/").strip('"'))

    def wrote(self, service: str) -> None:
        """Something of ``service`` has changed: whoever changed it sees that in the next read."""
        restaurant = "" if self.principal is None else self.principal.restaurant
        if service.startswith(CATALOG) and restaurant:
            self.gateway.menus.expire(restaurant)

    @property
    def services(self) -> Services:
        """The services to ask."""
        return self.gateway.services

    async def body(self, model: type[Model]) -> Model:
        """The JSON body as ``model``; see ``read_json`` for what it raises."""
        known = self.principal is not None
        return await read_json(self.request, model, BODY_BYTES_MAX if known else STRANGER_BODY_BYTES_MAX)

    async def write(self, call: Awaitable[T]) -> T:
        """Awaits a mutation and remembers whether its answer is a replay."""
        reply = await call
        self.replayed = await was_replayed(call)
        return reply

    def answer(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """The JSON answer, with the rate limit's state and the replay mark."""
        return self.mark(Answer(orjson.dumps(body), status, headers or {}))

    def mark(self, response: Response) -> Response:
        """Adds the header fields that every answer of a call has."""
        response.raw_headers.extend(self.verdict.headers())
        response.raw_headers.append((b"cache-control", b"no-store"))
        if self.replayed:
            response.raw_headers.append((b"idempotency-replayed", b"true"))
        return response

    def number(self, name: str, least: int, most: int, *, default: int) -> int:
        """A query parameter that is a whole number."""
        found = whole_number(self.request.query_params.get(name, str(default)), least, most)
        if found is None:
            raise _refused(f"{name} is a whole number from {least} to {most}")
        return found

    def cursor(self, name: str, most: int) -> str:
        """A place in a list, up to ``most`` characters; "" for its beginning. Refused: INVALID_CURSOR."""
        cursor = self.request.query_params.get(name, "")
        if len(cursor) > most or not texts.matches(texts.CURSOR, cursor):
            raise InvalidArgument("this cursor did not come from a list", reason="INVALID_CURSOR")
        return cursor

    def one_of(self, name: str, known: Sequence[str]) -> str:
        """A query parameter that is one of ``known``, "" where it is not given."""
        return self._given(name, known.__contains__, f"one of {', '.join(known)}") or ""

    def instant(self, name: str) -> Timestamp | None:
        """A query parameter that is a time."""
        text = self.request.query_params.get(name)
        if text is None:
            return None
        at = Timestamp()
        try:
            at.FromJsonString(text)
        except ValueError:
            raise _refused(f"{name} is an RFC 3339 time") from None
        return at

    def flag(self, name: str) -> bool:
        """True or false, false where it is not given: a dry_run misspelt must not become a real one."""
        return self._given(name, ("true", "false").__contains__, "true or false") == "true"

    def date(self, name: str) -> str:
        """A query parameter that is a calendar date, "" where it is not given."""
        return self._given(name, _is_date, "YYYY-MM-DD") or ""

    def some_of(self, name: str, known: Mapping[str, Any], most: int) -> list[Any]:
        """Up to ``most`` names of ``known``, with commas between them: what they stand for."""
        text = self.request.query_params.get(name, "")
        if not texts.matches(texts.some_of(known, most), text):
            raise _refused(f"{name} is up to {most} of {', '.join(known)}, separated by commas")
        return [known[one] for one in text.split(",")] if text else []

    def line(self, name: str, most: int, least: int = 0) -> str:
        """A query parameter that is a line of ``least`` to ``most`` characters; "" where it is not given."""
        text = self.request.query_params.get(name, "")
        if not least <= len(text) <= most or not texts.matches(texts.ONE_LINE, text):
            raise _refused(f"{name} is {least} to {most} characters without control characters")
        return text

    def form(self, name: str, pattern: str) -> str:
        """A query parameter of a form of its own, which is needed."""
        text = self.request.query_params.get(name, "")
        if not texts.matches(pattern, text):
            raise _refused(f"{name} has the form {pattern}")
        return text

    def _given(self, name: str, holds: Callable[[str], bool], form: str) -> str | None:
        text = self.request.query_params.get(name)
        if text is not None and not holds(text):
            raise _refused(f"{name} is {form}")
        return text

    def query_id(self, name: str) -> str:
        """A query parameter that is a UUID, "" where it is not given; else it names nothing (NotFound)."""
        text = self.request.query_params.get(name)
        return "" if text is None else path_id(text)

    def id_of(self, name: str) -> str:
        """A path parameter that is a UUID; anything else names nothing (NotFound)."""
        return path_id(self.request.path_params[name])

    def path_number(self, name: str) -> int:
        """A path parameter that is a number from 1; anything else names nothing (NotFound)."""
        text = self.request.path_params[name]
        return whole_number(text, 1, INT64_MAX) or _unknown(text)

    def path_name(self, name: str, known: Sequence[str]) -> str:
        """A path parameter that is one of ``known``; anything else names nothing (NotFound)."""
        text: str = self.request.path_params[name]
        return text if text in known else _unknown(text)


def _refused(detail: str) -> InvalidArgument:
    return InvalidArgument(detail, reason="INVALID_QUERY")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def path_id(text: str) -> str:
    """The canonical text of a UUID in a path; anything else names nothing (NotFound)."""
    try:
        return str(UUID(text)) if len(text) == 36 else _unknown(text)
    except ValueError:
        return _unknown(text)


def _unknown(text: str) -> NoReturn:
    raise NotFound(f"there is nothing with the id {text[:40]!r}")


def gateway_of(request: Request) -> Gateway:
    """The process's gateway."""
    return cast(Gateway, request.app.state.gateway)


async def entered(
    request: Request, key: str, permission: str | None, budget_seconds: float = BUDGET_SECONDS
) -> Call:
    """Who calls, whether the limits let the request in, and whether the caller may; nothing is put back, for
    its task is its own. ``permission``: what the token must hold; None: nobody known, limited by address.
    Raises Unauthenticated, ResourceExhausted and PermissionDenied."""
    gateway, state = gateway_of(request), request.scope["state"]
    if permission is None:
        address, limits = state["client_address"], gateway.limits
        verdict = await gateway.limiter.take((limits.login, address), (limits.address, address))
        enter_inbound(budget_seconds=budget_seconds, request_id=state["request_id"])
        return Call(request, gateway, None, "", verdict)
    token = bearer_token(request)
    principal, limits = await authenticated(gateway, token), gateway.limits
    wanted = [(limits.user, f"{principal.names[0][1]}:{principal.device_id or ''}")]
    if principal.restaurant:
        wanted.append((limits.restaurant, principal.restaurant))
    verdict = await gateway.limiter.take(*wanted)
    enter_inbound(
        budget_seconds=budget_seconds,
        token=token,
        principal=principal,
        request_id=state["request_id"],
        traceparent=header(request, b"traceparent"),
    )
    # The service asks the same; here a caller who may not is told before anything of the request is read.
    principal.require(permission)
    return Call(request, gateway, principal, key, verdict)


def bearer_token(request: Request) -> str:
    """The access token. Raises Unauthenticated (TOKEN_MISSING)."""
    scheme, _, token = (header(request, b"authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("send Authorization: Bearer with an access token", reason="TOKEN_MISSING")
    return token.strip()


async def authenticated(gateway: Gateway, token: str) -> Principal:
    """Who holds the token. Raises Unauthenticated (TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_REVOKED)."""
    principal = await gateway.verifier.verify(token)
    gateway.revocations.check(principal)
    return principal


def idempotency_key(request: Request, *, required: bool) -> str:
    """The client's key, 1 to 255 printable characters; a fresh one where it gives none and need not."""
    key = header(request, b"idempotency-key")
    if key is None:
        if required:
            raise InvalidArgument(
                "send an Idempotency-Key header (a UUID made for this action, the same one on every retry)",
                reason="IDEMPOTENCY_KEY_REQUIRED",
            )
        return str(new_id())
    if len(key) > texts.KEY_CHARS_MAX or not texts.matches(texts.KEY, key):
        raise InvalidArgument(
            f"an Idempotency-Key has 1 to {texts.KEY_CHARS_MAX} printable ASCII characters",
            reason="INVALID_IDEMPOTENCY_KEY",
        )
    return key
