"""Printers."""

from uuid import UUID

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import printing_pb2

from chassis.ids import new_id, parse_id
from services.orders.domain.label import label_of
from services.orders.domain.printer import Printer
from services.orders.wire import enums


def printer_message(printer: Printer) -> printing_pb2.Printer:
    """The whole printer."""
    return printing_pb2.Printer(
        id=str(printer.id),
        name=printer.name,
        kind=enums.PRINTER_KIND[printer.kind],
        width=printer.width,
        station_id=str(printer.station_id or ""),
        fallback_id=str(printer.fallback_id or ""),
        version=printer.version,
    )


def wanted_printer(printer: printing_pb2.Printer) -> Printer:
    """Without an id: a new one, version 0. Raises InvalidArgument (INVALID_ID, VALIDATION_FAILED)."""
    return Printer(
        id=parse_id(printer.id) if printer.id else new_id(),
        name=label_of(printer.name),
        kind=enums.PRINTER_KIND_OF[printer.kind],
        width=printer.width,
        station_id=UUID(printer.station_id) if printer.station_id else None,
        fallback_id=UUID(printer.fallback_id) if printer.fallback_id else None,
        version=printer.version if printer.id else 0,
    )


def printer_saved(printer: Printer) -> orders_events.PrinterSaved:
    """A printer is new, or has changed."""
    return orders_events.PrinterSaved(printer=printer_message(printer))


def printer_removed(printer: Printer) -> orders_events.PrinterRemoved:
    """There is no such printer any more."""
    return orders_events.PrinterRemoved(printer_id=str(printer.id), version=printer.version + 1)
