"""Close codes of ``fynlo.rt.v1``. Below 4500 a client reconnects and resumes; from 4500 on it stops."""

from enum import IntEnum, StrEnum


class Close(IntEnum):
    """Why a connection ends."""

    NORMAL = 1000
    BINARY = 1003
    BAD_TEXT = 1007
    TOO_BIG = 1009
    DRAIN = 4000
    NO_HELLO = 4001
    SLOW_CONSUMER = 4002
    HEARTBEAT = 4003
    RATE_LIMITED = 4008
    OVERLOAD = 4009
    INTERNAL = 4011
    TOKEN_EXPIRED = 4401
    PROTOCOL = 4500
    TOKEN_INVALID = 4501
    REVOKED = 4502
    MISMATCH = 4503
    CONNECTION_LIMIT = 4504
    REPLACED = 4509

    @property
    def reconnect(self) -> bool:
        """Whether the client shall come back by itself."""
        return 4000 <= self < 4500

    @property
    def why(self) -> str:
        """The word in the ``bye`` frame."""
        return _WHY[self]


_WHY = {
    Close.NORMAL: "goodbye",
    Close.BINARY: "binary",
    Close.BAD_TEXT: "bad_text",
    Close.TOO_BIG: "too_big",
    Close.DRAIN: "drain",
    Close.NO_HELLO: "no_hello",
    Close.SLOW_CONSUMER: "slow_consumer",
    Close.HEARTBEAT: "heartbeat",
    Close.RATE_LIMITED: "rate_limited",
    Close.OVERLOAD: "overload",
    Close.INTERNAL: "internal",
    Close.TOKEN_EXPIRED: "token_expired",
    Close.PROTOCOL: "protocol",
    Close.TOKEN_INVALID: "token_invalid",
    Close.REVOKED: "revoked",
    Close.MISMATCH: "mismatch",
    Close.CONNECTION_LIMIT: "connection_limit",
    Close.REPLACED: "replaced",
}


class Code(StrEnum):
    """The ``code`` of an ``err``, ``sub_ok``, ``unsub`` or ``welcome`` entry."""

    RATE_LIMITED = "rate_limited"
    BAD_FRAME = "bad_frame"
    UNKNOWN_FRAME = "unknown_frame"
    UNKNOWN_CHANNEL = "unknown_channel"
    FORBIDDEN = "forbidden"
    TOO_MANY_CHANNELS = "too_many_channels"
    UNAVAILABLE = "unavailable"
    NOT_SUBSCRIBED = "not_subscribed"
    PERMISSION_LOST = "permission_lost"
    RESYNC = "resync"
    BY_REQUEST = "by_request"
    BUSY = "busy"


class State(StrEnum):
    """The ``st`` of a subscription."""

    LIVE = "live"
    """The position is the newest: nothing had to be replayed."""
    RESUMED = "resumed"
    """What was missed follows, then ``synced``."""
    SNAPSHOT = "snapshot"
    """The position cannot be continued: take a snapshot over HTTPS, then ``sub`` with its position."""
    DENIED = "denied"


Verdict = tuple[State, Code | None]
"""What becomes of a wanted channel: its ``st`` and, where it is denied, why."""
