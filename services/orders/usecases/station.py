"""Stations: the first one that every restaurant has, and those that it makes and changes."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from chassis.ids import new_id
from services.orders.domain.errors import StationNotFound, UnknownItem
from services.orders.domain.menu import OrderType
from services.orders.domain.routing import Fired
from services.orders.domain.station import Station, check_removal, check_station, first_station, takers
from services.orders.store import station as store
from services.orders.store.restaurant import lock_copies, note_stations
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.unrouted import forget_unrouted
from services.orders.wire.station import station_removed, station_saved


async def list_stations(deps: Dependencies, tenant: UUID) -> list[Station]:
    """By position; a restaurant without any gets its first one."""
    await deps.copies.get(tenant)
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.find_stations(tx)


async def find_stations_of_item(
    deps: Dependencies,
    tenant: UUID,
    item_id: UUID,
    option_id: UUID | None,
    order_type: OrderType,
    at: datetime,
) -> list[Station]:
    """The stations that would get an item if it were fired at ``at``; none: it would not be sent.

    Raises UnknownItem, and what catalog raises.
    """
    known = await deps.copies.get_proven(tenant)
    if item_id not in known.menu.items and await deps.copies.catch_up(tenant, known):
        known = await deps.copies.get_proven(tenant)
    item = known.menu.items.get(item_id)
    if item is None:
        raise UnknownItem("There is no such item on the menu.")
    local = at.astimezone(ZoneInfo(known.stations[0].time_zone))
    options = () if option_id is None else (option_id,)
    return takers(Fired(item.id, item.category_id, options, order_type, local), known.stations)


async def save_station(
    deps: Dependencies, command: Command, station: Station, is_new: bool, answer: Answer[Station, M]
) -> M:
    """Makes or changes a station.

    Raises StationNotFound, StaleVersion, and as check_station.
    """
    await deps.copies.get(command.tenant)

    async def save(tx: Transaction) -> Station:
        await lock_copies(tx)  # stations change one after another
        others = [other for other in await store.find_stations(tx) if other.id != station.id]
        check_station(station, others)
        demoted = await store.drop_other_defaults(tx, station.id) if station.is_default else []
        if is_new:
            await store.insert_station(tx, station)
            version = 1
        else:
            version = await store.update_station(tx, station)
        await _changed(tx, deps, command.tenant)
        saved = replace(station, version=version)
        for one in (*demoted, saved):
            tx.emit(station_saved(one), subject_id=str(one.id))
        return saved

    return await execute(deps.db, command, answer, save)


async def delete_station(
    deps: Dependencies, command: Command, station_id: UUID, answer: Answer[None, M]
) -> M:
    """Takes a station away. Raises StationNotFound, StationInUse, DefaultStationNeeded."""
    await deps.copies.get(command.tenant)

    async def delete(tx: Transaction) -> None:
        await lock_copies(tx)
        by_id = {station.id: station for station in await store.find_stations(tx)}
        station = by_id.get(station_id)
        if station is None:
            raise StationNotFound("There is no such station.")
        check_removal(station, await store.count_open_tickets(tx, station_id))
        orphans = await store.drop_fallback(tx, station_id)
        removed = replace(station, version=await store.remove_station(tx, station_id))
        await _changed(tx, deps, command.tenant)
        for one in orphans:
            tx.emit(station_saved(one), subject_id=str(one.id))
        tx.emit(station_removed(removed), subject_id=str(station_id))

    return await execute(deps.db, command, answer, delete)


async def _changed(tx: Transaction, deps: Dependencies, tenant: UUID) -> None:
    """Stations have changed: lines go elsewhere from now on."""
    await note_stations(tx)
    await forget_unrouted(tx)
    tx.after_commit(partial(deps.copies.forget, tenant))


async def ensure_station(tx: Transaction) -> None:
    """Gives a restaurant without stations its first one. Its copies are locked."""
    if await store.count_stations(tx):
        return
    station = first_station(new_id())
    if await store.insert_first_station(tx, station):
        await note_stations(tx)
        tx.emit(station_saved(station), subject_id=str(station.id))
