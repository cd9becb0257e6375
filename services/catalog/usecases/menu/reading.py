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
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from chassis.db import Database
from services.catalog.domain.item import Item
from services.catalog.domain.menu import MenuState, OnSale, etag_of, on_sale
from services.catalog.store import category as category_store
from services.catalog.store import item as item_store
from services.catalog.store import menu as menu_store
from services.catalog.store import timed_menu as timed_menu_store
from services.catalog.store.restaurant import find_restaurant
from services.catalog.usecases.ports import AskAuth
from services.catalog.usecases.restaurant import restaurant_of
from services.catalog.usecases.stock.counting import levels_on_sale
from services.catalog.usecases.vat import vat_classes_of

MENUS_KEPT = 256
"""In memory, those used last; about 1 MB each at 1,000 items."""

W = TypeVar("W")
"""An item in words."""
A = TypeVar("A")
"""What is answered."""


@dataclass(frozen=True, slots=True)
class KeptMenu(Generic[W, A]):
    """A state with the whole answer made of it, which holds until ``on_sale.until``. Items also in words:
    turning a thousand into messages takes longer than everything else.
    """

    state: MenuState
    items: Mapping[UUID, W]
    on_sale: OnSale
    etag: str
    answer: A


class MenuWords(Protocol[W, A]):
    """In which words a menu is told."""

    def item(self, item: Item) -> W:
        """One item."""
        ...

    def whole(self, state: MenuState, items: Mapping[UUID, W], sale: OnSale, etag: str, menu: A | None) -> A:
        """All of it; ``menu`` is an answer with the same menu and another stock."""
        ...

    def since(self, state: MenuState, items: Mapping[UUID, W], version: int, whole: A) -> A:
        """What changed after menu version ``version``; stock and what is on sale as in ``whole``."""
        ...

    def unchanged(self, etag: str) -> A:
        """That what the caller has still stands."""
        ...


class MenuReader(Generic[W, A]):
    """Answers GetMenu. One per process; ``ask`` reads a restaurant that is not known yet."""

    def __init__(self, db: Database, ask: AskAuth, words: MenuWords[W, A]) -> None:
        self._db = db
        self._ask = ask
        self._words = words
        self._kept: OrderedDict[UUID, KeptMenu[W, A]] = OrderedDict()
        self._asking: dict[UUID, asyncio.Task[KeptMenu[W, A]]] = {}
        self._next: dict[UUID, asyncio.Task[KeptMenu[W, A]]] = {}

    async def get(self, tenant: UUID, since_version: int = 0, known_etag: str = "") -> A:
        """The menu now, or what changed after ``since_version``; with a ``known_etag`` that stands, only
        that.

        Raises NotFound for a restaurant that auth does not know, Unavailable.
        """
        kept = await self.current(tenant)
        if known_etag and known_etag == kept.etag:
            return self._words.unchanged(known_etag)
        if since_version == 0 or since_version > kept.state.stamp.menu:
            return kept.answer
        return self._words.since(kept.state, kept.items, since_version, kept.answer)

    async def current(self, tenant: UUID) -> KeptMenu[W, A]:
        """The menu now. Raises NotFound for a restaurant that auth does not know, Unavailable.

        Joins the question that starts next: one that is under way may have been answered before this request.
        """
        task = self._next.get(tenant)
        if task is None:
            before = self._asking.get(tenant)
            task = asyncio.create_task(self._ask_after(tenant, before))
            self._next[tenant] = task
        # A caller that gives up does not end the question for the others.
        return await asyncio.shield(task)

    async def _ask_after(self, tenant: UUID, before: "asyncio.Task[KeptMenu[W, A]] | None") -> KeptMenu[W, A]:
        if before is not None:
            await asyncio.wait([before])
        task = self._next.pop(tenant)
        self._asking[tenant] = task
        try:
            return await self._look(tenant)
        finally:
            if self._asking.get(tenant) is task:
                del self._asking[tenant]

    async def _look(self, tenant: UUID) -> KeptMenu[W, A]:
        kept = self._kept.get(tenant)
        now = self._db.clock.now()
        if kept is not None:
            async with self._db.transaction(tenant, readonly=True) as tx:
                stamp = await menu_store.read_stamp(tx)
            if stamp == kept.state.stamp and (kept.on_sale.until is None or now < kept.on_sale.until):
                self._kept.move_to_end(tenant)
                return kept
        fresh = self._told(await self._load(tenant, kept.state if kept else None), now, kept)
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
            restaurant = await find_restaurant(tx)
            assert restaurant is not None
            levels = tuple(await levels_on_sale(tx))
            if old is not None and old.stamp.menu == stamp.menu:
                return replace(old, stamp=stamp, restaurant=restaurant, levels=levels)
            categories, removed_categories = await category_store.categories(tx)
            changed, removed = await item_store.items_since(tx, old.stamp.menu if old else 0)
            timed_menus, removed_timed_menus = await timed_menu_store.timed_menus(tx)
            vat_classes = tuple(await vat_classes_of(tx))
        items = {**(old.items if old else {}), **{item.id: item for item in changed}}
        for gone in removed:
            items.pop(gone.id, None)
        return MenuState(
            restaurant_id=tenant,
            stamp=stamp,
            restaurant=restaurant,
            categories=tuple(categories),
            items=items,
            vat_classes=vat_classes,
            removed_categories=tuple(removed_categories),
            removed_items=(*(old.removed_items if old else ()), *removed),
            levels=levels,
            timed_menus=tuple(timed_menus),
            removed_timed_menus=tuple(removed_timed_menus),
        )

    def _told(self, state: MenuState, now: datetime, before: KeptMenu[W, A] | None) -> KeptMenu[W, A]:
        """The whole menu as of ``now``. A sale moves stock, not the menu: that part of the answer ``before``
        is used again.
        """
        sale = on_sale(state, now)
        etag = etag_of(state.stamp, sale.until)
        items = self._items(state, before)
        menu = before.answer if before is not None and before.state.same_menu(state) else None
        return KeptMenu(state, items, sale, etag, self._words.whole(state, items, sale, etag, menu))

    def _items(self, state: MenuState, before: KeptMenu[W, A] | None) -> Mapping[UUID, W]:
        """In words, each told once as long as it does not change."""
        if before is None:
            return {item.id: self._words.item(item) for item in state.items.values()}
        if before.state.items is state.items:
            return before.items
        old = before.state.items
        return {
            item.id: before.items[item.id] if old.get(item.id) is item else self._words.item(item)
            for item in state.items.values()
        }
