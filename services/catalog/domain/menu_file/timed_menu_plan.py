"""What an import would do to menus by time of day."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.catalog.domain.errors import InvalidMenu, MenuTooLarge
from services.catalog.domain.label import name_key
from services.catalog.domain.menu_file.entries import Entry, Rejection
from services.catalog.domain.menu_file.timed_menu_cells import FileMenu
from services.catalog.domain.timed_menu import TimedMenu, check_timed_menu
from services.catalog.domain.window import Hours

POSITION_STEP = 10


@dataclass(slots=True)
class _Draft:
    """A menu while the rows are read; ``row``: the first that names it."""

    menu: TimedMenu
    category_ids: set[UUID]
    item_ids: set[UUID]
    row: int = 0
    hours: Hours | None = None

    def whole(self) -> TimedMenu:
        named = frozenset(self.category_ids), frozenset(self.item_ids)
        return replace(self.menu, category_ids=named[0], item_ids=named[1])


@dataclass(slots=True)
class TimedMenuPlan:
    """Menus found again by their names. What the file says of an item or a category is all that it is on."""

    present: Sequence[TimedMenu]
    new_id: Callable[[], UUID]
    rejected: list[Rejection] = field(default_factory=list)
    _drafts: dict[str, _Draft] = field(default_factory=dict)
    _of_category: dict[UUID, tuple[int, frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for menu in self.present:
            self._drafts[menu.name_key] = _Draft(menu, set(menu.category_ids), set(menu.item_ids))

    def read(self, entry: Entry, category_id: UUID, item_id: UUID) -> None:
        """What a row says of its category and of its item."""
        if entry.category_menus is not None:
            names = self._named(entry.row, "category_menus", entry.category_menus)
            row, before = self._of_category.setdefault(category_id, (entry.row, names))
            if before != names:
                detail = f"row {row} says other menus of the same category; write the same in all its rows"
                self.rejected.append(Rejection(entry.row, "category_menus", detail))
            _put(self._drafts, names, category_id, lambda draft: draft.category_ids)
        if entry.menus is not None:
            names = self._named(entry.row, "menus", entry.menus)
            _put(self._drafts, names, item_id, lambda draft: draft.item_ids)

    def changed(self) -> list[TimedMenu]:
        """New and changed menus, whole; what is wrong with them is rejected."""
        before = {menu.name_key: menu for menu in self.present}
        after = {key: draft.whole() for key, draft in self._drafts.items()}
        found = [menu for key, menu in after.items() if menu != before.get(key)]
        for menu in found:
            try:
                check_timed_menu(menu, [each for each in after.values() if each.id != menu.id])
            except (InvalidMenu, MenuTooLarge) as problem:
                row = self._drafts[menu.name_key].row
                self.rejected.append(Rejection(row, "menus", problem.detail))
        return found

    def _named(self, row: int, column: str, menus: Iterable[FileMenu]) -> frozenset[str]:
        names = []
        for named in menus:
            key = name_key(named.name)
            names.append(key)
            draft = self._drafts.get(key) or self._new(key, named.name)
            draft.row = draft.row or row
            if named.hours is None:
                continue
            if draft.hours is not None and draft.hours != named.hours:
                detail = f"row {draft.row} has other hours for {named.name!r}; write the same in all rows"
                self.rejected.append(Rejection(row, column, detail))
            draft.hours = named.hours
            first, last = named.hours.first_day, named.hours.last_day
            draft.menu = replace(
                draft.menu, windows=named.hours.windows, effective_from=first, effective_until=last
            )
        return frozenset(names)

    def _new(self, key: str, name: str) -> _Draft:
        last = max((draft.menu.position for draft in self._drafts.values()), default=0)
        draft = _Draft(TimedMenu(self.new_id(), name, last + POSITION_STEP), set(), set())
        self._drafts[key] = draft
        return draft


def _put(
    drafts: Mapping[str, _Draft], names: frozenset[str], member: UUID, members: Callable[[_Draft], set[UUID]]
) -> None:
    for key, draft in drafts.items():
        if key in names:
            members(draft).add(member)
        else:
            members(draft).discard(member)
