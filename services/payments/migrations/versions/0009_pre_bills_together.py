"""Bills of many restaurants are written in one call, each as a row of its own restaurant.

Runs before the new code, which calls the function; the old one writes bills by itself.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

# A newer version of an order replaces what the order says; money, its sequence and a closed state stay. The
# caller's rights are enough: row-level security is asked for each bill, with its restaurant in the setting.
SAVE_BILLS = """
CREATE FUNCTION payments.save_bills(
    p_restaurants uuid[], p_orders uuid[], p_numbers integer[], p_versions bigint[], p_currencies text[],
    p_covers integer[], p_states text[], p_modes text[], p_totals bigint[], p_services bigint[],
    p_discounts bigint[], p_voids bigint[], p_vat jsonb, p_now timestamptz, p_lock_wait_ms integer)
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
            covers, state, mode, total_minor, service_minor, discount_minor, void_minor, vat, updated_at)
        VALUES (p_restaurants[i], p_orders[i], p_numbers[i], p_versions[i], p_currencies[i], p_covers[i],
            p_states[i], p_modes[i], p_totals[i], p_services[i], p_discounts[i], p_voids[i], p_vat -> (i - 1),
            p_now)
        ON CONFLICT (restaurant_id, order_id) DO UPDATE SET order_number = excluded.order_number,
            order_version = excluded.order_version, currency_code = excluded.currency_code,
            covers = excluded.covers,
            state = CASE WHEN old.state = 'closed' THEN old.state ELSE excluded.state END,
            mode = excluded.mode, total_minor = excluded.total_minor, service_minor = excluded.service_minor,
            discount_minor = excluded.discount_minor, void_minor = excluded.void_minor, vat = excluded.vat,
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


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(SAVE_BILLS)
    run("REVOKE ALL ON FUNCTION payments.save_bills FROM PUBLIC")
    run("GRANT EXECUTE ON FUNCTION payments.save_bills TO fynlo_payments")


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP FUNCTION payments.save_bills")
