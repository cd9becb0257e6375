"""What a file says of an item's options, put together with those that the item has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from services.catalog.domain.label import name_key
from services.catalog.domain.menu_file.entries import Entry, Rejection
from services.catalog.domain.menu_file.option_cells import (
    FileFacts,
    FileGroup,
    FileItem,
    FileNested,
    FileOption,
)
from services.catalog.domain.option import Option, OptionGroup, StockUse

KnownItems: TypeAlias = Mapping[tuple[str, str], UUID]
"""What a file can name: the keys of category and item."""


@dataclass(frozen=True, slots=True)
class OptionPlan:
    """The options of one row. What it names and nobody has is told in ``rejected``."""

    row: int
    known: KnownItems
    rejected: list[Rejection]
    new_id: Callable[[], UUID]

    def groups(self, entry: Entry, before: Sequence[OptionGroup]) -> tuple[OptionGroup, ...]:
        """The groups of an item that had those of ``before``; a column that is not there changes nothing."""
        groups = tuple(before)
        if entry.groups is not None:
            groups = self._first_level(entry.groups, before)
        return groups if entry.nested is None else self._nested(entry.nested, groups)

    def _first_level(
        self, found: Sequence[FileGroup], before: Sequence[OptionGroup]
    ) -> tuple[OptionGroup, ...]:
        groups: list[OptionGroup] = []
        for each in found:
            group = self._group(each, before)
            main = groups[each.ancillary_of - 1].id if each.ancillary_of else None
            groups.append(replace(group, ancillary_of=main))
        return tuple(groups)

    def _group(self, found: FileGroup, before: Sequence[OptionGroup]) -> OptionGroup:
        """Keeps the identity of what has the same name: orders and baskets refer to options by id."""
        old = {name_key(each.name): each for each in before}.get(name_key(found.name))
        known = {name_key(each.name): each for each in old.options} if old else {}
        options = tuple(
            self._option(each, known.get(name_key(each.name)) or Option(self.new_id(), each.name))
            for each in found.options
        )
        return OptionGroup(
            old.id if old else self.new_id(),
            found.name,
            found.min_choices,
            found.max_choices,
            options,
            found.is_size,
        )

    def _option(self, found: FileOption, before: Option) -> Option:
        changed = replace(
            before,
            name=found.name,
            price_delta_minor=found.price_delta_minor,
            allergens=before.allergens if found.allergens is None else found.allergens,
            may_contain=before.may_contain if found.may_contain is None else found.may_contain,
            available=before.available if found.available is None else found.available,
        )
        return changed if found.facts is None else self._with_facts(changed, found.facts)

    def _with_facts(self, option: Option, facts: FileFacts) -> Option:
        taken = None if facts.of is None else self._item("options", facts.of)
        return replace(
            option,
            vat_class=facts.vat_class,
            stock_use=None if taken is None else StockUse(taken, facts.takes),
            item_id=None if facts.is_item is None else self._item("options", facts.is_item),
        )

    def _nested(self, found: Sequence[FileNested], groups: Sequence[OptionGroup]) -> tuple[OptionGroup, ...]:
        """Each option with the nested groups that the file has of it: none, where it has none."""
        by_option: dict[tuple[str, str], list[FileGroup]] = {}
        for each in found:
            by_option.setdefault((name_key(each.group), name_key(each.option)), []).append(each.nested)
        told = tuple(
            replace(
                group,
                options=tuple(
                    self._opening(option, by_option.pop((name_key(group.name), name_key(option.name)), ()))
                    for option in group.options
                ),
            )
            for group in groups
        )
        lost = next(
            (each for each in found if (name_key(each.group), name_key(each.option)) in by_option), None
        )
        if lost is not None:
            detail = f"the item has no option {lost.option!r} in a group {lost.group!r}"
            self.rejected.append(Rejection(self.row, "nested_options", detail))
        return told

    def _opening(self, option: Option, nested: Sequence[FileGroup]) -> Option:
        return replace(option, groups=tuple(self._group(each, option.groups) for each in nested))

    def _item(self, column: str, named: FileItem) -> UUID | None:
        found = self.known.get((name_key(named.category), name_key(named.name)))
        if found is None:
            detail = f"{named.category} > {named.name} is neither on the menu nor in the file"
            self.rejected.append(Rejection(self.row, column, detail))
        return found
