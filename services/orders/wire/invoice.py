"""Invoices and credit notes. One is stored as its message."""

from datetime import UTC, date, datetime
from uuid import UUID

from fynlo.orders.v1 import documents_pb2, orders_pb2

from chassis.instants import instant, timestamp
from services.orders.domain.invoice import Invoice, InvoiceLine, Party
from services.orders.pricing import VatGroup
from services.orders.wire import enums
from services.orders.wire.actor import actor_message, actor_of


def invoice_message(invoice: Invoice) -> documents_pb2.Invoice:
    """The whole of it."""
    return documents_pb2.Invoice(
        id=str(invoice.id),
        kind=enums.INVOICE_KIND[invoice.kind],
        number=invoice.number,
        order_id=str(invoice.order_id),
        order_number=invoice.order_number,
        invoice_id=str(invoice.invoice_id or ""),
        invoice_number=invoice.invoice_number,
        issued_at=timestamp(invoice.issued_at),
        business_date=invoice.business_date.isoformat(),
        seller=_party_message(invoice.seller),
        customer=_party_message(invoice.customer),
        customer_id=str(invoice.customer_id or ""),
        currency_code=invoice.currency_code,
        lines=[_line_message(line) for line in invoice.lines],
        vat=[
            orders_pb2.VatGroup(
                rate_bp=group.rate_bp, gross_minor=group.gross_minor, vat_minor=group.vat_minor
            )
            for group in invoice.vat
        ],
        vat_minor=invoice.vat_minor,
        total_minor=invoice.total_minor,
        bill_mode=enums.BILL_MODE[invoice.bill_mode],
        time_zone=invoice.time_zone,
        issued_by=actor_message(invoice.issued_by),
        reason=invoice.reason,
    )


def invoice_in(message: documents_pb2.Invoice) -> Invoice:
    """The way back."""
    return Invoice(
        id=UUID(message.id),
        kind=enums.INVOICE_KIND_OF[message.kind],
        number=message.number,
        order_id=UUID(message.order_id),
        order_number=message.order_number,
        issued_at=instant(message, "issued_at") or datetime.min.replace(tzinfo=UTC),
        business_date=date.fromisoformat(message.business_date),
        time_zone=message.time_zone,
        seller=party_of(message.seller),
        customer=party_of(message.customer),
        customer_id=UUID(message.customer_id) if message.customer_id else None,
        currency_code=message.currency_code,
        bill_mode=enums.BILL_MODE_OF[message.bill_mode],
        lines=tuple(_line_of(line) for line in message.lines),
        vat=tuple(VatGroup(group.rate_bp, group.gross_minor, group.vat_minor) for group in message.vat),
        vat_minor=message.vat_minor,
        total_minor=message.total_minor,
        issued_by=actor_of(message.issued_by),
        invoice_id=UUID(message.invoice_id) if message.invoice_id else None,
        invoice_number=message.invoice_number,
        reason=message.reason,
    )


def party_of(message: documents_pb2.Party) -> Party:
    """A name and an address."""
    return Party(message.name, message.address, message.vat_number)


def _party_message(party: Party) -> documents_pb2.Party:
    return documents_pb2.Party(name=party.name, address=party.address, vat_number=party.vat_number)


def _line_message(line: InvoiceLine) -> documents_pb2.InvoiceLine:
    return documents_pb2.InvoiceLine(
        line_id=str(line.line_id),
        name=line.name,
        quantity=line.quantity,
        amount_minor=line.amount_minor,
        vat_rate_bp=line.vat_rate_bp,
        vat_minor=line.vat_minor,
        outside_vat=line.outside_vat,
    )


def _line_of(message: documents_pb2.InvoiceLine) -> InvoiceLine:
    return InvoiceLine(
        line_id=UUID(message.line_id),
        name=message.name,
        quantity=message.quantity,
        amount_minor=message.amount_minor,
        vat_rate_bp=message.vat_rate_bp,
        vat_minor=message.vat_minor,
        outside_vat=message.outside_vat,
    )
