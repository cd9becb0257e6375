"""Orders are promised for a time, in slots that take so many; what goes to the kitchen by itself is found by
when it does.

Runs before the new code. The old code goes on: what it places has no promise, and an order that it changes
loses the one that it had, and goes to the kitchen as if it had none.
"""

from alembic import op

from chassis.db.migrations import index_concurrently, protect_tenant_table

revision = "0024"
down_revision = "0022"

COLUMNS = (
    "ALTER TABLE orders.orders ADD COLUMN kitchen_at timestamptz, ADD COLUMN promised_at timestamptz",
    "ALTER TABLE orders.restaurant ADD COLUMN slot_settings bytea, "
    "ADD COLUMN fire_together boolean NOT NULL DEFAULT false",
)
TABLE = """
CREATE TABLE orders.order_slot (
    restaurant_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    order_type text NOT NULL,
    orders integer NOT NULL,
    items integer NOT NULL,
    CONSTRAINT order_slot_pkey PRIMARY KEY (restaurant_id, starts_at, order_type)
)
"""
DUE = """
CREATE FUNCTION orders.orders_kitchen_due(
    p_at timestamptz, p_after timestamptz, p_after_order uuid, p_limit integer
) RETURNS TABLE (kitchen_at timestamptz, restaurant_id uuid, order_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = orders, pg_temp AS $$
    SELECT o.kitchen_at, o.restaurant_id, o.id FROM orders o
    WHERE o.kitchen_at <= p_at AND (o.kitchen_at, o.id) > (p_after, p_after_order)
    ORDER BY o.kitchen_at, o.id LIMIT p_limit
$$
"""
SIGNATURE = "orders.orders_kitchen_due(timestamptz, timestamptz, uuid, integer)"
INDEXES = {
    "orders_kitchen_due": "orders (kitchen_at, id) WHERE kitchen_at IS NOT NULL",
    "orders_promised": "orders (restaurant_id, promised_at, id) WHERE promised_at IS NOT NULL",
}


def upgrade() -> None:
    for statement in COLUMNS:
        op.execute(statement)
    op.execute(TABLE)
    protect_tenant_table(op, "orders", "order_slot")
    op.execute(DUE)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO fynlo_orders")
    for name, index in INDEXES.items():
        index_concurrently(op, "orders", name, index)


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX orders.{name}")
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    op.execute("DROP TABLE orders.order_slot")
    op.execute("ALTER TABLE orders.restaurant DROP COLUMN slot_settings, DROP COLUMN fire_together")
    op.execute("ALTER TABLE orders.orders DROP COLUMN kitchen_at, DROP COLUMN promised_at")
