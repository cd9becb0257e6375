"""Finding items of the menu that is kept for reading: whoever searches sees what GetMenu says.

The words of a menu are indexed when somebody first searches it, beside the loop, once for all who ask at that
time, and again when its words change. A sale, a price, an item that is taken off change none of them.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.catalog.domain.menu import MenuState, OnSale
from services.catalog.domain.search import FoundItem, MenuIndex
from services.catalog.usecases.menu.reading import MenuReader

MAX_INDEXED_ITEMS = 100_000
"""Of all restaurants, those searched last; an index of 5,000 items takes about 10 MB."""


@dataclass(frozen=True, slots=True)
class _Now:
    """What of an answer moves without the menu: what is on sale, and what is left by item."""

    sale: OnSale
    state: MenuState
    on_sale: frozenset[UUID]
    left: dict[UUID, int]


class MenuSearch:
    """Answers SearchMenu. One per process."""

    def __init__(self, reader: MenuReader[Any, Any], max_indexed_items: int = MAX_INDEXED_ITEMS) -> None:
        self.reader = reader
        self._max_indexed_items = max_indexed_items
        self._indexes: OrderedDict[UUID, MenuIndex] = OrderedDict()
        self._building: dict[UUID, asyncio.Task[MenuIndex]] = {}
        self._now: dict[UUID, _Now] = {}
        self.built = 0
        """How many indexes this process has built."""

    async def find(self, tenant: UUID, query: str, limit: int) -> list[FoundItem]:
        """Up to ``limit`` items, best first.

        Raises NotFound for a restaurant that auth does not know, Unavailable.
        """
        kept = await self.reader.current(tenant)
        index = await self._index(tenant, kept.state)
        now = self._moment(tenant, kept.state, kept.on_sale)
        items = kept.state.items
        return [
            FoundItem(items[item_id], item_id in now.on_sale, now.left.get(item_id))
            for item_id in index.find(query, limit, now.on_sale.__contains__)
        ]

    def _moment(self, tenant: UUID, state: MenuState, sale: OnSale) -> _Now:
        known = self._now.get(tenant)
        if known is None or known.sale is not sale or known.state is not state:
            left = {level.item_id: level.available for level in state.levels}
            known = self._now[tenant] = _Now(sale, state, frozenset(sale.item_ids), left)
        return known

    async def _index(self, tenant: UUID, state: MenuState) -> MenuIndex:
        while True:
            known = self._indexes.get(tenant)
            if known is not None and known.tells(state.items, state.categories):
                self._indexes.move_to_end(tenant)
                return known
            under_way = self._building.get(tenant)
            if under_way is None:
                task = self._building[tenant] = asyncio.create_task(self._build(tenant, state))
                return await asyncio.shield(task)
            # Of this menu or of an older one: looked at when it is there.
            await asyncio.wait([under_way])

    async def _build(self, tenant: UUID, state: MenuState) -> MenuIndex:
        try:
            index = await asyncio.to_thread(MenuIndex, state.items, state.categories)
        finally:
            del self._building[tenant]
        self.built += 1
        self._indexes[tenant] = index
        self._indexes.move_to_end(tenant)
        while len(self._indexes) > 1 and sum(map(len, self._indexes.values())) > self._max_indexed_items:
            gone, _ = self._indexes.popitem(last=False)
            self._now.pop(gone, None)
        return index
