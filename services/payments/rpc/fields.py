"""Fields of requests that may be empty, and the context that gRPC hands to every method."""

from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import grpc

from chassis.errors import InvalidArgument
from chassis.ids import parse_id

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


def optional_id(text: str) -> UUID | None:
    """None for an empty field. Raises InvalidArgument."""
    return parse_id(text) if text else None


def optional_day(text: str) -> date | None:
    """None for an empty field. Raises InvalidArgument (INVALID_DATE)."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidArgument(f"{text!r:.30} is no date (YYYY-MM-DD).", reason="INVALID_DATE") from None
