"""The copies of menu, settings, stations and promotions that orders are priced with.

They are in memory, else in the database, else read through from their owners. A copy in memory is proven
fresh by the statement that gives an order its number.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.db import Database
from services.orders.domain.menu import Menu, MenuNews
from services.orders.domain.order.basket import Terms
from services.orders.domain.promotion import Promotion
from services.orders.domain.restaurant import CopyVersions, RestaurantCopy
from services.orders.domain.station import Station
from services.orders.store.menu import save_menu
from services.orders.store.promotion import find_promotions
from services.orders.store.restaurant import StoredCopies, find_copies, find_versions, lock_copies
from services.orders.store.station import find_stations
from services.orders.usecases.ports import Peers
from services.orders.usecases.restaurant import apply_restaurant
from services.orders.usecases.station import ensure_station
from services.orders.wire.menu import menu_kept, with_news
from services.orders.wire.restaurant import restaurant_kept

RESTAURANTS_IN_MEMORY = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What this process knows of a restaurant."""

    restaurant: RestaurantCopy
    menu: Menu
    stations: tuple[Station, ...]
    versions: CopyVersions
    promotions: tuple[Promotion, ...] = ()

    def terms(self, at: datetime) -> Terms:
        """How the restaurant sells at the instant ``at``."""
        terms = self.restaurant.terms(at)
        if not self.promotions:
            return terms
        return replace(terms, promotions=tuple(one for one in self.promotions if one.holds(terms.local)))


class Copies:
    """The copies of the restaurants that this process serves, the least recently used forgotten first."""

    def __init__(self, db: Database, peers: Peers) -> None:
        self._db = db
        self._peers = peers
        self._known: OrderedDict[UUID, Known] = OrderedDict()
        self._loading: dict[UUID, asyncio.Lock] = {}

    async def get(self, tenant: UUID, menu_version: int = 0) -> Known:
        """What is known, with a menu not older than ``menu_version`` if there is such a one.

        Call outside a transaction: it may ask auth and catalog. Raises what they raise, and Unavailable.
        """
        known = self._known.get(tenant)
        if known is not None and known.menu.version >= menu_version:
            self._known.move_to_end(tenant)
            return known
        lock = self._loading.setdefault(tenant, asyncio.Lock())
        try:
            async with lock:  # of many orders that find nothing, one reads
                found = self._known.get(tenant)
                if found is None or found is known or found.menu.version < menu_version:
                    found = self._known[tenant] = await self._load(tenant, menu_version)
        finally:
            self._loading.pop(tenant, None)
        if len(self._known) > RESTAURANTS_IN_MEMORY:
            self._known.popitem(last=False)
        return found

    async def get_proven(self, tenant: UUID, menu_version: int = 0) -> Known:
        """As ``get``, compared with the database first: for answers that no statement proves fresh."""
        known = self._known.get(tenant)
        if known is not None:
            async with self._db.transaction(tenant, readonly=True) as tx:
                versions = await find_versions(tx)
            if versions != known.versions:
                self.forget(tenant)
        return await self.get(tenant, menu_version)

    async def catch_up(self, tenant: UUID, known: Known) -> bool:
        """Whether catalog has a menu newer than the known one, which is then kept: its event is on its way.

        Call outside a transaction. Raises what catalog raises, and Unavailable.
        """
        news = await self._peers.menu(tenant, known.menu.version)
        if news.version <= known.menu.version:
            return False
        await self._store(tenant, None, news)
        self.forget(tenant)
        return True

    def forget(self, tenant: UUID) -> None:
        """The next ``get`` reads the database."""
        self._known.pop(tenant, None)

    async def _load(self, tenant: UUID, menu_version: int) -> Known:
        stored, stations, promotions = await self._read(tenant)
        needed = max(menu_version, stored.menu_wanted)
        behind = stored.menu is None or stored.menu_version < needed
        if stored.settings is None or behind or not stations:
            restaurant = await self._peers.restaurant(tenant) if stored.settings is None else None
            since = stored.menu_version if stored.menu is not None else 0
            news = await self._peers.menu(tenant, since) if behind else None
            await self._store(tenant, restaurant, news)
            stored, stations, promotions = await self._read(tenant)
        return _known(stored, stations, promotions)

    async def _read(self, tenant: UUID) -> tuple[StoredCopies, list[Station], list[Promotion]]:
        async with self._db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
            return await find_copies(tx), await find_stations(tx), await find_promotions(tx)

    async def _store(self, tenant: UUID, restaurant: RestaurantCopy | None, news: MenuNews | None) -> None:
        async with self._db.transaction(tenant) as tx:
            stored = await lock_copies(tx)
            if restaurant is not None:
                await apply_restaurant(tx, restaurant)
            if news is not None and (news.is_whole or stored.menu is not None):
                await save_menu(tx, news.version, with_news(stored.menu, news))
            await ensure_station(tx)


def _known(stored: StoredCopies, stations: list[Station], promotions: list[Promotion]) -> Known:
    versions = CopyVersions(stored.settings_version, stored.menu_version, stored.stations_version)
    restaurant, menu = restaurant_kept(stored.settings or b""), menu_kept(stored.menu or b"")
    return Known(restaurant, menu, tuple(stations), versions, tuple(promotions))
