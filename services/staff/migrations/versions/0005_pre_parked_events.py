"""Parked events in pages, newest first, and by kind: what the operators' page and command do with them.

Runs before the new code, which calls the functions that it adds; the old ones stay for the old code.
"""

from alembic import op

from chassis.db.migrations import operate_parked_events

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    operate_parked_events(op, "staff")


def downgrade() -> None:
    """Nothing: older code does not see them, and the first revision drops them with the rest."""
