"""What an import would do to a menu."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.catalog.domain.availability import as_returning
from services.catalog.domain.category import Category
from services.catalog.domain.image import Image
from services.catalog.domain.item import Item, component_ids, item_errors, link_errors, linked_ids
from services.catalog.domain.label import name_key
from services.catalog.domain.menu_file.entries import MAX_REJECTIONS, Entry, Rejection
from services.catalog.domain.menu_file.option_plan import KnownItems, OptionPlan
from services.catalog.domain.menu_file.timed_menu_plan import TimedMenuPlan
from services.catalog.domain.stock import StockLevel, StockSetting
from services.catalog.domain.timed_menu import TimedMenu

_COLUMN_OF = {
    "name": "item",
    "price_minor": "price",
    "windows": "availability",
    "option_groups": "options",
}
POSITION_STEP = 10
"""Between the positions of new categories and items: room to put one in between."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, or would do: nothing while a row is rejected. ``menu_version`` after it."""

    menu_version: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: tuple[Rejection, ...] = ()


@dataclass(slots=True)
class ImportPlan:
    """New and changed things whole; versions are given when the plan is carried out."""

    categories: list[Category] = field(default_factory=list)
    created: list[Item] = field(default_factory=list)
    updated: list[Item] = field(default_factory=list)
    unchanged: int = 0
    stock: dict[UUID, StockSetting] = field(default_factory=dict)
    before: list[Item] = field(default_factory=list)
    """The updated items as they are."""
    timed_menus: list[TimedMenu] = field(default_factory=list)
    """New and changed menus by time of day."""
    rejected: list[Rejection] = field(default_factory=list)
    """While there is one, nothing of the plan may be carried out."""

    @property
    def changes(self) -> bool:
        """Whether carrying it out would change the menu or its stock."""
        return bool(self.created or self.updated or self.timed_menus)

    def result(self, before: int) -> ImportResult:
        """What carrying it out leads to from menu version ``before``."""
        if self.rejected:
            return ImportResult(before, rejected=tuple(self.rejected))
        version = before + 1 if self.changes else before
        return ImportResult(version, len(self.created), len(self.updated), self.unchanged)


@dataclass(frozen=True, slots=True)
class Present:
    """The menu that a file is held against."""

    categories: Sequence[Category]
    items: Sequence[Item]
    levels: Mapping[UUID, StockLevel]
    vat_codes: frozenset[str]
    timed_menus: Sequence[TimedMenu] = ()
    images: Mapping[str, Image] = field(default_factory=dict)
    """Those that the file names and the restaurant has, or can have a copy of."""


def plan(entries: Sequence[Entry], present: Present, new_id: Callable[[], UUID]) -> ImportPlan:
    """Which items a file creates, changes and leaves; found again by category and name."""
    result = ImportPlan()
    categories = _categories(entries, present, result, new_id)
    items = {(item.category_id, item.name_key): item for item in present.items}
    known = _known(entries, present, categories, items, new_id)
    rows: dict[UUID, tuple[int, Item]] = {}
    timed = TimedMenuPlan(present.timed_menus, new_id)
    for index, entry in enumerate(entries):
        category = categories[name_key(entry.category)]
        old = items.get((category.id, name_key(entry.name)))
        position = (index + 1) * POSITION_STEP
        base = old or Item(known[entry.key], category.id, entry.name, 0, entry.vat_class, position=position)
        new = _item(entry, base, OptionPlan(entry.row, known, result.rejected, new_id))
        if entry.image is not None:
            new = replace(new, image=present.images.get(entry.image))
            result.rejected += _unknown_image(entry, new)
        setting = _stock(entry, new, present.levels.get(new.id))
        if setting is not None:
            new = replace(new, stock_tracked=True)
            result.stock[new.id] = setting
        _sort_in(result, entry, old, new, present.vat_codes)
        rows[new.id] = (entry.row, new)
        timed.read(entry, category.id, new.id)
    result.rejected += _taken_numbers(rows, present.items)
    result.rejected += _wrong_links(rows, present.items)
    result.timed_menus = timed.changed()
    result.rejected += timed.rejected
    result.rejected.sort(key=lambda each: each.row)
    del result.rejected[MAX_REJECTIONS:]
    return result


def _categories(
    entries: Sequence[Entry], present: Present, result: ImportPlan, new_id: Callable[[], UUID]
) -> dict[str, Category]:
    """By the key of their names: those of the menu, and those that the file begins."""
    categories = {category.name_key: category for category in present.categories}
    next_position = _after([category.position for category in present.categories])
    for entry in entries:
        key = name_key(entry.category)
        if key not in categories:
            categories[key] = Category(new_id(), entry.category, next_position)
            result.categories.append(categories[key])
            next_position += POSITION_STEP
    return categories


def _known(
    entries: Sequence[Entry],
    present: Present,
    categories: Mapping[str, Category],
    items: Mapping[tuple[UUID, str], Item],
    new_id: Callable[[], UUID],
) -> KnownItems:
    """Every item that there is afterwards: options name them, also those of rows further down."""
    keys = {category.id: key for key, category in categories.items()}
    known = {(keys[item.category_id], item.name_key): item.id for item in present.items}
    for entry in entries:
        if entry.key not in known:
            known[entry.key] = new_id()
    return known


def _sort_in(
    result: ImportPlan, entry: Entry, old: Item | None, new: Item, vat_codes: frozenset[str]
) -> None:
    problems = [
        Rejection(entry.row, _column(error.field), f"{error.field.removeprefix('item.')}: {error.detail}")
        for error in item_errors(new, vat_codes)
    ]
    about_stock = entry.reorder_point is not None or entry.policy is not None
    if about_stock and not new.stock_tracked:
        problems.append(Rejection(entry.row, "stock", "write the units on hand: it is not counted yet"))
    result.rejected += problems
    if old is None:
        result.created.append(new)
    elif new != old or new.id in result.stock:
        result.updated.append(new)
        result.before.append(old)
    else:
        result.unchanged += 1


def _unknown_image(entry: Entry, item: Item) -> Iterator[Rejection]:
    if entry.image and item.image is None:
        yield Rejection(entry.row, "image", "there is no such picture here; empty the cell and upload it")


def _taken_numbers(rows: Mapping[UUID, tuple[int, Item]], present: Sequence[Item]) -> Iterator[Rejection]:
    """Where the file gives a number to an item that another one has afterwards."""
    for column in ("barcode", "plu"):
        owners = {getattr(item, column): item for item in present if item.id not in rows}
        for row, item in rows.values():
            number = getattr(item, column)
            owner = owners.setdefault(number, item) if number else item
            if owner is not item:
                yield Rejection(row, column, f"{owner.name!r} has {number} already; give each item its own")


def _wrong_links(rows: Mapping[UUID, tuple[int, Item]], present: Sequence[Item]) -> Iterator[Rejection]:
    """Where options name what they may not."""
    items = {item.id: item for item in present} | {item_id: item for item_id, (_, item) in rows.items()}
    combos = [item for item in items.values() if item.is_combo]
    for row, item in rows.values():
        if not (item.is_combo or linked_ids(item)):
            continue
        holders = [combo for combo in combos if item.id in component_ids(combo)]
        yield from (Rejection(row, "options", error.detail) for error in link_errors(item, items, holders))


def _column(path: str) -> str:
    name = path.removeprefix("item.").split("[")[0].split(".")[0]
    return _COLUMN_OF.get(name, name)


def _item(entry: Entry, base: Item, options: OptionPlan) -> Item:
    wanted = replace(
        base,
        name=entry.name,
        price_minor=entry.price_minor,
        vat_class=entry.vat_class,
        description=base.description if entry.description is None else entry.description,
        allergens=base.allergens if entry.allergens is None else entry.allergens,
        may_contain=base.may_contain if entry.may_contain is None else entry.may_contain,
        available=base.available if entry.available is None else entry.available,
        windows=base.windows if entry.windows is None else entry.windows,
        position=base.position if entry.position is None else entry.position,
        barcode=base.barcode if entry.barcode is None else entry.barcode,
        plu=base.plu if entry.plu is None else entry.plu,
        preparation_minutes=(
            base.preparation_minutes if entry.preparation_minutes is None else entry.preparation_minutes
        ),
        option_groups=options.groups(entry, base.option_groups),
    )
    return as_returning(wanted, base)


def _stock(entry: Entry, item: Item, level: StockLevel | None) -> StockSetting | None:
    """None where the file changes nothing about stock. The count in a file is old once selling has begun."""
    if item.stock_tracked and level is not None:
        reorder_point = level.reorder_point if entry.reorder_point is None else entry.reorder_point
        policy = entry.policy or level.policy
        if (reorder_point, policy) == (level.reorder_point, level.policy):
            return None
        return StockSetting(None, reorder_point, policy)
    return None if entry.stock is None else StockSetting(entry.stock, entry.reorder_point, entry.policy)


def _after(positions: Sequence[int]) -> int:
    return (max(positions, default=0) // POSITION_STEP + 1) * POSITION_STEP
