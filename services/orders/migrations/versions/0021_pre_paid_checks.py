"""Money that is booked on an order knows for which check of it it was paid: that check's receipt tells it.

Runs before the new code. The old code names no check; what it books is told as paid, without how.
"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE orders.order_payment ADD COLUMN check_id uuid")


def downgrade() -> None:
    op.execute("ALTER TABLE orders.order_payment DROP COLUMN check_id")
