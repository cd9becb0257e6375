"""An index of orders less: a list of all of them by age merges a range of ``orders_by_state`` for each state.

Runs after the new code is there: the old code reads a page of all orders by ``orders_newest``.
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("DROP INDEX orders.orders_newest")


def downgrade() -> None:
    op.execute("CREATE INDEX orders_newest ON orders.orders (restaurant_id, created_at, id)")
