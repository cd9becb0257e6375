"""Audit records in a table of their own, chained by hashes, written with what they tell.

Runs before the new code, which writes them; the old code leaves lines in the log only.
"""

from alembic import op

from chassis.db.migrations import keep_audit_records

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    keep_audit_records(op, "orders")


def downgrade() -> None:
    """Nothing: older code works with them, and the first revision drops them with the rest."""
