"""Printers."""

from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.orders.domain.errors import NameTaken
from services.orders.domain.printer import PRINTERS_MAX, Printer, PrinterKind

FIND_PRINTERS = f"""
SELECT * FROM printer WHERE restaurant_id = $1 ORDER BY name_key LIMIT {PRINTERS_MAX}
"""  # noqa: S608
INSERT_PRINTER = """
INSERT INTO printer (restaurant_id, id, name, name_key, kind, width, station_id, fallback_id, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
UPDATE_PRINTER = """
UPDATE printer SET name = $3, name_key = $4, kind = $5, width = $6, station_id = $7, fallback_id = $8,
    version = $9
WHERE restaurant_id = $1 AND id = $2
"""
DELETE_PRINTER = "DELETE FROM printer WHERE restaurant_id = $1 AND id = $2"


async def find_printers(tx: Transaction) -> list[Printer]:
    """By name; at most PRINTERS_MAX."""
    return [_printer_in(row) for row in await tx.fetch(FIND_PRINTERS, tx.tenant)]


async def insert_printer(tx: Transaction, printer: Printer) -> None:
    """A new one. Raises NameTaken."""
    await _write(tx, INSERT_PRINTER, printer)


async def update_printer(tx: Transaction, printer: Printer) -> None:
    """One that is there. Raises NameTaken."""
    await _write(tx, UPDATE_PRINTER, printer)


async def delete_printer(tx: Transaction, printer_id: UUID) -> None:
    """It has no jobs that wait."""
    await tx.execute(DELETE_PRINTER, tx.tenant, printer_id)


async def _write(tx: Transaction, statement: str, printer: Printer) -> None:
    try:
        await tx.execute(
            statement,
            tx.tenant,
            printer.id,
            printer.name,
            printer.name_key,
            printer.kind.value,
            printer.width,
            printer.station_id,
            printer.fallback_id,
            printer.version,
        )
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(f"Another printer is called {printer.name}.") from error


def _printer_in(row: Record) -> Printer:
    return Printer(
        id=row["id"],
        name=row["name"],
        kind=PrinterKind(row["kind"]),
        width=row["width"],
        station_id=row["station_id"],
        fallback_id=row["fallback_id"],
        version=row["version"],
    )
