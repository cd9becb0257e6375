"""A day knows whether its figures are published: what changes them says so in its own transaction.

Runs before the new code. The old code goes on with what it notes in its memory, and marks nothing.
"""

from alembic import op

from chassis.db.migrations import index_concurrently

revision = "0012"
down_revision = "0011"

# The publisher looks across restaurants, and sees nothing of a day but whose it is.
UNPUBLISHED = """
CREATE OR REPLACE FUNCTION orders.orders_figures_unpublished(p_after uuid, p_limit integer)
RETURNS TABLE (restaurant_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = orders, pg_temp AS $$
    SELECT DISTINCT d.restaurant_id FROM order_day d
    WHERE d.unpublished AND d.restaurant_id > p_after ORDER BY d.restaurant_id LIMIT p_limit
$$
"""
SIGNATURE = "orders.orders_figures_unpublished(uuid, integer)"


def upgrade() -> None:
    column = "unpublished boolean NOT NULL DEFAULT false"
    op.execute(f"ALTER TABLE orders.order_day ADD COLUMN IF NOT EXISTS {column}")
    op.execute("DROP POLICY IF EXISTS sweep ON orders.order_day")
    op.execute("CREATE POLICY sweep ON orders.order_day FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(UNPUBLISHED)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO fynlo_orders")
    index_concurrently(op, "orders", "order_day_unpublished", "order_day (restaurant_id) WHERE unpublished")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    op.execute("DROP POLICY sweep ON orders.order_day")
    op.execute("ALTER TABLE orders.order_day DROP COLUMN unpublished")
