"""What can go wrong, as facts. Pure: how a problem travels (gRPC status, HTTP document) is decided elsewhere.

A service's domain errors subclass the kind they belong to and name their reason::

    class LineAlreadyFired(Conflict):
        reason = "LINE_ALREADY_FIRED"

Without a reason of its own a class gets its name in UPPER_SNAKE.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Kind(StrEnum):
    """The eleven families a caller can tell apart without knowing the reason."""

    INVALID_ARGUMENT = "invalid_argument"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    CONFLICT = "conflict"
    STALE = "stale"
    UNPROCESSABLE = "unprocessable"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that was refused: its path in the request, a stable code, a sentence for people."""

    field: str
    code: str
    detail: str


class Problem(Exception):
    """Base of everything a use case may raise on purpose.

    ``reason`` is stable and machine-readable (UPPER_SNAKE); ``detail`` is a sentence for people;
    ``metadata`` holds what a client may act on (for instance ``allowed`` or ``retry_after_seconds``).
    """

    kind: ClassVar[Kind] = Kind.INTERNAL
    reason: str = "INTERNAL"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "reason" not in cls.__dict__:
            cls.reason = _WORD_START.sub("_", cls.__name__).upper()

    def __init__(
        self,
        detail: str = "",
        *,
        reason: str | None = None,
        metadata: Mapping[str, str] | None = None,
        fields: Sequence[FieldError] = (),
    ) -> None:
        if reason is not None:
            self.reason = reason
        self.detail = detail or self.reason.replace("_", " ").capitalize()
        self.metadata: dict[str, str] = dict(metadata or {})
        self.fields: tuple[FieldError, ...] = tuple(fields)
        super().__init__(f"{self.reason}: {self.detail}")


class InvalidArgument(Problem):
    """The request is malformed, whatever the state of the system (400)."""

    kind = Kind.INVALID_ARGUMENT


class Unauthenticated(Problem):
    """Who is calling is not known (401)."""

    kind = Kind.UNAUTHENTICATED


class PermissionDenied(Problem):
    """The caller is known and may not (403)."""

    kind = Kind.PERMISSION_DENIED


class NotFound(Problem):
    """There is no such thing, or it belongs to another restaurant (404)."""

    kind = Kind.NOT_FOUND


class AlreadyExists(Problem):
    """A thing with this identity is there already (409)."""

    kind = Kind.ALREADY_EXISTS


class Conflict(Problem):
    """The state of the thing forbids the request; ``metadata["allowed"]`` may say what is possible (409)."""

    kind = Kind.CONFLICT


class Stale(Problem):
    """The caller acted on an older version than the stored one (412)."""

    kind = Kind.STALE


class Unprocessable(Problem):
    """Well-formed, but a rule refuses the content (422)."""

    kind = Kind.UNPROCESSABLE


class ResourceExhausted(Problem):
    """Too many, too fast; ``metadata["retry_after_seconds"]`` says when to come back (429)."""

    kind = Kind.RESOURCE_EXHAUSTED

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after_seconds: int = 1,
        reason: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        merged = {"retry_after_seconds": str(retry_after_seconds), **(metadata or {})}
        super().__init__(detail, reason=reason, metadata=merged)


class Unavailable(Problem):
    """Something this service needs does not answer now; the same request may succeed later (503)."""

    kind = Kind.UNAVAILABLE
