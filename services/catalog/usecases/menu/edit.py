"""A change of a menu in progress: what it touches is collected, and gets one version and one announcement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from services.catalog.domain.availability import availability_cause
from services.catalog.domain.category import Category
from services.catalog.domain.item import Item, check_item_bytes
from services.catalog.domain.menu import MenuChange, check_size
from services.catalog.domain.movement import counted_movements
from services.catalog.domain.stock import (
    AvailabilityCause,
    LevelChange,
    StockLevel,
    StockSetting,
    begin_tracking,
    end_tracking,
)
from services.catalog.domain.timed_menu import TimedMenu
from services.catalog.domain.vat import VatClass
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.store import category as category_store
from services.catalog.store import item as item_store
from services.catalog.store import menu as menu_store
from services.catalog.store import stock as stock_store
from services.catalog.store import timed_menu as timed_menu_store
from services.catalog.store import vat as vat_store
from services.catalog.usecases.stock.announcing import announce, announce_availability
from services.catalog.wire.item import item_bytes
from services.catalog.wire.menu import menu_changed


@dataclass(slots=True)
class Edit:
    """Holds the lock of the menu. ``version`` is the one that the change will lead to."""

    tx: Transaction
    now: datetime
    version: int
    vat_classes: Sequence[VatClass]
    change: MenuChange = field(default_factory=MenuChange)
    levels: dict[UUID, StockLevel] = field(default_factory=dict)
    """Levels that the change touched, as they are after it."""

    @classmethod
    async def begin(cls, tx: Transaction, now: datetime) -> "Edit":
        """Locks the menu. A restaurant's first change brings its VAT classes along."""
        previous = await menu_store.lock_menu(tx)
        if previous > 0:
            return cls(tx, now, previous + 1, await vat_store.vat_classes(tx))
        first = tuple(replace(each, version=1) for each in VAT_CLASSES)
        return cls(tx, now, 1, first, MenuChange(vat_classes=first))

    @property
    def vat_codes(self) -> frozenset[str]:
        """The classes that an item may have."""
        return frozenset(each.code for each in self.vat_classes)

    async def put_categories(self, found: Sequence[Category]) -> list[Category]:
        """Saves new and changed categories under the new version. Raises NameTaken."""
        put = [replace(each, version=self.version) for each in found]
        await category_store.save_categories(self.tx, put)
        self.change = replace(self.change, categories=(*self.change.categories, *put))
        return put

    async def remove_category(self, category_id: UUID) -> None:
        """Takes an empty category off the menu."""
        await category_store.remove_category(self.tx, category_id, self.version)
        gone = (*self.change.removed_category_ids, category_id)
        self.change = replace(self.change, removed_category_ids=gone)

    async def put_items(
        self, pairs: Sequence[tuple[Item | None, Item]], stock: Mapping[UUID, StockSetting] | None = None
    ) -> list[Item]:
        """Saves items (before, after) under the new version, and what follows for their stock.

        Raises NameTaken, BarcodeTaken, PluTaken, MenuTooLarge for an item beyond MAX_ITEM_BYTES.
        """
        settings = stock or {}
        put = [(old, replace(new, version=self.version)) for old, new in pairs]
        renumbered = [new.id for old, new in put if old and (old.barcode, old.plu) != (new.barcode, new.plu)]
        if len(renumbered) > 1:
            await item_store.free_numbers(self.tx, renumbered)
        await item_store.save_items(self.tx, [(new, _wire_bytes(new)) for _, new in put])
        items = [new for _, new in put]
        self.change = replace(self.change, items=(*self.change.items, *items))
        await self._follow_stock(put, settings)
        for old, new in put:
            level = self.levels.get(new.id)
            cause = availability_cause(old, new) if old is not None else None
            if cause is not None and not (level and level.is_out):
                self._announce_availability(new, cause)
        return items

    async def remove_item(self, item: Item) -> None:
        """Takes an item off the menu; it is counted no longer."""
        await item_store.remove_item(self.tx, item.id, self.version)
        gone = (*self.change.removed_item_ids, item.id)
        self.change = replace(self.change, removed_item_ids=gone)
        if item.stock_tracked:
            await self._follow_stock([(item, replace(item, stock_tracked=False))], {})
        if item.available:
            self._announce_availability(item, AvailabilityCause.TAKEN_OFF)

    async def put_timed_menu(self, menu: TimedMenu) -> TimedMenu:
        """Saves a new or a changed menu by time of day under the new version. Raises NameTaken."""
        put = replace(menu, version=self.version)
        await timed_menu_store.save_timed_menu(self.tx, put)
        self.change = replace(self.change, timed_menus=(*self.change.timed_menus, put))
        return put

    async def remove_timed_menu(self, menu_id: UUID) -> None:
        """Takes a menu by time of day away."""
        await timed_menu_store.remove_timed_menu(self.tx, menu_id, self.version)
        gone = (*self.change.removed_timed_menu_ids, menu_id)
        self.change = replace(self.change, removed_timed_menu_ids=gone)

    async def finish(self) -> int:
        """Gives the change its version and announces it. Raises MenuTooLarge."""
        check_size(await menu_store.menu_size(self.tx))
        if self.change.vat_classes:
            await vat_store.add_vat_classes(self.tx, self.change.vat_classes)
        await menu_store.set_version(self.tx, self.version)
        restaurant_id = self.tx.tenant
        assert restaurant_id is not None
        for part in menu_changed(restaurant_id, self.version, self.change):
            self.tx.emit(part, subject_id=str(restaurant_id))
        return self.version

    async def _follow_stock(
        self, put: Sequence[tuple[Item | None, Item]], settings: Mapping[UUID, StockSetting]
    ) -> None:
        begun = [new for old, new in put if new.stock_tracked and (old is None or not old.stock_tracked)]
        if begun:
            await stock_store.add_levels(self.tx, [item.id for item in begun], self.now)
        concerned = [new.id for old, new in put if new.stock_tracked or (old and old.stock_tracked)]
        if not concerned:
            return
        self.levels |= await stock_store.lock_levels(self.tx, concerned)
        changes = []
        for old, new in put:
            level = self.levels.get(new.id)
            if level is None:
                continue
            after = self._level_after(level, old, new, settings.get(new.id))
            if after is not level:
                changes.append(LevelChange(level, after))
                self.levels[new.id] = after
        await self._book(changes)

    def _level_after(
        self, level: StockLevel, old: Item | None, new: Item, setting: StockSetting | None
    ) -> StockLevel:
        if level.is_made:
            return end_tracking(level, self.now) if level.tracked else level
        if old is not None and old.stock_tracked and not new.stock_tracked:
            return end_tracking(level, self.now)
        if new.stock_tracked and (setting is not None or not level.tracked):
            return begin_tracking(level, setting or StockSetting(), self.now)
        return level

    async def _book(self, changes: Sequence[LevelChange]) -> None:
        if not changes:
            return
        recounted = [change for change in changes if change.was_counted]
        movements = counted_movements(recounted, new_id)
        await stock_store.book(self.tx, self.now, changes, movements)
        await announce(self.tx, changes, menu_version=self.version)

    def _announce_availability(self, item: Item, cause: AvailabilityCause) -> None:
        announce_availability(self.tx, item.id, item.name, cause, self.version)


def _wire_bytes(item: Item) -> int:
    size = item_bytes(item)
    check_item_bytes(item, size)
    return size
