"""What a guest must not eat, on the order and on its tickets, and when a cook acknowledged it.

Runs before the new code. Orders and tickets that are there have none; the old code passes over the columns.
"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE orders.orders ADD COLUMN guest_allergy jsonb")
    op.execute(
        "ALTER TABLE orders.ticket"
        " ADD COLUMN guest_allergy jsonb, ADD COLUMN allergy_acknowledged_at timestamptz"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE orders.ticket DROP COLUMN guest_allergy, DROP COLUMN allergy_acknowledged_at")
    op.execute("ALTER TABLE orders.orders DROP COLUMN guest_allergy")
