"""Printers."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import printing_service_pb2 as printing_api
from fynlo.orders.v1.printing_service_pb2_grpc import PrintingServiceServicer

from chassis.db.commands import Answer
from chassis.rpc import current_principal
from services.orders.domain.printer import Printer
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases.ports import Dependencies
from services.orders.usecases.printer import delete_printer, list_printers, save_printer
from services.orders.wire.printer import printer_message, wanted_printer


def _saved(printer: Printer) -> printing_api.SavePrinterResponse:
    return printing_api.SavePrinterResponse(printer=printer_message(printer))


def _deleted(_: None) -> printing_api.DeletePrinterResponse:
    return printing_api.DeletePrinterResponse()


SAVED = Answer(printing_api.SavePrinterResponse, _saved)
DELETED = Answer(printing_api.DeletePrinterResponse, _deleted)


class PrinterRpc(PrintingServiceServicer):
    """Listing, setting up and removing."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def ListPrinters(
        self, request: printing_api.ListPrintersRequest, context: Context
    ) -> printing_api.ListPrintersResponse:
        printers = await list_printers(self._deps, current_principal().tenant)
        return printing_api.ListPrintersResponse(printers=map(printer_message, printers))

    async def SavePrinter(
        self, request: printing_api.SavePrinterRequest, context: Context
    ) -> printing_api.SavePrinterResponse:
        command, printer = command_of("SavePrinter", request), wanted_printer(request.printer)
        return await save_printer(self._deps, command, printer, not request.printer.id, SAVED)

    async def DeletePrinter(
        self, request: printing_api.DeletePrinterRequest, context: Context
    ) -> printing_api.DeletePrinterResponse:
        command, printer_id = command_of("DeletePrinter", request), UUID(request.printer_id)
        return await delete_printer(self._deps, command, printer_id, DELETED)
