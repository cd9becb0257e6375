"""Instants and enum names, as every resource writes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

Json = dict[str, Any]

SECONDS_REMEMBERED: Final = 4_096
UNKNOWN: Final = "unknown"
"""A value that a newer service knows and this code does not."""


class EnumNames(dict[int, str | None]):
    """number -> lower-case name without prefix; UNSPECIFIED -> None; a future number -> "unknown".

    ``numbers``: the way back, for reading what a client sent.
    """

    def __init__(self, enum: Any, prefix: str) -> None:
        super().__init__(
            (number, None if number == 0 else name.removeprefix(prefix).lower())
            for name, number in enum.items()
        )
        self.numbers: Mapping[str, Any] = {name: number for number, name in self.items() if name is not None}

    def __missing__(self, number: int) -> str | None:
        return UNKNOWN


def instant(at: Timestamp) -> str:
    """RFC 3339, UTC, milliseconds (cut, not rounded): 2026-03-01T12:30:00.123Z."""
    return f"{_second(at.seconds)}.{at.nanos // 1_000_000:03d}Z"


@lru_cache(SECONDS_REMEMBERED)
def _second(seconds: int) -> str:
    """What happens together is written together: an order, its tickets and its events share their seconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
