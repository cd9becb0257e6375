"""Print jobs that are over are removed after a while.

Runs before the new code; the old code does not miss them.
"""

from alembic import op

from chassis.db.migrations import index_concurrently

revision = "0025"
down_revision = "0024"

SWEEP = """
CREATE FUNCTION orders.sweep_print_jobs(p_before timestamptz, p_batch integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = orders, pg_temp AS $$
    WITH gone AS (
        DELETE FROM print_job j
        USING (
            SELECT restaurant_id, id FROM print_job WHERE next_at IS NULL AND created_at < p_before
            ORDER BY created_at LIMIT p_batch
        ) AS over
        WHERE j.restaurant_id = over.restaurant_id AND j.id = over.id
        RETURNING 1)
    SELECT count(*) FROM gone
$$
"""
SIGNATURE = "orders.sweep_print_jobs(timestamptz, integer)"


POLICIES = {
    "sweep": "FOR SELECT TO CURRENT_USER USING (true)",
    "swept": "FOR DELETE TO CURRENT_USER USING (true)",
}


def upgrade() -> None:
    for name, policy in POLICIES.items():
        op.execute(f"CREATE POLICY {name} ON orders.print_job {policy}")
    op.get_bind().exec_driver_sql(SWEEP)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO fynlo_orders")
    index_concurrently(op, "orders", "print_job_over", "print_job (created_at) WHERE next_at IS NULL")


def downgrade() -> None:
    op.execute("DROP INDEX orders.print_job_over")
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    for name in POLICIES:
        op.execute(f"DROP POLICY {name} ON orders.print_job")
