"""What a request says about its caller, and fields that may be empty."""

from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import grpc

from chassis.auth import Principal
from chassis.errors import InvalidArgument, PermissionDenied
from chassis.ids import parse_id
from services.payments.domain.till import Actor

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


def actor_of(principal: Principal) -> Actor:
    if principal.subject is None:
        raise PermissionDenied("Only a person can do this.", reason="PERSON_REQUIRED")
    return Actor(principal.subject, principal.name, principal.device_id or "")


def optional_id(text: str) -> UUID | None:
    return parse_id(text) if text else None


def optional_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidArgument(f"{text!r:.30} is no date (YYYY-MM-DD).", reason="INVALID_DATE") from None
