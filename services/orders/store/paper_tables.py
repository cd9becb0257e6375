"""The tables of customers, receipts that were handed out, invoices, printers and print jobs."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.orders.store.columns import at, column, metadata, tenant

receipt_issue = sa.Table(
    "receipt_issue",
    metadata,
    tenant(),
    column("order_id", pg.UUID(), key=True),
    column("document", sa.Text, key=True),
    column("issued_at", at),
    column("issued_by", sa.Text),
    column("copies", sa.Integer),
)


customer = sa.Table(
    "customer",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("version", sa.BigInteger),
    column("name", sa.Text),
    column("name_key", sa.Text),
    column("phone", sa.Text),
    column("email", sa.Text),
    column("address", sa.Text),
    column("vat_number", sa.Text),
    column("notes", sa.Text),
    column("consented_at", at, null=True),
    column("consent_source", sa.Text),
    column("created_at", at),
    column("words", sa.Text),
    column("erased_at", at, null=True),
)


customer_word = sa.Table(
    "customer_word",
    metadata,
    tenant(),
    column("word", sa.Text(collation="C"), key=True),
    column("customer_id", pg.UUID(), key=True),
)


order_customer = sa.Table(
    "order_customer",
    metadata,
    tenant(),
    column("order_id", pg.UUID(), key=True),
    column("customer_id", pg.UUID()),
    column("created_at", at),
    sa.Index("order_customer_by_customer", "restaurant_id", "customer_id", "created_at", "order_id"),
)


invoice_counter = sa.Table(
    "invoice_counter",
    metadata,
    tenant(),
    column("kind", sa.Text, key=True),
    column("last_number", sa.BigInteger),
)


invoice = sa.Table(
    "invoice",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("kind", sa.Text),
    column("number", sa.BigInteger),
    column("order_id", pg.UUID()),
    column("invoice_id", pg.UUID(), null=True),
    column("issued_at", at),
    column("body", sa.LargeBinary),
    sa.Index("invoice_number", "restaurant_id", "kind", "number", unique=True),
    sa.Index(
        "invoice_of_order",
        "restaurant_id",
        "order_id",
        unique=True,
        postgresql_where=sa.text("kind = 'invoice'"),
    ),
    sa.Index("invoice_by_order", "restaurant_id", "order_id", "issued_at", "id"),
    sa.Index("invoice_newest", "restaurant_id", "issued_at", "id"),
    sa.Index(
        "invoice_credited",
        "restaurant_id",
        "invoice_id",
        "number",
        postgresql_where=sa.text("invoice_id IS NOT NULL"),
    ),
)


printer = sa.Table(
    "printer",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("name", sa.Text),
    column("name_key", sa.Text),
    column("kind", sa.Text),
    column("width", sa.Integer),
    column("station_id", pg.UUID(), null=True),
    column("fallback_id", pg.UUID(), null=True),
    column("version", sa.BigInteger),
    sa.Index("printer_name", "restaurant_id", "name_key", unique=True),
)


print_job = sa.Table(
    "print_job",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("printer_id", pg.UUID()),
    column("printer_name", sa.Text),
    column("kind", sa.Text),
    column("title", sa.Text),
    column("order_id", pg.UUID()),
    column("payload", sa.LargeBinary),
    column("state", sa.Text),
    column("attempts", sa.Integer),
    column("error", sa.Text),
    column("created_at", at),
    column("next_at", at, null=True),
    column("version", sa.BigInteger),
    column("rerouted_to", pg.UUID(), null=True),
    column("rerouted_from", pg.UUID(), null=True),
    sa.Index(
        "print_job_due",
        "restaurant_id",
        "printer_id",
        "next_at",
        "id",
        postgresql_where=sa.text("next_at IS NOT NULL"),
    ),
    sa.Index("print_job_over", "created_at", postgresql_where=sa.text("next_at IS NULL")),
    sa.Index("print_job_newest", "restaurant_id", "created_at", "id"),
    sa.Index("print_job_by_printer", "restaurant_id", "printer_id", "created_at", "id"),
)
