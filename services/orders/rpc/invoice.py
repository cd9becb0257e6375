"""Invoices and credit notes."""

# ruff: noqa: N802 (the names of the contract)

from uuid import UUID

from fynlo.orders.v1 import documents_service_pb2 as documents_api
from fynlo.orders.v1.documents_service_pb2_grpc import DocumentsServiceServicer

from chassis.db.commands import Answer
from chassis.ids import parse_id
from chassis.rpc import current_principal
from chassis.rpc.cursors import BY_TIME, page_of
from services.orders.domain.invoice import Invoice, WantedCredit
from services.orders.domain.paper.document import WIDTH_DEFAULT, Form
from services.orders.rpc.asking import Context, command_of
from services.orders.usecases.invoice import (
    create_credit_note,
    create_invoice,
    get_invoice,
    invoice_document,
    list_invoices,
)
from services.orders.usecases.ports import Dependencies
from services.orders.wire.invoice import invoice_message, party_of


def _invoiced(invoice: Invoice) -> documents_api.CreateInvoiceResponse:
    return documents_api.CreateInvoiceResponse(invoice=invoice_message(invoice))


def _credited(note: Invoice) -> documents_api.CreateCreditNoteResponse:
    return documents_api.CreateCreditNoteResponse(credit_note=invoice_message(note))


INVOICED = Answer(documents_api.CreateInvoiceResponse, _invoiced)
CREDITED = Answer(documents_api.CreateCreditNoteResponse, _credited)


class InvoiceRpc(DocumentsServiceServicer):
    """Issuing and reading."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def CreateInvoice(
        self, request: documents_api.CreateInvoiceRequest, context: Context
    ) -> documents_api.CreateInvoiceResponse:
        command, order_id = command_of("CreateInvoice", request), UUID(request.order_id)
        customer_id = parse_id(request.customer_id) if request.customer_id else None
        named = party_of(request.customer) if request.HasField("customer") else None
        return await create_invoice(self._deps, command, order_id, customer_id, named, INVOICED)

    async def ListInvoices(
        self, request: documents_api.ListInvoicesRequest, context: Context
    ) -> documents_api.ListInvoicesResponse:
        tenant, page = current_principal().tenant, page_of(request, BY_TIME)
        order_id = parse_id(request.order_id) if request.order_id else None
        found = await list_invoices(self._deps, tenant, order_id, page.after, page.one_more)
        shown, following = page.cut(found, lambda invoice: (invoice.issued_at, invoice.id))
        return documents_api.ListInvoicesResponse(invoices=map(invoice_message, shown), next_cursor=following)

    async def GetInvoice(
        self, request: documents_api.GetInvoiceRequest, context: Context
    ) -> documents_api.GetInvoiceResponse:
        invoice = await get_invoice(self._deps, current_principal().tenant, UUID(request.invoice_id))
        return documents_api.GetInvoiceResponse(invoice=invoice_message(invoice))

    async def GetInvoiceDocument(
        self, request: documents_api.GetInvoiceDocumentRequest, context: Context
    ) -> documents_api.GetInvoiceDocumentResponse:
        tenant, invoice_id = current_principal().tenant, UUID(request.invoice_id)
        form, width = Form(request.format or Form.HTML), request.width or WIDTH_DEFAULT
        document = await invoice_document(self._deps, tenant, invoice_id, form, width)
        return documents_api.GetInvoiceDocumentResponse(
            content=document.content, media_type=document.media_type, file_name=document.file_name
        )

    async def CreateCreditNote(
        self, request: documents_api.CreateCreditNoteRequest, context: Context
    ) -> documents_api.CreateCreditNoteResponse:
        command, invoice_id = command_of("CreateCreditNote", request), UUID(request.invoice_id)
        wanted = [
            WantedCredit(UUID(line.line_id), line.quantity, line.amount_minor) for line in request.lines
        ]
        return await create_credit_note(
            self._deps, command, invoice_id, wanted, request.reason.strip(), CREDITED
        )
