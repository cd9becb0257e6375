"""A transaction sees its own restaurant's rows of outbox and inbox; Postgres counts an event's failures.

Runs before the new code, which counts there. From then on the old code parks no event of a restaurant: what
fails under it is delivered again until the new code is there.
"""

from alembic import op

from chassis.db.migrations import see_own_rows

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    see_own_rows(op, "payments")


def downgrade() -> None:
    """Nothing: older code works with them, and the first revision drops them with the rest."""
