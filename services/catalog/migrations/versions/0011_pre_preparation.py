"""Items say how long the kitchen takes for them.

Runs before the new code. The old code goes on: what it changes keeps the time that it has.
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE catalog.item ADD COLUMN IF NOT EXISTS preparation_minutes integer NOT NULL DEFAULT 0"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE catalog.item DROP COLUMN preparation_minutes")
