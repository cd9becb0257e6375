"""What is printed: receipts that were handed out, customers, invoices and credit notes, printers and their
queue; and what payments said of change and tips.

Runs before the new code; the old code passes over all of it. An invoice is guarded twice: the service's role
has no right to change one, and a trigger refuses it to everybody.
"""

from alembic import op

from chassis.db.migrations import protect_tenant_table

revision = "0020"
down_revision = "0019"

PAID = ("tip_minor", "tendered_minor", "change_minor")
DDL = """
CREATE TABLE orders.receipt_issue (
    restaurant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    document text NOT NULL,
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL,
    copies integer NOT NULL,
    CONSTRAINT receipt_issue_pkey PRIMARY KEY (restaurant_id, order_id, document)
);
CREATE TABLE orders.customer (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    phone text NOT NULL,
    email text NOT NULL,
    address text NOT NULL,
    vat_number text NOT NULL,
    notes text NOT NULL,
    consented_at timestamptz,
    consent_source text NOT NULL,
    created_at timestamptz NOT NULL,
    words text NOT NULL,
    erased_at timestamptz,
    CONSTRAINT customer_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE TABLE orders.customer_word (
    restaurant_id uuid NOT NULL,
    word text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    CONSTRAINT customer_word_pkey PRIMARY KEY (restaurant_id, word, customer_id)
);
CREATE TABLE orders.order_customer (
    restaurant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT order_customer_pkey PRIMARY KEY (restaurant_id, order_id)
);
CREATE INDEX order_customer_by_customer
    ON orders.order_customer (restaurant_id, customer_id, created_at, order_id);
CREATE TABLE orders.invoice_counter (
    restaurant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    last_number bigint NOT NULL,
    CONSTRAINT invoice_counter_pkey PRIMARY KEY (restaurant_id, kind)
);
CREATE TABLE orders.invoice (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    number bigint NOT NULL,
    order_id uuid NOT NULL,
    invoice_id uuid,
    issued_at timestamptz NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT invoice_pkey PRIMARY KEY (restaurant_id, id),
    CONSTRAINT invoice_credits CHECK ((kind = 'credit_note') = (invoice_id IS NOT NULL))
);
CREATE UNIQUE INDEX invoice_number ON orders.invoice (restaurant_id, kind, number);
CREATE UNIQUE INDEX invoice_of_order ON orders.invoice (restaurant_id, order_id) WHERE kind = 'invoice';
CREATE INDEX invoice_by_order ON orders.invoice (restaurant_id, order_id, issued_at, id);
CREATE INDEX invoice_newest ON orders.invoice (restaurant_id, issued_at, id);
CREATE INDEX invoice_credited ON orders.invoice (restaurant_id, invoice_id, number)
    WHERE invoice_id IS NOT NULL;
CREATE TABLE orders.printer (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    kind text NOT NULL,
    width integer NOT NULL,
    station_id uuid,
    fallback_id uuid,
    version bigint NOT NULL,
    CONSTRAINT printer_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE UNIQUE INDEX printer_name ON orders.printer (restaurant_id, name_key);
CREATE TABLE orders.print_job (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    printer_id uuid NOT NULL,
    printer_name text NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    order_id uuid NOT NULL,
    payload bytea NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    error text NOT NULL,
    created_at timestamptz NOT NULL,
    next_at timestamptz,
    version bigint NOT NULL,
    rerouted_to uuid,
    rerouted_from uuid,
    CONSTRAINT print_job_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE INDEX print_job_due ON orders.print_job (restaurant_id, printer_id, next_at, id)
    WHERE next_at IS NOT NULL;
CREATE INDEX print_job_newest ON orders.print_job (restaurant_id, created_at, id);
CREATE INDEX print_job_by_printer ON orders.print_job (restaurant_id, printer_id, created_at, id)
"""
GRANTS = {
    "receipt_issue": "SELECT, INSERT, UPDATE",
    "customer": "SELECT, INSERT, UPDATE",
    "customer_word": "SELECT, INSERT, DELETE",
    "order_customer": "SELECT, INSERT, UPDATE, DELETE",
    "invoice_counter": "SELECT, INSERT, UPDATE",
    "invoice": "SELECT, INSERT",
    "printer": "SELECT, INSERT, UPDATE, DELETE",
    "print_job": "SELECT, INSERT, UPDATE",
}
REFUSE = """
CREATE FUNCTION orders.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
APPEND_ONLY = """
CREATE TRIGGER invoice_append_only BEFORE UPDATE OR DELETE ON orders.invoice
FOR EACH ROW EXECUTE FUNCTION orders.refuse_change()
"""
KEEP = """
CREATE TRIGGER invoice_keep BEFORE TRUNCATE ON orders.invoice
FOR EACH STATEMENT EXECUTE FUNCTION orders.refuse_change()
"""


def upgrade() -> None:
    for name in PAID:
        op.execute(f"ALTER TABLE orders.order_payment ADD COLUMN {name} bigint NOT NULL DEFAULT 0")
    for statement in DDL.split(";"):
        op.execute(statement)
    for table, grants in GRANTS.items():
        protect_tenant_table(op, "orders", table, grants=grants)
    for statement in (REFUSE, APPEND_ONLY, KEEP):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for table in GRANTS:
        op.execute(f"DROP TABLE orders.{table}")
    op.execute("DROP FUNCTION orders.refuse_change()")
    for name in PAID:
        op.execute(f"ALTER TABLE orders.order_payment DROP COLUMN {name}")
