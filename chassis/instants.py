"""Instants: Timestamps in the contracts, aware datetimes in UTC in the code."""

from datetime import UTC, datetime
from typing import Final, overload

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import FieldError, InvalidArgument

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS: Final = 86_400


@overload
def timestamp(at: datetime) -> Timestamp: ...


@overload
def timestamp(at: datetime | None) -> Timestamp | None: ...


def timestamp(at: datetime | None) -> Timestamp | None:
    """An aware instant as the contracts carry it; None stays absent."""
    if at is None:
        return None
    since = at - _EPOCH
    return Timestamp(seconds=since.days * _DAY_SECONDS + since.seconds, nanos=since.microseconds * 1_000)


def instant(message: Message, field: str) -> datetime | None:
    """What a field of ``message`` says, None where it is absent. Raises InvalidArgument (INVALID_TIME)."""
    return instant_of(getattr(message, field), field) if message.HasField(field) else None


def instant_of(stamp: Timestamp, field: str) -> datetime:
    """What ``stamp`` says, which came as ``field``. Raises InvalidArgument (INVALID_TIME)."""
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        error = FieldError(field, "INVALID_TIME", "The time lies outside the calendar.")
        raise InvalidArgument("That is no time.", reason="INVALID_TIME", fields=[error]) from None
