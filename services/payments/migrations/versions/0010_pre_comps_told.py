"""Bills and payments know what was given on the house, and a bill of nothing by which Z report it was told.

Runs before the new code. The old code writes bills by the function that it knows, and says nothing of comps;
that function goes with a later release. The columns are null where there is nothing to say. The index is
built without a lock, after a commit: every step before it may run again.
"""

from alembic import op

from chassis.db.migrations import index_concurrently

revision = "0010"
down_revision = "0009"

COLUMNS = """
ALTER TABLE payments.bill ADD COLUMN IF NOT EXISTS comp_minor bigint,
    ADD COLUMN IF NOT EXISTS comp_count integer,
    ADD COLUMN IF NOT EXISTS told_in_z bigint;
ALTER TABLE payments.payment ADD COLUMN IF NOT EXISTS comp_minor bigint,
    ADD COLUMN IF NOT EXISTS comp_count integer
"""
# As in revision 0009, with comps.
SAVE_BILLS = """
CREATE OR REPLACE FUNCTION payments.save_bills(
    p_restaurants uuid[], p_orders uuid[], p_numbers integer[], p_versions bigint[], p_currencies text[],
    p_covers integer[], p_states text[], p_modes text[], p_totals bigint[], p_services bigint[],
    p_discounts bigint[], p_voids bigint[], p_comps bigint[], p_comp_counts integer[], p_vat jsonb,
    p_now timestamptz, p_lock_wait_ms integer)
RETURNS SETOF payments.bill LANGUAGE plpgsql AS $$
DECLARE
    v_tenant text := pg_catalog.current_setting('app.restaurant_id', true);
    v_saved payments.bill;
BEGIN
    IF p_lock_wait_ms IS NOT NULL THEN
        PERFORM pg_catalog.set_config('lock_timeout', p_lock_wait_ms::text, true);
    END IF;
    FOR i IN 1 .. pg_catalog.cardinality(p_orders) LOOP
        PERFORM pg_catalog.set_config('app.restaurant_id', p_restaurants[i]::text, true);
        INSERT INTO payments.bill AS old (restaurant_id, order_id, order_number, order_version, currency_code,
            covers, state, mode, total_minor, service_minor, discount_minor, void_minor, comp_minor,
            comp_count, vat, updated_at)
        VALUES (p_restaurants[i], p_orders[i], p_numbers[i], p_versions[i], p_currencies[i], p_covers[i],
            p_states[i], p_modes[i], p_totals[i], p_services[i], p_discounts[i], p_voids[i],
            nullif(p_comps[i], 0), nullif(p_comp_counts[i], 0), p_vat -> (i - 1), p_now)
        ON CONFLICT (restaurant_id, order_id) DO UPDATE SET order_number = excluded.order_number,
            order_version = excluded.order_version, currency_code = excluded.currency_code,
            covers = excluded.covers,
            state = CASE WHEN old.state = 'closed' THEN old.state ELSE excluded.state END,
            mode = excluded.mode, total_minor = excluded.total_minor, service_minor = excluded.service_minor,
            discount_minor = excluded.discount_minor, void_minor = excluded.void_minor,
            comp_minor = excluded.comp_minor, comp_count = excluded.comp_count, vat = excluded.vat,
            updated_at = excluded.updated_at
        WHERE old.order_version < excluded.order_version
        RETURNING * INTO v_saved;
        IF v_saved.paid_minor > 0 THEN
            RETURN NEXT v_saved;
        END IF;
    END LOOP;
    PERFORM pg_catalog.set_config('app.restaurant_id', coalesce(v_tenant, ''), true);
END $$
"""
SIGNATURE = (
    "payments.save_bills(uuid[], uuid[], integer[], bigint[], text[], integer[], text[], text[], bigint[], "
    "bigint[], bigint[], bigint[], bigint[], integer[], jsonb, timestamptz, integer)"
)
OF_NOTHING = "bill (restaurant_id, told_in_z) WHERE total_minor = 0 AND paid_minor = 0"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    for statement in COLUMNS.split(";"):
        run(statement)
    run(SAVE_BILLS)
    run(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    run(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO fynlo_payments")
    index_concurrently(op, "payments", "bill_of_nothing", OF_NOTHING, unique=False)


def downgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run("DROP INDEX payments.bill_of_nothing")
    run(f"DROP FUNCTION {SIGNATURE}")
    run("ALTER TABLE payments.payment DROP COLUMN comp_minor, DROP COLUMN comp_count")
    run("ALTER TABLE payments.bill DROP COLUMN comp_minor, DROP COLUMN comp_count, DROP COLUMN told_in_z")
