"""Finds paid orders that the kitchen only bumped, so that they complete without anybody marking them served.

Runs before the new code: a restaurant's copy of ``auto_complete`` is true until its settings are stored
again, and whoever completes an order looks at the settings themselves.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

INDEX = """
CREATE INDEX orders_waiting ON orders.orders (updated_at)
    WHERE lifecycle = 'validated' AND payment_state = 'paid' AND kitchen_state = 'ready'
"""
# As orders_due: across restaurants, and nothing of an order but where it is. Restaurants that want no such
# completion are left out here, or their orders would fill every batch.
TO_COMPLETE = """
CREATE FUNCTION orders.orders_to_complete(p_ready_before timestamptz, p_limit integer)
RETURNS TABLE (restaurant_id uuid, order_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = orders, pg_temp AS $$
    SELECT o.restaurant_id, o.id FROM orders o
    WHERE o.lifecycle = 'validated' AND o.payment_state = 'paid' AND o.kitchen_state = 'ready'
      AND EXISTS (
          SELECT 1 FROM restaurant r WHERE r.restaurant_id = o.restaurant_id AND r.auto_complete)
      AND NOT EXISTS (
          SELECT 1 FROM ticket t
          WHERE t.restaurant_id = o.restaurant_id AND t.order_id = o.id AND t.state = 'ready'
            AND NOT t.ready_at < p_ready_before)
    ORDER BY o.updated_at LIMIT p_limit
$$
"""
ARGUMENTS = "timestamptz, integer"


def upgrade() -> None:
    op.execute("ALTER TABLE orders.restaurant ADD COLUMN auto_complete boolean NOT NULL DEFAULT true")
    op.execute(INDEX)
    for table in ("restaurant", "ticket"):
        op.execute(f"CREATE POLICY sweep ON orders.{table} FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(TO_COMPLETE)
    op.execute(f"REVOKE ALL ON FUNCTION orders.orders_to_complete({ARGUMENTS}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION orders.orders_to_complete({ARGUMENTS}) TO fynlo_orders")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION orders.orders_to_complete({ARGUMENTS})")
    for table in ("restaurant", "ticket"):
        op.execute(f"DROP POLICY sweep ON orders.{table}")
    op.execute("DROP INDEX orders.orders_waiting")
    op.execute("ALTER TABLE orders.restaurant DROP COLUMN auto_complete")
