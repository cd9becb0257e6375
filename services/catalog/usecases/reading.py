"""Reading the menu: from memory, as long as Postgres says that nothing has changed.

An answer is built once per stamp (menu, restaurant, stock) and hour of sale. Whether the stamp still stands
is asked for every request, but requests that wait at the same time share one question: an answer is never
older than the request, and the number of questions does not grow with the number of callers.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api

from chassis.db import Database
from services.catalog import wire
from services.catalog.domain.menu import AvailabilityWindow, Category, Item, VatClass
from services.catalog.domain.restaurant import RestaurantCopy
from services.catalog.domain.stock import StockLevel
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.domain.windows import is_open, next_change, zone_named
from services.catalog.store import items as item_store
from services.catalog.store import menu as menu_store
from services.catalog.store import stock as stock_store
from services.catalog.store.menu import Removed, Stamp
from services.catalog.usecases.restaurants import AskAuth, restaurant_of

MENUS_KEPT = 256
"""In memory, those used last; about 1 MB each at 1,000 items."""


@dataclass(frozen=True, slots=True)
class MenuState:
    """A restaurant's menu and stock at one moment, with what is no longer on the menu. Items also as the
    contract says them: turning a thousand into messages takes longer than everything else.
    """

    stamp: Stamp
    restaurant: RestaurantCopy
    categories: tuple[Category, ...]
    items: Mapping[UUID, Item]
    messages: Mapping[UUID, catalog_pb2.Item]
    vat_classes: tuple[VatClass, ...]
    removed_categories: tuple[Removed, ...]
    removed_items: tuple[Removed, ...]
    levels: tuple[StockLevel, ...]


@dataclass(frozen=True, slots=True)
class KeptMenu:
    """A state with the whole answer made of it, which holds until ``until``: no window opens or closes
    before.
    """

    state: MenuState
    answer: catalog_api.GetMenuResponse
    until: datetime | None


class MenuReader:
    """Answers GetMenu. One per process; ``ask`` reads a restaurant that is not known yet."""

    def __init__(self, db: Database, ask: AskAuth) -> None:
        self._db = db
        self._ask = ask
        self._kept: OrderedDict[UUID, KeptMenu] = OrderedDict()
        self._asking: dict[UUID, asyncio.Task[KeptMenu]] = {}
        self._next: dict[UUID, asyncio.Task[KeptMenu]] = {}

    async def get(
        self, tenant: UUID, since_version: int = 0, known_etag: str = ""
    ) -> catalog_api.GetMenuResponse:
        """The menu now, or what changed after ``since_version``; with a ``known_etag`` that stands, only
        that.

        Raises NotFound for a restaurant that auth does not know, Unavailable.
        """
        kept = await self._current(tenant)
        if known_etag and known_etag == kept.answer.etag:
            return catalog_api.GetMenuResponse(etag=known_etag, not_modified=True)
        version = kept.state.stamp.menu
        if since_version == 0 or since_version > version:
            return kept.answer
        return delta(kept, since_version)

    async def _current(self, tenant: UUID) -> KeptMenu:
        """Joins the question that starts next: one that is under way may have been answered before this
        request.
        """
        task = self._next.get(tenant)
        if task is None:
            before = self._asking.get(tenant)
            task = asyncio.create_task(self._ask_after(tenant, before))
            self._next[tenant] = task
        # A caller that gives up does not end the question for the others.
        return await asyncio.shield(task)

    async def _ask_after(self, tenant: UUID, before: "asyncio.Task[KeptMenu] | None") -> KeptMenu:
        if before is not None:
            await asyncio.wait([before])
        task = self._next.pop(tenant)
        self._asking[tenant] = task
        try:
            return await self._look(tenant)
        finally:
            if self._asking.get(tenant) is task:
                del self._asking[tenant]

    async def _look(self, tenant: UUID) -> KeptMenu:
        kept = self._kept.get(tenant)
        now = self._db.clock.now()
        if kept is not None:
            async with self._db.transaction(tenant, readonly=True) as tx:
                stamp = await menu_store.read_stamp(tx)
            if stamp == kept.state.stamp and (kept.until is None or now < kept.until):
                self._kept.move_to_end(tenant)
                return kept
        fresh = answer_for(await self._load(tenant, kept.state if kept else None), tenant, now, kept)
        self._kept[tenant] = fresh
        self._kept.move_to_end(tenant)
        while len(self._kept) > MENUS_KEPT:
            self._kept.popitem(last=False)
        return fresh

    async def _load(self, tenant: UUID, old: MenuState | None) -> MenuState:
        """Everything, in one look at the database; of items only what changed since the old state."""
        await restaurant_of(self._db, tenant, self._ask)
        async with self._db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
            stamp = await menu_store.read_stamp(tx)
            restaurant = await menu_store.find_restaurant(tx)
            assert restaurant is not None
            levels = tuple(await stock_store.levels(tx))
            if old is not None and old.stamp.menu == stamp.menu:
                return replace(old, stamp=stamp, restaurant=restaurant, levels=levels)
            categories, removed_categories = await menu_store.categories(tx)
            changed, removed = await item_store.items_since(tx, old.stamp.menu if old else 0)
            vat_classes = tuple(await menu_store.vat_classes(tx)) or VAT_CLASSES
        items = {**(old.items if old else {}), **{item.id: item for item in changed}}
        messages = {**(old.messages if old else {}), **{item.id: wire.item_message(item) for item in changed}}
        for gone in removed:
            items.pop(gone.id, None)
            messages.pop(gone.id, None)
        return MenuState(
            stamp=stamp,
            restaurant=restaurant,
            categories=tuple(categories),
            items=items,
            messages=messages,
            vat_classes=vat_classes,
            removed_categories=tuple(removed_categories),
            removed_items=(*(old.removed_items if old else ()), *removed),
            levels=levels,
        )


def answer_for(state: MenuState, tenant: UUID, now: datetime, before: KeptMenu | None = None) -> KeptMenu:
    """The whole menu as of ``now`` and until when it holds. A sale moves stock, not the menu: that part of
    the answer ``before`` is used again.
    """
    same_menu = (
        before is not None
        and before.state.stamp.menu == state.stamp.menu
        and before.state.restaurant == state.restaurant
    )
    zone = zone_named(state.restaurant.time_zone)
    opening: dict[tuple[AvailabilityWindow, ...], bool] = {}
    changes = []
    for windows in {item.windows for item in state.items.values()}:
        opening[windows] = is_open(windows, zone, now)
        change = next_change(windows, zone, now)
        if change is not None:
            changes.append(change)
    out = {level.item_id for level in state.levels if level.is_out}
    until = min(changes, default=None)
    answer = catalog_api.GetMenuResponse(
        menu=(before.answer.menu if before is not None and same_menu else _menu(state, tenant, since=-1)),
        stock=[wire.level_message(level) for level in state.levels],
        available_item_ids=sorted(
            str(item.id)
            for item in state.items.values()
            if item.available and opening[item.windows] and item.id not in out
        ),
        etag=_etag(state.stamp, until),
    )
    return KeptMenu(state, answer, until)


def delta(kept: KeptMenu, since: int) -> catalog_api.GetMenuResponse:
    """What changed after menu version ``since``; stock and what is on sale are complete."""
    state = kept.state
    return catalog_api.GetMenuResponse(
        menu=_menu(state, UUID(kept.answer.menu.restaurant_id), since),
        delta=True,
        removed_item_ids=[str(each.id) for each in state.removed_items if each.version > since],
        removed_category_ids=[str(each.id) for each in state.removed_categories if each.version > since],
        stock=kept.answer.stock,
        available_item_ids=kept.answer.available_item_ids,
        etag=kept.answer.etag,
    )


def _menu(state: MenuState, tenant: UUID, since: int) -> catalog_pb2.Menu:
    """What changed after menu version ``since``."""
    categories = [each for each in state.categories if each.version > since]
    items = [each for each in state.items.values() if each.version > since]
    return catalog_pb2.Menu(
        restaurant_id=str(tenant),
        version=state.stamp.menu,
        currency_code=state.restaurant.currency_code,
        time_zone=state.restaurant.time_zone,
        categories=[wire.category_message(each) for each in sorted(categories, key=_place)],
        items=[state.messages[each.id] for each in sorted(items, key=_place)],
        vat_classes=[wire.vat_class_message(each) for each in state.vat_classes if each.version > since],
    )


def _place(of: Category | Item) -> tuple[int, str]:
    return of.position, of.name


def _etag(stamp: Stamp, until: datetime | None) -> str:
    """Changes with the menu, the restaurant, a level of stock, or an hour of sale."""
    hour = int(until.timestamp()) if until is not None else 0
    return f"{stamp.menu}-{stamp.restaurant}-{stamp.stock or '0'}-{hour}"
