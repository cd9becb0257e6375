"""Printers, and which of them prints what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.orders.domain.label import name_key
from services.orders.domain.paper_errors import NoPrinter, TooManyPrinters, UnknownPrinter

PRINTERS_MAX = 50
"""In one restaurant."""


class PrinterKind(StrEnum):
    """What it prints."""

    RECEIPT = "receipt"
    KITCHEN = "kitchen"


@dataclass(frozen=True, slots=True)
class Printer:
    """``width`` in characters; ``station_id`` is the station whose tickets it prints, ``fallback_id`` the
    printer that takes what it could not print."""

    id: UUID
    name: str
    kind: PrinterKind
    width: int
    station_id: UUID | None
    fallback_id: UUID | None
    version: int

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)


def check_printer(printer: Printer, others: Sequence[Printer]) -> None:
    """Whether it goes with the others. Raises TooManyPrinters, UnknownPrinter (its fallback is not one of
    them)."""
    if len(others) >= PRINTERS_MAX:
        raise TooManyPrinters(f"A restaurant has at most {PRINTERS_MAX} printers.")
    if printer.fallback_id is not None and printer.fallback_id not in {other.id for other in others}:
        raise UnknownPrinter("fallback_id", printer.fallback_id)


def printer_named(printer_id: UUID, printers: Iterable[Printer]) -> Printer:
    """Raises UnknownPrinter."""
    for printer in printers:
        if printer.id == printer_id:
            return printer
    raise UnknownPrinter("printer_id", printer_id)


def printer_for(station_id: UUID | None, printers: Sequence[Printer]) -> Printer:
    """The printer of a station's tickets; without a station that of receipts: the first by name. Raises
    NoPrinter."""
    for printer in sorted(printers, key=lambda one: one.name_key):
        if station_id is None and printer.kind is PrinterKind.RECEIPT:
            return printer
        if station_id is not None and printer.station_id == station_id:
            return printer
    raise NoPrinter("No printer prints that: name one, or set one up for it.")
