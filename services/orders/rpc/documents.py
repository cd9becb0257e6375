"""The whole of fynlo.orders.v1.DocumentsService."""

from services.orders.rpc.invoice import InvoiceRpc
from services.orders.rpc.receipt import ReceiptRpc


class DocumentsRpc(ReceiptRpc, InvoiceRpc):
    """Bills, receipts and invoices."""
