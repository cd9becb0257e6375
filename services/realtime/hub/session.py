"""What the hub keeps per connection, whatever channels it follows."""

from collections.abc import Callable
from datetime import datetime
from enum import IntEnum
from typing import Any, Protocol
from uuid import UUID

from services.realtime.protocol import Hello, Want


class Wire(Protocol):
    """The far end of a session."""

    def write(self, data: bytes) -> None:
        """Takes bytes to send, in order, and never waits. Calls ``Hub.paused`` when its buffer is full and
        ``Hub.resumed`` when there is room again. RuntimeError: the connection is gone.
        """
        ...

    def unsent(self) -> int:
        """Bytes that wait in the process because the far end does not take them."""
        ...

    def progress(self) -> tuple[int, int]:
        """How many bytes the far end has taken so far, and how many more were written. Dearer than unsent."""
        ...

    def finish(self) -> None:
        """A close frame was written: end the connection once it is flushed and answered."""
        ...

    def abort(self) -> None:
        """Cut it now."""
        ...


class _Gone:
    """Takes the place of a wire that is no more."""

    def write(self, data: bytes) -> None:
        """Goes nowhere."""

    def unsent(self) -> int:
        """Nothing waits."""
        return 0

    def progress(self) -> tuple[int, int]:
        """Nothing moves."""
        return 0, 0

    def finish(self) -> None:
        """Is finished."""

    def abort(self) -> None:
        """Is cut."""


_GONE = _Gone()


def _nowhere(data: bytes) -> None:
    """Where a session writes to whose socket is gone."""


class Phase(IntEnum):
    """Where a session stands."""

    NEW = 0
    """Connected, no hello yet."""
    CHECKING = 1
    """The hello is being worked on."""
    OPEN = 2
    SUSPENDED = 3
    """The token has expired: nothing is sent until a new one comes, and nothing is lost either."""
    CLOSED = 4


class Identity:
    """What of a token matters while the connection lives."""

    __slots__ = (
        "allowed",
        "client",
        "device_id",
        "device_proven",
        "issued_at",
        "restaurant_id",
        "session_id",
        "subject",
    )

    def __init__(
        self,
        subject: UUID | None,
        session_id: UUID | None,
        restaurant_id: str,
        device_id: str,
        device_proven: bool,
        client: str,
        issued_at: datetime,
        allowed: frozenset[str],
    ) -> None:
        self.subject = subject
        self.session_id = session_id
        self.restaurant_id = restaurant_id
        self.device_id = device_id
        self.device_proven = device_proven
        """Whether the token names the device; else the client says so."""
        self.client = client
        self.issued_at = issued_at
        self.allowed = allowed
        """Short names of the channels that the token may read."""


class Session:
    """One connection."""

    __slots__ = (
        "__weakref__",
        "address",
        "auth_at",
        "blocked_at",
        "close_at",
        "device_id",
        "due_at",
        "expires_at",
        "heard_at",
        "identity",
        "kds",
        "number",
        "oldest",
        "oldest_at",
        "origin_allowed",
        "paused",
        "phase",
        "ping_at",
        "pings",
        "stations",
        "tokens",
        "tokens_at",
        "verifying",
        "violations",
        "wire",
        "write",
    )

    def __init__(self, wire: Wire, number: int, address: str, origin_allowed: bool, now: float) -> None:
        self.wire = wire
        self.write: Callable[[bytes], None] = wire.write
        self.number = number
        self.address = address
        self.origin_allowed = origin_allowed
        self.phase = Phase.NEW
        self.identity: Identity | None = None
        self.device_id = ""
        self.kds = False
        self.stations: tuple[str, ...] = ()
        self.paused = False
        self.blocked_at = 0.0
        self.oldest = 0
        """Where in the stream of bytes the oldest ends that waited at ``oldest_at`` (0: none waited)."""
        self.oldest_at = 0.0
        self.verifying: Any = None
        """The hello, or the auth frame, whose token is being checked."""
        self.heard_at = now
        self.ping_at = 0.0
        self.pings = 0
        self.auth_at = 0.0
        self.expires_at = 0.0
        self.close_at = 0.0
        self.due_at = 0.0
        """When the timer wheel looks at it next; earlier entries of the wheel are void."""
        self.tokens = 0.0
        self.tokens_at = now
        self.violations = 0

    def send(self, data: bytes) -> None:
        """Writes, unless the far end is gone: the shell says so in a moment, and nobody else may suffer."""
        try:
            self.write(data)
        except RuntimeError:
            self.write = _nowhere

    def let_go(self) -> None:
        """The socket is gone: keeps nothing of it alive while the timer wheel still knows the session."""
        self.write = _nowhere
        self.wire = _GONE

    def __repr__(self) -> str:
        return f"<session {self.number} {self.phase.name}>"


class Request:
    """Subscriptions that were asked for and cannot be answered before something is fetched."""

    __slots__ = ("hello", "id", "session", "tried", "wants")

    def __init__(
        self, session: Session, wants: list[Want], *, hello: Hello | None = None, id: Any = None
    ) -> None:
        self.session = session
        self.wants = wants
        self.hello = hello
        self.id = id
        self.tried: dict[str, bool] = {}
        """Channel -> whether the fetch that served this request gave an answer."""


class Verify:
    """Request to the shell: check a token, then call ``Hub.verified``."""

    __slots__ = ("session", "token")

    def __init__(self, session: Session, token: str) -> None:
        self.session = session
        self.token = token
