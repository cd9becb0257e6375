"""Bills, payments, the ledger, tills and Z reports.

What must never change is guarded three times: the role has no right to change it, a trigger refuses it to
everybody, and whoever reads it can check it (debits equal credits, hashes follow each other).
"""

from alembic import op

from chassis.db.migrations import create_chassis_schema, drop_chassis_schema, protect_tenant_table

revision = "0001"
down_revision = None

TABLES = [
    """
    CREATE TABLE payments.restaurant (
        restaurant_id uuid NOT NULL,
        version bigint NOT NULL,
        currency_code text NOT NULL,
        time_zone text NOT NULL,
        day_cutoff_minutes integer NOT NULL,
        fee_preset text NOT NULL,
        CONSTRAINT restaurant_pkey PRIMARY KEY (restaurant_id)
    )
    """,
    """
    CREATE TABLE payments.bill (
        restaurant_id uuid NOT NULL,
        order_id uuid NOT NULL,
        order_number integer NOT NULL,
        order_version bigint NOT NULL,
        currency_code text NOT NULL,
        covers integer NOT NULL,
        state text NOT NULL,
        mode text NOT NULL,
        total_minor bigint NOT NULL,
        service_minor bigint NOT NULL,
        discount_minor bigint NOT NULL,
        void_minor bigint NOT NULL,
        vat jsonb NOT NULL,
        paid_minor bigint NOT NULL DEFAULT 0,
        sequence bigint NOT NULL DEFAULT 0,
        booked jsonb NOT NULL DEFAULT '{}',
        updated_at timestamptz NOT NULL,
        CONSTRAINT bill_pkey PRIMARY KEY (restaurant_id, order_id),
        CONSTRAINT bill_state CHECK (state IN ('open', 'closed')),
        CONSTRAINT bill_paid CHECK (paid_minor >= 0 AND total_minor >= 0)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE INDEX bill_half_paid ON payments.bill (restaurant_id, order_id)
        WHERE state = 'open' AND paid_minor > 0 AND paid_minor < total_minor
    """,
    """
    CREATE TABLE payments.till_session (
        restaurant_id uuid NOT NULL,
        id uuid NOT NULL,
        till text NOT NULL,
        state text NOT NULL,
        currency_code text NOT NULL,
        business_date date NOT NULL,
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        opening_float_minor bigint NOT NULL,
        expected_minor bigint NOT NULL,
        counted_minor bigint NOT NULL DEFAULT 0,
        variance_minor bigint NOT NULL DEFAULT 0,
        variance_reason text NOT NULL DEFAULT '',
        opened_by_id uuid NOT NULL,
        opened_by_name text NOT NULL,
        opened_by_device text NOT NULL,
        closed_by_id uuid,
        closed_by_name text,
        closed_by_device text,
        version bigint NOT NULL DEFAULT 1,
        CONSTRAINT till_session_pkey PRIMARY KEY (restaurant_id, id),
        CONSTRAINT till_session_state CHECK (state IN ('opening', 'open', 'counting', 'closed')),
        CONSTRAINT till_session_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
        CONSTRAINT till_session_float CHECK (opening_float_minor >= 0 AND counted_minor >= 0)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE UNIQUE INDEX till_session_one_open ON payments.till_session (restaurant_id, till)
        WHERE state <> 'closed'
    """,
    "CREATE INDEX till_session_opened ON payments.till_session (restaurant_id, opened_at, id)",
    """
    CREATE TABLE payments.payment (
        restaurant_id uuid NOT NULL,
        id uuid NOT NULL,
        order_id uuid NOT NULL,
        order_number integer NOT NULL,
        sequence bigint NOT NULL,
        method text NOT NULL,
        status text NOT NULL,
        currency_code text NOT NULL,
        amount_minor bigint NOT NULL,
        tip_minor bigint NOT NULL,
        tendered_minor bigint NOT NULL,
        change_minor bigint NOT NULL,
        provider_fee_minor bigint NOT NULL,
        platform_fee_minor bigint NOT NULL,
        fee_bearer text NOT NULL,
        till_session_id uuid,
        check_id text NOT NULL,
        business_date date NOT NULL,
        created_at timestamptz NOT NULL,
        user_id uuid NOT NULL,
        user_name text NOT NULL,
        device_id text NOT NULL,
        gross_minor bigint NOT NULL,
        discount_minor bigint NOT NULL,
        void_minor bigint NOT NULL,
        service_minor bigint NOT NULL,
        covers integer NOT NULL,
        CONSTRAINT payment_pkey PRIMARY KEY (restaurant_id, id),
        CONSTRAINT payment_amounts CHECK (amount_minor > 0 AND tip_minor >= 0 AND change_minor >= 0),
        CONSTRAINT payment_cash CHECK (
            method <> 'cash'
            OR (till_session_id IS NOT NULL AND tendered_minor - change_minor = amount_minor + tip_minor))
    )
    """,
    "CREATE UNIQUE INDEX payment_of_bill ON payments.payment (restaurant_id, order_id, sequence)",
    "CREATE INDEX payment_created ON payments.payment (restaurant_id, created_at, id)",
    "CREATE INDEX payment_of_till ON payments.payment (restaurant_id, till_session_id, created_at, id)",
    """
    CREATE TABLE payments.ledger_transaction (
        restaurant_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        business_date date NOT NULL,
        created_at timestamptz NOT NULL,
        payment_id uuid,
        till_session_id uuid,
        actor_id uuid NOT NULL,
        CONSTRAINT ledger_transaction_pkey PRIMARY KEY (restaurant_id, id),
        CONSTRAINT ledger_transaction_kind
            CHECK (kind IN ('payment', 'till_opened', 'paid_in', 'paid_out', 'drop', 'till_closed'))
    )
    """,
    """
    CREATE TABLE payments.ledger_entry (
        restaurant_id uuid NOT NULL,
        transaction_id uuid NOT NULL,
        position smallint NOT NULL,
        account text NOT NULL,
        rate_bp integer,
        currency_code text NOT NULL,
        debit_minor bigint NOT NULL,
        credit_minor bigint NOT NULL,
        business_date date NOT NULL,
        till_session_id uuid,
        CONSTRAINT ledger_entry_pkey PRIMARY KEY (restaurant_id, transaction_id, position),
        CONSTRAINT ledger_entry_transaction FOREIGN KEY (restaurant_id, transaction_id)
            REFERENCES payments.ledger_transaction (restaurant_id, id),
        CONSTRAINT ledger_entry_one_side CHECK (
            debit_minor >= 0 AND credit_minor >= 0 AND (debit_minor = 0) <> (credit_minor = 0))
    )
    """,
    "CREATE INDEX ledger_entry_day ON payments.ledger_entry (restaurant_id, business_date, account)",
    "CREATE INDEX ledger_entry_till ON payments.ledger_entry (restaurant_id, till_session_id)",
    """
    CREATE TABLE payments.drawer_event (
        restaurant_id uuid NOT NULL,
        id uuid NOT NULL,
        till_session_id uuid NOT NULL,
        kind text NOT NULL,
        amount_minor bigint NOT NULL,
        reason text NOT NULL,
        payment_id uuid,
        created_at timestamptz NOT NULL,
        user_id uuid NOT NULL,
        user_name text NOT NULL,
        device_id text NOT NULL,
        CONSTRAINT drawer_event_pkey PRIMARY KEY (restaurant_id, id),
        CONSTRAINT drawer_event_kind
            CHECK (kind IN ('tendered', 'change', 'paid_in', 'paid_out', 'drop', 'no_sale')),
        CONSTRAINT drawer_event_amount CHECK (
            (kind = 'no_sale' AND amount_minor = 0) OR (kind <> 'no_sale' AND amount_minor > 0))
    )
    """,
    "CREATE INDEX drawer_event_till ON payments.drawer_event (restaurant_id, till_session_id)",
    """
    CREATE TABLE payments.z_counter (
        restaurant_id uuid NOT NULL,
        last_number bigint NOT NULL,
        CONSTRAINT z_counter_pkey PRIMARY KEY (restaurant_id)
    )
    """,
    """
    CREATE TABLE payments.z_report (
        restaurant_id uuid NOT NULL,
        number bigint NOT NULL,
        till_session_id uuid NOT NULL,
        business_date date NOT NULL,
        content text NOT NULL,
        previous_hash text NOT NULL,
        hash text NOT NULL,
        issued_at timestamptz NOT NULL,
        CONSTRAINT z_report_pkey PRIMARY KEY (restaurant_id, number),
        CONSTRAINT z_report_number CHECK (number >= 1)
    )
    """,
    "CREATE UNIQUE INDEX z_report_of_session ON payments.z_report (restaurant_id, till_session_id)",
    "CREATE INDEX z_report_day ON payments.z_report (restaurant_id, business_date, number)",
]

GRANTS = {
    "restaurant": "SELECT, INSERT, UPDATE",
    "bill": "SELECT, INSERT, UPDATE",
    "till_session": "SELECT, INSERT, UPDATE",
    "payment": "SELECT, INSERT",
    "ledger_transaction": "SELECT, INSERT",
    "ledger_entry": "SELECT, INSERT",
    "drawer_event": "SELECT, INSERT",
    "z_counter": "SELECT, INSERT, UPDATE",
    "z_report": "SELECT, INSERT",
}
APPEND_ONLY = ("payment", "ledger_transaction", "ledger_entry", "drawer_event", "z_report")

# Deferred to the commit, so that a transaction may insert its entries in any order. It sees what the tenant
# of the transaction sees: rows that are out of its sight count as missing, and missing is refused too.
BALANCE = """
CREATE FUNCTION payments.ledger_check() RETURNS trigger LANGUAGE plpgsql
SET search_path = payments, pg_temp AS $$
DECLARE
    v_transaction uuid;
    v_difference numeric;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entry' THEN
        v_transaction := NEW.transaction_id;
    ELSE
        v_transaction := NEW.id;
    END IF;
    SELECT max(abs(difference)) INTO v_difference FROM (
        SELECT sum(debit_minor) - sum(credit_minor) AS difference FROM ledger_entry
        WHERE restaurant_id = NEW.restaurant_id AND transaction_id = v_transaction GROUP BY currency_code
    ) AS by_currency;
    IF v_difference IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'ledger transaction % is not balanced', v_transaction
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$
"""
REFUSE = """
CREATE FUNCTION payments.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    """Makes everything."""
    create_chassis_schema(op, "payments")
    run = op.get_bind().exec_driver_sql
    for statement in (*TABLES, BALANCE, REFUSE):
        run(statement)
    for table in ("ledger_transaction", "ledger_entry"):
        run(
            f"CREATE CONSTRAINT TRIGGER {table}_balanced AFTER INSERT ON payments.{table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments.ledger_check()"
        )
    for table in APPEND_ONLY:
        run(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON payments.{table}"
            " FOR EACH ROW EXECUTE FUNCTION payments.refuse_change()"
        )
        run(
            f"CREATE TRIGGER {table}_keep BEFORE TRUNCATE ON payments.{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change()"
        )
    for table, grants in GRANTS.items():
        protect_tenant_table(op, "payments", table, grants=grants)


def downgrade() -> None:
    """Removes everything, the money facts included: for empty databases."""
    for table in reversed(GRANTS):
        op.get_bind().exec_driver_sql(f"DROP TABLE payments.{table} CASCADE")
    for function in ("ledger_check", "refuse_change"):
        op.get_bind().exec_driver_sql(f"DROP FUNCTION payments.{function}()")
    drop_chassis_schema(op, "payments")
