"""Whether an HTTP request becomes a socket. Pure: request and counts in, an answer out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from services.realtime.protocol import SUBPROTOCOL

PATH = b"/api/v2/ws"
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Refused:
    """No socket."""

    status: HTTPStatus
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A socket. ``origin_allowed``: it comes from one of our pages; ``forwarded``: the lines of
    X-Forwarded-For, which mean something where a proxy of ours sent them.
    """

    origin_allowed: bool
    forwarded: tuple[str, ...] = ()


def decide(
    path: bytes, headers: Mapping[str, str], origins: Collection[str], forwarded: Sequence[str] = ()
) -> Refused | Accepted:
    """Path, query, Origin and subprotocol of an upgrade request. ``headers`` are looked up in any case.

    A token in the address would end up in logs, so any query refuses. Without an Origin the caller is no
    browser; which tokens it may use is decided at the hello.
    """
    target, mark, _ = path.partition(b"?")
    if target != PATH:
        return Refused(HTTPStatus.NOT_FOUND)
    if mark:
        return Refused(HTTPStatus.BAD_REQUEST)
    origin = headers.get("origin")
    if origin is not None and origin not in origins:
        return Refused(HTTPStatus.FORBIDDEN)
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    if SUBPROTOCOL not in offered:
        required = {"Sec-WebSocket-Protocol": SUBPROTOCOL, "Upgrade": "websocket", "Connection": "Upgrade"}
        return Refused(HTTPStatus.UPGRADE_REQUIRED, required)
    return Accepted(origin is not None, tuple(forwarded))


def too_many(status: HTTPStatus) -> Refused:
    """The process cannot take the socket now."""
    return Refused(status, {"Retry-After": str(RETRY_AFTER_SECONDS)})


class AcceptRate:
    """A bucket of upgrades per second."""

    __slots__ = ("_at", "_per_second", "_tokens")

    def __init__(self, per_second: int, now: float) -> None:
        self._per_second = per_second
        self._tokens = float(per_second)
        self._at = now

    def take(self, now: float) -> bool:
        """One upgrade. False: too many in this second."""
        self._tokens = min(self._per_second, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def give_back(self) -> None:
        """The upgrade came to nothing: it takes no other's turn."""
        self._tokens = min(self._per_second, self._tokens + 1.0)
