"""The copies of menu, settings and stations that orders are priced with.

They are in memory, else in the database, else read through from their owners. A copy in memory is proven
fresh by the statement that stores an order.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from fynlo.auth.v1 import events_pb2 as auth_events
from fynlo.catalog.v1 import catalog_pb2
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.catalog.v1 import events_pb2 as catalog_events
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import events_pb2 as orders_events

from chassis.db import Database, Transaction
from chassis.ids import new_id
from services.orders.domain.kitchen import DEFAULT_STATION_NAME, DEFAULT_TARGET_MINUTES, Station
from services.orders.domain.menu import Menu
from services.orders.domain.placing import Terms
from services.orders.store import copies as store
from services.orders.store import kitchen as kitchen_store
from services.orders.store.copies import CopyVersions, MenuPart, StoredCopies
from services.orders.usecases.ports import Peers
from services.orders.wire.menu import Settings, apply_answer, apply_change, day_of, menu_of, settings_of
from services.orders.wire.orders import station_message

RESTAURANTS_IN_MEMORY = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What this process knows of a restaurant."""

    settings: Settings
    menu: Menu
    stations: tuple[Station, ...]
    versions: CopyVersions

    def terms(self, at: datetime) -> Terms:
        """How the restaurant sells at the instant ``at``."""
        settings = self.settings
        return Terms(
            currency_code=settings.currency_code,
            bill_mode=settings.bill_mode,
            service_charge_bp=settings.service_charge_bp,
            local=at.astimezone(ZoneInfo(settings.time_zone)),
            business_date=day_of(settings, at),
        )


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
                versions = await store.find_versions(tx)
            if versions != known.versions:
                self.forget(tenant)
        return await self.get(tenant, menu_version)

    async def catch_up(self, tenant: UUID, known: Known) -> bool:
        """Whether catalog has a menu newer than the known one, which is then kept: its event is on its way.

        Call outside a transaction. Raises what catalog raises, and Unavailable.
        """
        answer = await self._peers.menu(tenant, known.menu.version)
        if answer.menu.version <= known.menu.version:
            return False
        await self._store(tenant, None, answer)
        self.forget(tenant)
        return True

    def forget(self, tenant: UUID) -> None:
        """The next ``get`` reads the database."""
        self._known.pop(tenant, None)

    async def _load(self, tenant: UUID, menu_version: int) -> Known:
        stored, stations = await self._read(tenant)
        needed = max(menu_version, stored.menu_wanted)
        behind = stored.menu is None or stored.menu_version < needed
        if stored.settings is None or behind or not stations:
            settings = await self._peers.restaurant(tenant) if stored.settings is None else None
            since = stored.menu_version if stored.menu is not None else 0
            answer = await self._peers.menu(tenant, since) if behind else None
            await self._store(tenant, settings, answer)
            stored, stations = await self._read(tenant)
        return _known(stored, stations)

    async def _read(self, tenant: UUID) -> tuple[StoredCopies, list[Station]]:
        async with self._db.transaction(tenant, isolation="repeatable_read", readonly=True) as tx:
            return await store.find(tx), await kitchen_store.find_stations(tx)

    async def _store(
        self,
        tenant: UUID,
        settings: common_pb2.RestaurantSettings | None,
        answer: catalog_api.GetMenuResponse | None,
    ) -> None:
        async with self._db.transaction(tenant) as tx:
            stored = await store.lock(tx)
            if settings is not None:
                await _save_settings(tx, settings)
            if answer is not None:
                menu = catalog_pb2.Menu.FromString(stored.menu or b"")
                if not answer.delta or stored.menu is not None:
                    apply_answer(menu, answer)
                    await store.save_menu(tx, menu.version, menu.SerializeToString())
            if await kitchen_store.count_stations(tx) == 0:
                await _add_default_station(tx)


async def _save_settings(tx: Transaction, settings: common_pb2.RestaurantSettings) -> None:
    kept = settings.SerializeToString()
    await store.save_settings(
        tx,
        settings.version,
        kept,
        auto_complete=settings.auto_complete,
        time_zone=settings.time_zone,
        day_cutoff_minutes=settings.day_cutoff_minutes,
    )


async def note_restaurant(tx: Transaction, event: auth_events.RestaurantUpdated) -> None:
    """Keeps the newest settings."""
    await _save_settings(tx, event.settings)


async def note_menu(tx: Transaction, event: catalog_events.MenuChanged) -> None:
    """Applies a change that follows the copy; keeps parts and later changes until what precedes them comes.

    What does not come is read through by the next order, because the newest version is noted as wanted.
    """
    stored = await store.lock(tx)
    if event.version <= stored.menu_version and stored.menu is not None:
        return
    await store.want_menu(tx, event.version)
    if stored.menu is None:
        return
    payload = event.SerializeToString()
    parts = event.parts or 1
    part = MenuPart(event.version, event.part or 1, parts, event.previous_version, payload)
    await store.save_part(tx, part)
    menu = catalog_pb2.Menu.FromString(stored.menu)
    version = menu.version
    for complete in _followers(version, await store.find_parts(tx)):
        for one in complete:
            apply_change(menu, catalog_events.MenuChanged.FromString(one.payload))
    if menu.version != version:
        await store.save_menu(tx, menu.version, menu.SerializeToString())


async def settings_in(tx: Transaction) -> Settings:
    """The stored settings, for work inside a transaction. The restaurant has orders, so they are there."""
    stored = await store.find_settings(tx)
    return settings_of(common_pb2.RestaurantSettings.FromString(stored))


def _followers(version: int, parts: list[MenuPart]) -> list[list[MenuPart]]:
    """The changes, each with all of its parts, that lead on from ``version`` without a gap."""
    by_version: dict[int, list[MenuPart]] = {}
    for part in parts:
        by_version.setdefault(part.version, []).append(part)
    following: list[list[MenuPart]] = []
    for number in sorted(by_version):
        change = by_version[number]
        if change[0].previous_version == version and len(change) == change[0].parts:
            following.append(change)
            version = number
    return following


async def _add_default_station(tx: Transaction) -> None:
    station = Station(
        id=new_id(),
        name=DEFAULT_STATION_NAME,
        position=0,
        category_ids=frozenset(),
        is_default=True,
        target_minutes=DEFAULT_TARGET_MINUTES,
        version=1,
    )
    if await kitchen_store.insert_default_station(tx, station):
        await store.count_stations(tx)
        saved = orders_events.StationSaved(station=station_message(station))
        tx.emit(saved, subject_id=str(station.id))


def _known(stored: StoredCopies, stations: list[Station]) -> Known:
    settings = common_pb2.RestaurantSettings.FromString(stored.settings or b"")
    menu = catalog_pb2.Menu.FromString(stored.menu or b"")
    versions = CopyVersions(stored.settings_version, stored.menu_version, stored.stations_version)
    return Known(settings_of(settings), menu_of(menu), tuple(stations), versions)
