"""What is off for now: taken off by people, and put back by them or at its time."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from chassis.errors import FieldError
from services.catalog.domain.errors import InvalidReturn, UnknownOption
from services.catalog.domain.item import Item
from services.catalog.domain.option import every_option, with_availability
from services.catalog.domain.stock import AvailabilityCause

RETURNS_WITHIN = timedelta(days=366)
"""What is off for longer is off until somebody puts it back."""


@dataclass(frozen=True, slots=True)
class DueReturn:
    """An item, and when it was to be back."""

    returns_at: datetime
    restaurant_id: UUID
    item_id: UUID


FIRST_RETURN = DueReturn(datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0), UUID(int=0))
"""Before all of them."""


def put_back(item: Item) -> Item:
    """On sale again, as far as people decide it."""
    return replace(item, available=True, returns_at=None)


def taken_off(item: Item, returns_at: datetime | None) -> Item:
    """Off until ``returns_at``; None: until somebody puts it back."""
    return replace(item, available=False, returns_at=returns_at)


def as_returning(wanted: Item, current: Item) -> Item:
    """``wanted`` of somebody who says nothing of returns: one that stays off comes back when it was to."""
    return replace(wanted, returns_at=None if wanted.available else current.returns_at)


def with_option(item: Item, option_id: UUID, available: bool) -> Item:
    """The item with one of its options, of either level, taken off or put back. Raises UnknownOption."""
    if all(each.id != option_id for each in every_option(item.option_groups)):
        raise UnknownOption(f"{item.name!r} has no such option.")
    return replace(item, option_groups=with_availability(item.option_groups, option_id, available))


def availability_cause(old: Item, new: Item) -> AvailabilityCause | None:
    """What tills are told of the change: that it is off or back, or that options of one that is sold are."""
    if old.available != new.available:
        return AvailabilityCause.PUT_BACK if new.available else AvailabilityCause.TAKEN_OFF
    if old.option_groups is new.option_groups or not new.available:
        return None
    before = {each.id: each.available for each in every_option(old.option_groups)}
    moved = any(
        before.get(each.id, each.available) != each.available for each in every_option(new.option_groups)
    )
    return AvailabilityCause.OPTIONS if moved else None


def check_return(returns_at: datetime | None, available: bool, now: datetime) -> None:
    """Raises InvalidReturn unless it is the return of what is taken off, at a time to come."""
    if returns_at is None:
        return
    if available:
        detail = "What is put back is there: it has no time to come back."
    elif not now < returns_at <= now + RETURNS_WITHIN:
        detail = f"A time to come, within {RETURNS_WITHIN.days} days."
    else:
        return
    raise InvalidReturn(detail, fields=[FieldError("returns_at", "INVALID_RETURN", detail)])
