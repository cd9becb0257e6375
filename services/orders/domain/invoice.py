"""Invoices of orders that are done, and the credit notes that correct them. Pure; amounts are minor units.

Everything that costs something is a line, a service charge as well: one for each rate where it is taxed, one
outside the scope of VAT where it is optional. So whatever is credited is a part of a line. Source: VAT
Regulations 1995, regulations 14 and 15C (what an invoice and a credit note say).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.ids import derived_id
from chassis.money import divide_half_up, largest_remainder
from services.orders.domain.errors import LineRefused
from services.orders.domain.order.order import Actor, Order
from services.orders.domain.paper.rows import Face, Paper, Row, middle, paper
from services.orders.domain.paper_errors import CreditTooLarge, CreditUnclear, NotAnInvoice
from services.orders.domain.receipt import amount, price, rate, vat_rows
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.pricing import BillMode, VatGroup


class InvoiceKind(StrEnum):
    """An invoice, or what takes one back."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


TITLES = {InvoiceKind.INVOICE: "VAT invoice", InvoiceKind.CREDIT_NOTE: "Credit note"}


@dataclass(frozen=True, slots=True)
class Party:
    """A name and an address as a document prints them."""

    name: str
    address: str
    vat_number: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """``amount_minor`` is after discounts, with its VAT where prices include it. Of a credit note
    ``quantity`` is 0 where an amount was credited.
    """

    line_id: UUID
    name: str
    quantity: int
    amount_minor: int
    vat_rate_bp: int
    vat_minor: int
    outside_vat: bool = False


@dataclass(frozen=True, slots=True)
class Invoice:
    """As it was issued, for ever. Amounts of a credit note are positive: they go back to the customer."""

    id: UUID
    kind: InvoiceKind
    number: int
    order_id: UUID
    order_number: int
    issued_at: datetime
    business_date: date
    time_zone: str
    seller: Party
    customer: Party
    customer_id: UUID | None
    currency_code: str
    bill_mode: BillMode
    lines: tuple[InvoiceLine, ...]
    vat: tuple[VatGroup, ...]
    vat_minor: int
    total_minor: int
    issued_by: Actor
    invoice_id: UUID | None = None
    invoice_number: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WantedCredit:
    """So much of a line: a quantity, or an amount (the other is 0)."""

    line_id: UUID
    quantity: int = 0
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Issue:
    """Under which id and number a document is issued, by whom and when."""

    id: UUID
    number: int
    actor: Actor
    at: datetime


def invoice_of(
    order: Order, restaurant: RestaurantCopy, customer: Party, customer_id: UUID | None, issue: Issue
) -> Invoice:
    """The invoice of an order, whose totals are its own."""
    return Invoice(
        id=issue.id,
        kind=InvoiceKind.INVOICE,
        number=issue.number,
        order_id=order.id,
        order_number=order.number,
        issued_at=issue.at,
        business_date=order.business_date,
        time_zone=restaurant.time_zone,
        seller=Party(restaurant.name, restaurant.address, restaurant.vat_number),
        customer=customer,
        customer_id=customer_id,
        currency_code=order.currency_code,
        bill_mode=order.bill_mode,
        lines=tuple(_lines_of(order)),
        vat=order.vat,
        vat_minor=order.totals.vat_minor,
        total_minor=order.totals.total_minor,
        issued_by=issue.actor,
    )


def credit_of(
    invoice: Invoice, before: Iterable[Invoice], wanted: Sequence[WantedCredit], reason: str, issue: Issue
) -> Invoice:
    """A part of the invoice taken back; ``before`` are its credit notes so far.

    Raises NotAnInvoice, CreditUnclear, LineRefused (UNKNOWN_LINE), CreditTooLarge.
    """
    if invoice.kind is not InvoiceKind.INVOICE:
        raise NotAnInvoice("Only an invoice can be credited.")
    if len({one.line_id for one in wanted}) != len(wanted):
        raise CreditUnclear("A line is named once.")
    known = {line.line_id: line for line in invoice.lines}
    credited = [line for note in before for line in note.lines]
    lines = []
    for index, one in enumerate(wanted):
        if one.line_id not in known:
            raise LineRefused("UNKNOWN_LINE", f"lines[{index}].line_id", "The invoice has no such line.")
        own = [line for line in credited if line.line_id == one.line_id]
        lines.append(_credited(known[one.line_id], own, one))
    groups = _groups(lines, invoice.bill_mode)
    vat = sum(line.vat_minor for line in lines)
    on_top = vat if invoice.bill_mode is BillMode.EXCLUSIVE_LEGACY else 0
    return replace(
        invoice,
        id=issue.id,
        kind=InvoiceKind.CREDIT_NOTE,
        number=issue.number,
        issued_at=issue.at,
        lines=tuple(lines),
        vat=groups,
        vat_minor=vat,
        total_minor=sum(line.amount_minor for line in lines) + on_top,
        issued_by=issue.actor,
        invoice_id=invoice.id,
        invoice_number=invoice.number,
        reason=reason,
    )


def invoice_paper(invoice: Invoice) -> Paper:
    """The paper of it, whatever it is told on."""
    currency, exclusive = invoice.currency_code, invoice.bill_mode is BillMode.EXCLUSIVE_LEGACY
    title = f"{TITLES[invoice.kind]} {invoice.number}"
    issued = invoice.issued_at.astimezone(ZoneInfo(invoice.time_zone))
    about = [Row(title, issued.strftime("%d %b %Y"), Face.BOLD)]
    if invoice.invoice_id is not None:
        about.append(Row(f"for invoice {invoice.invoice_number}"))
        about.append(Row(f"Reason: {invoice.reason}"))
    about.append(Row(f"Order {invoice.order_number}", f"Sold {invoice.business_date:%d %b %Y}"))
    words = "CREDIT" if invoice.kind is InvoiceKind.CREDIT_NOTE else "TOTAL"
    sums = [Row("VAT", amount(invoice.vat_minor, currency))] if exclusive else []
    return paper(
        title,
        [
            *middle(invoice.seller.name, Face.BOLD),
            *middle(invoice.seller.address),
            *_vat(invoice.seller, True),
        ],
        about,
        [
            Row("To"),
            Row(invoice.customer.name, face=Face.BOLD),
            *(Row(line) for line in invoice.customer.address.splitlines()),
            *_vat(invoice.customer, False),
        ],
        [row for line in invoice.lines for row in _line_rows(line, currency)],
        [*sums, Row(words, price(invoice.total_minor, currency), Face.BIG)],
        [*vat_rows(invoice.vat, currency), Row("VAT in all", price(invoice.vat_minor, currency))],
    )


def _vat(party: Party, centred: bool) -> list[Row]:
    return [Row(f"VAT {party.vat_number}", centred=centred)] if party.vat_number else []


def _line_rows(line: InvoiceLine, currency: str) -> list[Row]:
    many = f"{line.quantity} x " if line.quantity else "part of "
    taxed = "outside the scope of VAT" if line.outside_vat else f"VAT {rate(line.vat_rate_bp)}"
    return [Row(f"{many}{line.name}", amount(line.amount_minor, currency)), Row(taxed, indent=2)]


def _lines_of(order: Order) -> list[InvoiceLine]:
    """The goods, and the service charge: the VAT of a rate is spread over all that is taxed with it."""
    sold = [line for line in order.lines if not line.voided]
    exclusive = order.bill_mode is BillMode.EXCLUSIVE_LEGACY
    vat_of: dict[UUID, int] = {}
    service = []
    for group in order.vat:
        goods = [line for line in sold if line.vat_rate_bp == group.rate_bp]
        amounts = [line.gross_minor - line.discount_minor for line in goods]
        charge = group.gross_minor - (group.vat_minor if exclusive else 0) - sum(amounts)
        *shares, of_charge = _spread(group.vat_minor, [*amounts, charge])
        vat_of |= {line.id: share for line, share in zip(goods, shares, strict=True)}
        if charge:
            name = f"Service charge ({rate(group.rate_bp)})"
            line_id = derived_id(order.id, "service", group.rate_bp)
            service.append(InvoiceLine(line_id, name, 1, charge, group.rate_bp, of_charge))
    if order.bill_mode is BillMode.INCLUSIVE_OPTIONAL and order.totals.service_charge_minor:
        line_id, charge = derived_id(order.id, "service", "optional"), order.totals.service_charge_minor
        service.append(InvoiceLine(line_id, "Service charge, optional", 1, charge, 0, 0, outside_vat=True))
    goods_lines = [
        InvoiceLine(
            line.id,
            line.name,
            line.quantity,
            line.gross_minor - line.discount_minor,
            line.vat_rate_bp,
            vat_of.get(line.id, 0),
        )
        for line in sold
    ]
    return [*goods_lines, *service]


def _spread(total: int, weights: Sequence[int]) -> list[int]:
    return largest_remainder(total, weights) if any(weights) else [0] * len(weights)


def _credited(line: InvoiceLine, before: Sequence[InvoiceLine], wanted: WantedCredit) -> InvoiceLine:
    """Amounts by cumulative rounding, so that what is credited in parts adds up to the line."""
    if bool(wanted.quantity) == bool(wanted.amount_minor):
        raise CreditUnclear("Credit a line by its quantity or by an amount.")
    gone = sum(one.amount_minor for one in before)
    units = sum(one.quantity for one in before)
    left, left_units = line.amount_minor - gone, line.quantity - units
    credit = wanted.amount_minor
    if wanted.quantity:
        so_far, until = (
            _part(line.amount_minor, count, line.quantity) for count in (units, units + wanted.quantity)
        )
        credit = until - so_far
    if wanted.quantity > left_units or credit > left:
        raise CreditTooLarge(
            f"Of {line.name} no more than that is left to credit.",
            metadata={
                "line_id": str(line.line_id),
                "left_minor": str(left),
                "left_quantity": str(left_units),
            },
        )
    vat_gone = sum(one.vat_minor for one in before)
    vat = _part(line.vat_minor, gone + credit, line.amount_minor) - vat_gone
    return replace(line, quantity=wanted.quantity, amount_minor=credit, vat_minor=vat)


def _part(total: int, count: int, of: int) -> int:
    return divide_half_up(total * count, of) if of else 0


def _groups(lines: Iterable[InvoiceLine], mode: BillMode) -> tuple[VatGroup, ...]:
    taxed = [line for line in lines if not line.outside_vat]
    groups = []
    for basis_points in sorted({line.vat_rate_bp for line in taxed}):
        own = [line for line in taxed if line.vat_rate_bp == basis_points]
        vat = sum(line.vat_minor for line in own)
        on_top = vat if mode is BillMode.EXCLUSIVE_LEGACY else 0
        groups.append(VatGroup(basis_points, sum(line.amount_minor for line in own) + on_top, vat))
    return tuple(groups)
