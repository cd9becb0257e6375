"""Stations: the first one that every restaurant has, and those that it makes and changes."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from chassis.ids import new_id
from services.orders.domain.station import Station, check_station, first_station
from services.orders.store import station as store
from services.orders.store.restaurant import lock_copies, note_stations
from services.orders.usecases.ports import Command, Dependencies
from services.orders.wire.station import station_saved


async def list_stations(deps: Dependencies, tenant: UUID) -> list[Station]:
    """By position; a restaurant without any gets its first one."""
    await deps.copies.get(tenant)
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.find_stations(tx)


async def save_station(
    deps: Dependencies, command: Command, station: Station, is_new: bool, answer: Answer[Station, M]
) -> M:
    """Makes or changes a station.

    Raises StationNotFound, StaleVersion, TooManyStations, DefaultStationNeeded.
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
        await note_stations(tx)
        tx.after_commit(partial(deps.copies.forget, command.tenant))
        saved = replace(station, version=version)
        for one in (*demoted, saved):
            tx.emit(station_saved(one), subject_id=str(one.id))
        return saved

    return await execute(deps.db, command, answer, save)


async def ensure_station(tx: Transaction) -> None:
    """Gives a restaurant without stations its first one. Its copies are locked."""
    if await store.count_stations(tx):
        return
    station = first_station(new_id())
    if await store.insert_first_station(tx, station):
        await note_stations(tx)
        tx.emit(station_saved(station), subject_id=str(station.id))
