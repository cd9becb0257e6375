"""An index of orders less: a list of all of them by age merges a range of ``orders_by_state`` for each state.

Runs after the new code is there: the old code reads a page of all orders by ``orders_newest``.
"""

from alembic import op

from chassis.db.migrations import index_concurrently

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("DROP INDEX orders.orders_newest")


def downgrade() -> None:
    index_concurrently(op, "orders", "orders_newest", "orders (restaurant_id, created_at, id)")
