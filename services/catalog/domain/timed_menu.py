"""A menu that is served at its times: breakfast, lunch, dinner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.errors import FieldError
from services.catalog.domain.errors import MenuTooLarge
from services.catalog.domain.item import MAX_WINDOWS, Item
from services.catalog.domain.label import name_errors, name_key, position_errors, refuse
from services.catalog.domain.window import AvailabilityWindow, Hours, window_errors

TIMED_MENUS_MAX = 50
"""In one restaurant."""
ITEMS_MAX = 1_000
"""That one names by themselves: its message stays far below what an event holds. Categories name more."""
CATEGORIES_MAX = 500
NAMED_MAX = 5_000
"""Items and categories that all of them together name: an answer of the menu stays below gRPC's 4 MB."""


@dataclass(frozen=True, slots=True)
class TimedMenu:
    """What is on such menus is sold while one of them is served. ``version`` is the menu version that last
    changed it.
    """

    id: UUID
    name: str
    position: int = 0
    windows: tuple[AvailabilityWindow, ...] = ()
    effective_from: date | None = None
    effective_until: date | None = None
    category_ids: frozenset[UUID] = frozenset()
    item_ids: frozenset[UUID] = frozenset()
    version: int = 0

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)

    @property
    def hours(self) -> Hours:
        """When it is served."""
        return Hours(self.windows, self.effective_from, self.effective_until)


def menus_of(item: Item, menus: Sequence[TimedMenu]) -> tuple[TimedMenu, ...]:
    """The menus that the item is on, by itself or with its category."""
    return tuple(each for each in menus if item.id in each.item_ids or item.category_id in each.category_ids)


def check_timed_menu(menu: TimedMenu, others: Sequence[TimedMenu]) -> None:
    """Whether it can be kept beside the ``others``.

    Raises InvalidMenu with every rule that it breaks, MenuTooLarge for more than a restaurant may have.
    """
    refuse(list(_errors(menu)))
    if len(others) >= TIMED_MENUS_MAX:
        raise MenuTooLarge(f"A restaurant has up to {TIMED_MENUS_MAX} menus by time of day.")
    if sum(len(each.item_ids) + len(each.category_ids) for each in (menu, *others)) > NAMED_MAX:
        raise MenuTooLarge(
            f"All menus by time of day name up to {NAMED_MAX} items and categories: name categories instead."
        )


def check_named(menu: TimedMenu, categories: frozenset[UUID], items: frozenset[UUID]) -> None:
    """Raises InvalidMenu where it names what is not on the menu: ``categories`` and ``items`` are."""
    unknown = [
        FieldError(f"menu.{field}", "unknown", f"{missing} is not on the menu")
        for field, missing in (
            ("category_ids", min(menu.category_ids - categories, default=None)),
            ("item_ids", min(menu.item_ids - items, default=None)),
        )
        if missing is not None
    ]
    refuse(unknown)


def _errors(menu: TimedMenu) -> Iterator[FieldError]:
    yield from name_errors("menu.name", menu.name)
    yield from position_errors("menu", menu.position)
    if len(menu.windows) > MAX_WINDOWS:
        yield FieldError("menu.windows", "too_many", f"at most {MAX_WINDOWS}")
    for index, window in enumerate(menu.windows):
        yield from window_errors(f"menu.windows[{index}]", window)
    first, last = menu.effective_from, menu.effective_until
    if first is not None and last is not None and last < first:
        yield FieldError("menu.effective_until", "before_first", "the day of effective_from, or later")
    for field, ids, most in (
        ("category_ids", menu.category_ids, CATEGORIES_MAX),
        ("item_ids", menu.item_ids, ITEMS_MAX),
    ):
        if len(ids) > most:
            yield FieldError(f"menu.{field}", "too_many", f"at most {most}")
