"""Cursors of lists: where a page ended, opaque to the caller."""

import base64
from datetime import datetime
from uuid import UUID

from chassis.errors import InvalidArgument

DEFAULT_PAGE = 50


def page_size(limit: int) -> int:
    """How many items a page holds; the contract caps ``limit`` at 200."""
    return limit or DEFAULT_PAGE


def after_instant(at: datetime, last: UUID) -> str:
    """The cursor behind an item of a list that is ordered by time and id."""
    return _encode(f"{at.isoformat()}|{last}")


def instant_in(cursor: str) -> tuple[datetime, UUID] | None:
    """What ``after_instant`` wrote; None for no cursor. Raises InvalidArgument (INVALID_CURSOR)."""
    if not cursor:
        return None
    at, _, last = _decode(cursor).partition("|")
    try:
        moment, identifier = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        raise _bad() from None
    if moment.tzinfo is None:
        raise _bad()
    return moment, identifier


def after_number(number: int) -> str:
    """The cursor behind an item of a list that is ordered by number."""
    return _encode(str(number))


def number_in(cursor: str) -> int | None:
    """What ``after_number`` wrote; None for no cursor. Raises InvalidArgument (INVALID_CURSOR)."""
    if not cursor:
        return None
    text = _decode(cursor)
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise _bad()
    return int(text)


def _encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:  # binascii.Error, UnicodeError and text that is not ASCII
        raise _bad() from None


def _bad() -> InvalidArgument:
    return InvalidArgument("This cursor does not belong to this list.", reason="INVALID_CURSOR")
