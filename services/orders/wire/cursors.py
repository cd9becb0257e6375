"""Opaque positions in a list. A cursor belongs to the list, filters included, that gave it."""

import base64
import binascii
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.message import Message

from chassis.errors import InvalidArgument

Position = tuple[datetime, UUID]

DEFAULT_PAGE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID_BYTES = 16
_TIME_BYTES = 8
_MARK_BYTES = 6


class InvalidCursor(InvalidArgument):
    """The cursor is not one that this list gave."""


def list_mark(request: Message) -> bytes:
    """What tells this list from others: every field of the request but its page."""
    body = type(request)()
    body.CopyFrom(request)
    body.ClearField("page")
    text = body.DESCRIPTOR.full_name.encode() + body.SerializeToString(deterministic=True)
    return hashlib.sha256(text).digest()[:_MARK_BYTES]


def encode(position: Position | None, mark: bytes) -> str:
    """Empty at the end of the list."""
    if position is None:
        return ""
    at, id = position
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(mark + micros.to_bytes(_TIME_BYTES, "big") + id.bytes).decode()


def decode(cursor: str, mark: bytes) -> Position | None:
    """None for the beginning. Raises InvalidCursor."""
    if not cursor:
        return None
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    if len(raw) != _MARK_BYTES + _TIME_BYTES + _ID_BYTES or raw[:_MARK_BYTES] != mark:
        raise InvalidCursor("This cursor belongs to another list.")
    micros = int.from_bytes(raw[_MARK_BYTES:-_ID_BYTES], "big")
    try:
        at = _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        raise InvalidCursor("This cursor belongs to another list.") from None
    return at, UUID(bytes=raw[-_ID_BYTES:])
