"""Invoicing orders that are done, and crediting what was invoiced.

An order is locked before the counter of its invoice. No row of an invoice is ever locked: it never changes,
and the role may not.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from chassis.ids import new_id
from services.orders.domain.invoice import (
    Invoice,
    InvoiceKind,
    Issue,
    Party,
    WantedCredit,
    credit_of,
    invoice_of,
    invoice_paper,
)
from services.orders.domain.order.invoicing import invoiced, refuse_invoicing
from services.orders.domain.order.listing import Position
from services.orders.domain.paper.document import Document, Form, document_of
from services.orders.domain.paper_errors import CustomerAddressNeeded, CustomerNeeded, InvoiceNotFound
from services.orders.store import invoice as store
from services.orders.store.order import lock_order
from services.orders.usecases.customer import customer_for, note_customer
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.restaurant import restaurant_on_paper


async def create_invoice(
    deps: Dependencies,
    command: Command,
    order_id: UUID,
    customer_id: UUID | None,
    named: Party | None,
    answer: Answer[Invoice, M],
) -> M:
    """The invoice of an order that is done, which is final from then on.

    Raises OrderNotFound, IllegalTransition, CustomerNeeded, UnknownCustomer, CustomerAddressNeeded.
    """
    if (customer_id is None) == (named is None):
        raise CustomerNeeded(
            "Name a customer of the restaurant, or write a name and an address: one of both."
        )
    restaurant = await restaurant_on_paper(deps, command.tenant)

    async def create(tx: Transaction) -> Invoice:
        locked = await lock_order(tx, order_id)
        refuse_invoicing(locked.order)
        party = await _party(tx, customer_id) if named is None else named
        stamp = deps.stamp(command)
        number = await store.next_number(tx, InvoiceKind.INVOICE)
        issue = Issue(new_id(), number, stamp.actor, stamp.at)
        invoice = invoice_of(locked.order, restaurant, party, customer_id, issue)
        await store.insert_invoice(tx, invoice)
        change = invoiced(locked, number, customer_id, stamp)
        await note_customer(tx, change)
        await apply(tx, change)
        audit(tx, "orders.invoice_issued", **_facts(invoice))
        return invoice

    return await execute(deps.db, command, answer, create)


async def create_credit_note(
    deps: Dependencies,
    command: Command,
    invoice_id: UUID,
    wanted: Sequence[WantedCredit],
    reason: str,
    answer: Answer[Invoice, M],
) -> M:
    """Raises InvoiceNotFound and as credit_of."""

    async def create(tx: Transaction) -> Invoice:
        # The counter is locked first: who credits waits for whoever does. What is refused takes no number,
        # for all of it is rolled back.
        number = await store.next_number(tx, InvoiceKind.CREDIT_NOTE)
        invoice = _there(await store.find_invoice(tx, invoice_id))
        before = await store.credit_notes_of(tx, invoice_id)
        stamp = deps.stamp(command)
        note = credit_of(invoice, before, wanted, reason, Issue(new_id(), number, stamp.actor, stamp.at))
        await store.insert_invoice(tx, note)
        audit(tx, "orders.credit_note_issued", **_facts(note))
        return note

    return await execute(deps.db, command, answer, create)


async def get_invoice(deps: Dependencies, tenant: UUID, invoice_id: UUID) -> Invoice:
    """An invoice or a credit note. Raises InvoiceNotFound."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return _there(await store.find_invoice(tx, invoice_id))


async def invoice_document(
    deps: Dependencies, tenant: UUID, invoice_id: UUID, form: Form, width: int
) -> Document:
    """As it was issued. Raises InvoiceNotFound."""
    invoice = await get_invoice(deps, tenant, invoice_id)
    name = f"{invoice.kind.value.replace('_', '-')}-{invoice.number}"
    return document_of(invoice_paper(invoice), form, name, width)


async def list_invoices(
    deps: Dependencies, tenant: UUID, order_id: UUID | None, after: Position | None, limit: int
) -> list[Invoice]:
    """Newest first."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.list_invoices(tx, order_id, after, limit)


async def _party(tx: Transaction, customer_id: UUID | None) -> Party:
    assert customer_id is not None
    customer = await customer_for(tx, customer_id)
    if not customer.address:
        raise CustomerAddressNeeded("An invoice needs the customer's address: add it to the customer first.")
    return Party(customer.name, customer.address, customer.vat_number)


def _facts(invoice: Invoice) -> dict[str, object]:
    """What the audit record keeps."""
    return {
        "number": invoice.order_number,
        "invoice_number": invoice.number,
        "total_minor": invoice.total_minor,
        "currency": invoice.currency_code,
        "order_id": invoice.order_id,
        "invoice_id": invoice.id,
    }


def _there(invoice: Invoice | None) -> Invoice:
    if invoice is None:
        raise InvoiceNotFound("There is no such invoice.")
    return invoice
