"""Invoices and credit notes: each one row that never changes, with a number from a counter that the same
transaction holds.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fynlo.orders.v1 import documents_pb2

from chassis.db import Transaction
from chassis.db.conditions import Conditions
from services.orders.domain.invoice import Invoice, InvoiceKind
from services.orders.domain.order.listing import NEWEST_POSITION, Position
from services.orders.wire.invoice import invoice_in, invoice_message

CREDIT_NOTES_MAX = 1_000
"""Of one invoice."""
# The row is locked until the commit, so that numbers have no gap: what rolls back takes none.
NEXT_NUMBER = """
INSERT INTO invoice_counter AS c (restaurant_id, kind, last_number) VALUES ($1, $2, 1)
ON CONFLICT (restaurant_id, kind) DO UPDATE SET last_number = c.last_number + 1
RETURNING last_number
"""
INSERT_INVOICE = """
INSERT INTO invoice (restaurant_id, id, kind, number, order_id, invoice_id, issued_at, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
FIND_INVOICE = "SELECT body FROM invoice WHERE restaurant_id = $1 AND id = $2"
CREDIT_NOTES = f"""
SELECT body FROM invoice WHERE restaurant_id = $1 AND invoice_id = $2 ORDER BY number LIMIT {CREDIT_NOTES_MAX}
"""  # noqa: S608


async def next_number(tx: Transaction, kind: InvoiceKind) -> int:
    """The restaurant's next one of its kind, from 1."""
    return int(await tx.fetchval(NEXT_NUMBER, tx.tenant, kind.value))


async def insert_invoice(tx: Transaction, invoice: Invoice) -> None:
    """As it stays."""
    await tx.execute(
        INSERT_INVOICE,
        tx.tenant,
        invoice.id,
        invoice.kind.value,
        invoice.number,
        invoice.order_id,
        invoice.invoice_id,
        invoice.issued_at,
        invoice_message(invoice).SerializeToString(),
    )


async def find_invoice(tx: Transaction, invoice_id: UUID) -> Invoice | None:
    """None where there is none."""
    row = await tx.fetchrow(FIND_INVOICE, tx.tenant, invoice_id)
    return None if row is None else _invoice_in(row)


async def credit_notes_of(tx: Transaction, invoice_id: UUID) -> list[Invoice]:
    """By their numbers."""
    return [_invoice_in(row) for row in await tx.fetch(CREDIT_NOTES, tx.tenant, invoice_id)]


async def list_invoices(
    tx: Transaction, order_id: UUID | None, after: Position | None, limit: int
) -> list[Invoice]:
    """Newest first, of an order or of all."""
    where = Conditions(tx.tenant).add("restaurant_id = $1")
    where.add("(issued_at, id) < ({}::timestamptz, {}::uuid)", *(after or NEWEST_POSITION))
    if order_id is not None:
        where.add("order_id = {}", order_id)
    sql = (
        f"SELECT body FROM invoice WHERE {where} ORDER BY issued_at DESC, id DESC"  # noqa: S608
        f" LIMIT {where.parameter(limit)}"
    )
    return [_invoice_in(row) for row in await tx.fetch(sql, *where.arguments)]


def _invoice_in(row: Mapping[str, Any]) -> Invoice:
    return invoice_in(documents_pb2.Invoice.FromString(row["body"]))
