"""Pages of a list, and the cursors between them. A cursor is opaque, and belongs to the list that gave
it, filters included::

    page = page_of(request, BY_ID)
    found = await store.list_employees(tx, after=page.after, limit=page.one_more)
    shown, following = page.cut(found, lambda employee: employee.id)
    return ListEmployeesResponse(employees=map(message, shown), next_cursor=following)
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from chassis.errors import InvalidArgument

PAGE_DEFAULT: Final = 50
PAGE_MAX: Final = 200
NUMBER_MAX: Final = 2**31 - 1
"""What Postgres calls an integer."""
_MARK_BYTES: Final = 9
_PAGING: Final = ("page", "limit", "cursor")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

P = TypeVar("P")
_T = TypeVar("_T")


class InvalidCursor(InvalidArgument):
    """It did not come from this list with these filters; start at the list's beginning."""


@dataclass(frozen=True, slots=True)
class Ordering(Generic[P]):
    """By what a list is ordered: how a position is written, and read (ValueError, OverflowError) again."""

    write: Callable[[P], str]
    read: Callable[[str], P]


@dataclass(frozen=True, slots=True)
class Page(Generic[P]):
    """What a request asks for: up to ``size`` things behind ``after``, None at the start."""

    size: int
    after: P | None
    order: Ordering[P]
    mark: bytes

    @property
    def one_more(self) -> int:
        """What to ask the store for, to learn whether there is another page."""
        return self.size + 1

    def cut(self, found: Sequence[_T], place: Callable[[_T], P]) -> tuple[Sequence[_T], str]:
        """What to show of ``one_more`` things, and the cursor of the next page; "" at the end of the list."""
        shown = found[: self.size]
        return shown, self.cursor(place(shown[-1]) if len(found) > self.size else None)

    def cursor(self, last: P | None) -> str:
        """The cursor of what follows ``last``; "" where nothing does."""
        if last is None:
            return ""
        return base64.urlsafe_b64encode(self.mark + self.order.write(last).encode()).decode().rstrip("=")


def page_of(request: Message, order: Ordering[P]) -> Page[P]:
    """The page that ``request`` asks for, in its field ``page`` or in ``limit`` and ``cursor`` of its own.

    Raises InvalidCursor.
    """
    asked: Any = request.page if "page" in request.DESCRIPTOR.fields_by_name else request  # type: ignore[attr-defined]
    size = min(asked.limit or PAGE_DEFAULT, PAGE_MAX)
    start = Page(size, None, order, _mark_of(request))
    if not asked.cursor:
        return start
    return Page(size, _position(start, asked.cursor), order, start.mark)


def _position(page: Page[P], cursor: str) -> P:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if raw[:_MARK_BYTES] != page.mark:
            raise ValueError("another list's")
        position = page.order.read(raw[_MARK_BYTES:].decode())
    except (ValueError, OverflowError):
        raise InvalidCursor("This cursor does not belong to this list.") from None
    # One text for one position: whatever else reads the same was not written here.
    if page.cursor(position) != cursor:
        raise InvalidCursor("This cursor does not belong to this list.")
    return position


def _mark_of(request: Message) -> bytes:
    """What tells this list from others: every field of the request but those of its page."""
    filters = type(request)()
    filters.CopyFrom(request)
    for field in _PAGING:
        if field in filters.DESCRIPTOR.fields_by_name:
            filters.ClearField(field)
    text = f"cursor {filters.DESCRIPTOR.full_name}\n".encode() + filters.SerializeToString(deterministic=True)
    return hashlib.sha256(text).digest()[:_MARK_BYTES]


def _number_in(text: str) -> int:
    number = int(text)
    if not 0 <= number <= NUMBER_MAX:
        raise ValueError("no number of a list")
    return number


def _moment(at: datetime) -> str:
    return str((at - _EPOCH) // _MICROSECOND)


def _moment_in(text: str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(text))


def _time_and_id(text: str) -> tuple[datetime, UUID]:
    at, _, last = text.partition("_")
    return _moment_in(at), UUID(last)


def _time_id_and_name(text: str) -> tuple[datetime, UUID, str]:
    at, last, name = text.split("_", 2)
    if not name.isprintable():
        raise ValueError("no name of ours")
    return _moment_in(at), UUID(last), name


BY_ID: Final[Ordering[UUID]] = Ordering(str, UUID)
BY_NUMBER: Final[Ordering[int]] = Ordering(str, _number_in)
BY_TIME: Final[Ordering[tuple[datetime, UUID]]] = Ordering(
    lambda last: f"{_moment(last[0])}_{last[1]}", _time_and_id
)
"""Things of one instant by their ids."""
BY_TIME_AND_NAME: Final[Ordering[tuple[datetime, UUID, str]]] = Ordering(
    lambda last: f"{_moment(last[0])}_{last[1]}_{last[2]}", _time_id_and_name
)
