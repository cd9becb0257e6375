"""Finds paid orders past their recall by their tickets, which are few, instead of by every order that waits.

Runs before the new code, which calls the function as before. Going through the orders, each asked for its
tickets that were still recallable, and the index that was at hand gave it those of the whole restaurant: the
work grew with the square of a busy lunch.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

INDEX = "CREATE INDEX ticket_waiting ON orders.ticket (ready_at) WHERE state = 'ready'"
OLD_INDEX = """
CREATE INDEX orders_waiting ON orders.orders (updated_at)
    WHERE lifecycle = 'validated' AND payment_state = 'paid' AND kitchen_state = 'ready'
"""
FUNCTION = """
CREATE OR REPLACE FUNCTION orders.orders_to_complete(p_ready_before timestamptz, p_limit integer)
RETURNS TABLE (restaurant_id uuid, order_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = orders, pg_temp AS $$
"""
# The aggregate over one order's tickets can go by nothing but their order.
BY_TICKET = """
    SELECT o.restaurant_id, o.id
    FROM (SELECT DISTINCT t.restaurant_id, t.order_id FROM ticket t
          WHERE t.state = 'ready' AND t.ready_at < p_ready_before) AS past
    JOIN orders o ON o.restaurant_id = past.restaurant_id AND o.id = past.order_id
    WHERE o.lifecycle = 'validated' AND o.payment_state = 'paid' AND o.kitchen_state = 'ready'
      AND EXISTS (
          SELECT 1 FROM restaurant r WHERE r.restaurant_id = o.restaurant_id AND r.auto_complete)
      AND (SELECT bool_and(t.state <> 'ready' OR t.ready_at < p_ready_before) FROM ticket t
           WHERE t.restaurant_id = o.restaurant_id AND t.order_id = o.id)
    LIMIT p_limit
$$
"""
BY_ORDER = """
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


def upgrade() -> None:
    op.execute(INDEX)
    op.execute(f"{FUNCTION}{BY_TICKET}")
    op.execute("DROP INDEX orders.orders_waiting")


def downgrade() -> None:
    op.execute(OLD_INDEX)
    op.execute(f"{FUNCTION}{BY_ORDER}")
    op.execute("DROP INDEX orders.ticket_waiting")
