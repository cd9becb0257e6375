"""Orders may be part of another one.

Runs before the new code; the old one never writes the state.
"""

from alembic import op

revision = "0022"
down_revision = "0021"

BEFORE = "'draft', 'validated', 'done', 'cancel_pending', 'cancelled', 'invoiced'"


def upgrade() -> None:
    _allow(f"{BEFORE}, 'merged'")


def downgrade() -> None:
    _allow(BEFORE)


def _allow(lifecycles: str) -> None:
    """Whoever takes an order waits for no more than a moment: rows that are there are looked at
    afterwards."""
    op.execute("ALTER TABLE orders.orders DROP CONSTRAINT orders_lifecycle")
    op.execute(
        "ALTER TABLE orders.orders ADD CONSTRAINT orders_lifecycle"
        f" CHECK (lifecycle IN ({lifecycles})) NOT VALID"
    )
    op.execute("ALTER TABLE orders.orders VALIDATE CONSTRAINT orders_lifecycle")
