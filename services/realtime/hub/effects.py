"""What a part of the hub decides and the hub carries out, in order. Plain values: no part needs the hub."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.errors import Problem
from services.realtime.codes import Close, Verdict
from services.realtime.frames import Event
from services.realtime.hub.channel import Channel
from services.realtime.hub.fetch import Fetch
from services.realtime.hub.session import Identity, Request, Session, Verify

# --- sessions ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Send:
    """A frame for one session."""

    session: Session
    data: bytes


@dataclass(slots=True)
class Ping:
    """Time for a ping with the newest positions of what the session follows."""

    session: Session


@dataclass(slots=True)
class Drop:
    """The end of a session; ``retry_ms``: when to come back, where that is known."""

    session: Session
    code: Close
    retry_ms: int | None = None


@dataclass(slots=True)
class Cut:
    """A socket that was closed and did not go."""

    session: Session


@dataclass(slots=True)
class Refused:
    """Somebody was refused what they asked for; it is counted, and nothing else happens."""

    problem: Problem
    identity: Identity | None
    asked: str
    address: str


@dataclass(slots=True)
class Admitted:
    """The session has said who it is; ``replaced`` are older ones of its device."""

    session: Session
    identity: Identity
    replaced: Sequence[Session]


@dataclass(slots=True)
class TokenLives:
    """The session's token is good until then (monotonic seconds)."""

    session: Session
    until: float


@dataclass(slots=True)
class Suspend:
    """No more events for a session until it has a new token."""

    session: Session


@dataclass(slots=True)
class Renewed:
    """A suspended session has a new token: what waited is replayed."""

    session: Session


# --- subscriptions ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Ask:
    """A client's request for channels."""

    request: Request


@dataclass(slots=True)
class Decide:
    """A request may be decided, as far as the rings tell."""

    request: Request


@dataclass(slots=True)
class Answer:
    """A request whose wants are all decided."""

    request: Request
    verdicts: Sequence[Verdict]


@dataclass(slots=True)
class Follow:
    """A subscription: the session has everything of the channel up to ``seq``."""

    session: Session
    channel: Channel
    seq: int


@dataclass(slots=True)
class Pump:
    """What a session has missed may flow."""

    session: Session


@dataclass(slots=True)
class Leave:
    """The end of a subscription, without a word."""

    session: Session
    channel: Channel


@dataclass(slots=True)
class Resync:
    """A session cannot go on from where it is: it is told to take a snapshot."""

    session: Session
    channel: Channel


# --- events -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Publish:
    """An event that a fetch brought goes the way of the live ones."""

    channel: Channel
    epoch: str
    seq: int
    event: Event


Effect = (
    Send
    | Ping
    | Drop
    | Cut
    | Refused
    | Admitted
    | TokenLives
    | Suspend
    | Renewed
    | Ask
    | Decide
    | Answer
    | Follow
    | Pump
    | Leave
    | Resync
    | Publish
    | Verify
    | Fetch
)
"""A Verify or a Fetch among them is for the shell."""
