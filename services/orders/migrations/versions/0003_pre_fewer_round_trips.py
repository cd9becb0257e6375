"""Claims a new key with the first message of a transaction, and marks and reads the outbox in one.

Runs before the new code, which calls the functions that it adds.
"""

from alembic import op

from chassis.db.migrations import save_round_trips

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    save_round_trips(op, "orders")


def downgrade() -> None:
    """Nothing: older code does not see them, and the first revision drops them with the rest."""
