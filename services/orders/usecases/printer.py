"""Printers of a restaurant. They are set up one after another: whoever does holds the restaurant's row."""

from dataclasses import replace
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from chassis.ids import new_id
from services.orders.domain.errors import StaleVersion
from services.orders.domain.paper_errors import PrinterNotFound, UnknownStation
from services.orders.domain.print_job import REMOVED, given_up
from services.orders.domain.printer import Printer, check_printer
from services.orders.store import print_job as jobs
from services.orders.store import printer as store
from services.orders.store.restaurant import lock_copies
from services.orders.store.station import find_stations
from services.orders.usecases.ports import Command, Dependencies
from services.orders.wire.print_job import print_job_updated
from services.orders.wire.printer import printer_removed, printer_saved


async def list_printers(deps: Dependencies, tenant: UUID) -> list[Printer]:
    """By name."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.find_printers(tx)


async def save_printer(
    deps: Dependencies, command: Command, wanted: Printer, is_new: bool, answer: Answer[Printer, M]
) -> M:
    """Sets one up or changes it. Raises PrinterNotFound, StaleVersion, NameTaken, TooManyPrinters,
    UnknownPrinter, UnknownStation."""

    async def save(tx: Transaction) -> Printer:
        await lock_copies(tx)
        printers = await store.find_printers(tx)
        known = None if is_new else _there(wanted.id, printers)
        if known is not None and known.version != wanted.version:
            raise StaleVersion("Somebody changed this printer; read it again.")
        check_printer(wanted, [one for one in printers if one.id != wanted.id])
        stations = {station.id for station in await find_stations(tx)}
        if wanted.station_id is not None and wanted.station_id not in stations:
            raise UnknownStation(wanted.station_id)
        printer = replace(wanted, version=1 if known is None else known.version + 1)
        await (store.insert_printer if known is None else store.update_printer)(tx, printer)
        tx.emit(printer_saved(printer), subject_id=str(printer.id))
        return printer

    return await execute(deps.db, command, answer, save)


async def delete_printer(
    deps: Dependencies, command: Command, printer_id: UUID, answer: Answer[None, M]
) -> M:
    """What it has not printed has failed, and nobody falls back on it. Raises PrinterNotFound."""

    async def delete(tx: Transaction) -> None:
        await lock_copies(tx)
        printers = await store.find_printers(tx)
        printer = _there(printer_id, printers)
        for job in await jobs.lock_waiting(tx, printer_id):
            failed = given_up(job, REMOVED, None, new_id(), deps.clock.now()).job
            await jobs.update_job(tx, failed)
            tx.emit(print_job_updated(failed), subject_id=str(failed.id))
        for other in printers:
            if other.fallback_id == printer_id:
                alone = replace(other, fallback_id=None, version=other.version + 1)
                await store.update_printer(tx, alone)
                tx.emit(printer_saved(alone), subject_id=str(alone.id))
        await store.delete_printer(tx, printer_id)
        tx.emit(printer_removed(printer), subject_id=str(printer_id))

    return await execute(deps.db, command, answer, delete)


def _there(printer_id: UUID, printers: list[Printer]) -> Printer:
    for printer in printers:
        if printer.id == printer_id:
            return printer
    raise PrinterNotFound("There is no such printer.")
