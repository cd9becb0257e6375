"""Finds what moved in a drawer beside its sales without reading the sales.

Runs before the new code; the old one is served as well. Each time a drawer is opened, its earlier movements
are counted, and a sale leaves two rows among them.
"""

from alembic import op

from chassis.db.migrations import index_concurrently

revision = "0007"
down_revision = "0006"

BESIDE_SALES = "drawer_event (restaurant_id, till_session_id, created_at, id) WHERE payment_id IS NULL"


def upgrade() -> None:
    index_concurrently(op, "payments", "drawer_event_beside_sales", BESIDE_SALES)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP INDEX payments.drawer_event_beside_sales")
