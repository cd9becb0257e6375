"""The whole of fynlo.orders.v1.PrintingService."""

from services.orders.rpc.print_job import PrintJobRpc
from services.orders.rpc.printer import PrinterRpc


class PrintingRpc(PrinterRpc, PrintJobRpc):
    """Printers, and the queue of what they print."""
